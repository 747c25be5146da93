"""How near an event lies to the border of a gate: what tells a rounding or a rule from an error.

Two engines may disagree on an event only where the answer is a matter of the last bits or of a rule about the
boundary itself. Everything here is looked at again for those few events, with the exact scales, in plain numpy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nkflow.gating.bind import Binding, Source
from nkflow.gating.gates import Boolean, Ellipsoid, Gate, Polygon, Quadrant, Range, Rectangle
from nkflow.gating.gates.dimension import Space
from nkflow.gating.gates.ellipsoid import quadratic_form
from nkflow.scales import Linear, Scale

__all__ = ["Distance", "distance_from_edges", "distances"]

Points = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Distance:
    """Of each event (n,): its distance from the border in display units, and whether its values are finite.

    The distance is the largest one by which a coordinate would have to move: in units of the display axis of
    length 1 (data units where a channel has no scale, then relative to the gate's own size).
    """

    values: Points
    finite: NDArray[np.bool_]


def distances(gate: Gate, outcome: str, binding: Binding, columns: Sequence[Points]) -> Distance | None:
    """Return how far events are from the border of `gate`; None for a boolean gate, which has none.

    Parameters
    ----------
    outcome
        Which outcome of a quadrant.
    columns
        For each dimension the values (n,) in data units (of a ratio, its value).
    """
    if isinstance(gate, Boolean):
        return None
    sources = [binding.source(dimension) for dimension in gate.dimensions]
    finite = np.logical_and.reduce([np.isfinite(column) for column in columns])
    match gate:
        case Range() | Rectangle():
            ends = [(low, high) for _, low, high in gate.sides]
            values = _from_ends(sources, ends, columns, gate.space)
        case Quadrant():
            values = _from_ends(sources, list(gate.intervals(outcome)), columns, gate.space)
        case Polygon():
            vertices = [list(column) for column in zip(*gate.vertices, strict=True)]
            shown = [_shown(s, c, "data") for s, c in zip(sources, columns, strict=True)]
            corners = [_shown(s, np.array(c), gate.space) for s, c in zip(sources, vertices, strict=True)]
            values = _from_edges(shown, corners)
        case Ellipsoid():
            values = _from_surface(gate, sources, columns)
    return Distance(np.where(np.isnan(values), math.inf, values), finite)


def _shown(source: Source, values: Points, space: Space) -> Points:
    scale = source.scale
    if scale is None or space == "display":
        return np.asarray(values, dtype=np.float64)
    return scale.forward(np.asarray(values, dtype=np.float64))


def _from_ends(
    sources: Sequence[Source],
    ends: Sequence[tuple[float | None, float | None]],
    columns: Sequence[Points],
    space: Space,
) -> Points:
    """Return the distance from the nearest end, relative to the size of its number."""
    nearest = np.full(len(columns[0]), math.inf)
    for source, pair, column in zip(sources, ends, columns, strict=True):
        scale: Scale | None = source.scale if space == "display" else None
        y = column if scale is None else scale.forward(column)
        for end in pair:
            if end is not None:
                size = max(abs(end), 1e-300) if scale is None else max(abs(end), 1.0)
                with np.errstate(invalid="ignore"):
                    nearest = np.fmin(nearest, np.abs(y - end) / size)
    return nearest


def _from_edges(points: Sequence[Points], corners: Sequence[Points]) -> Points:
    """Return the distance (n,) from the nearest edge, both axes divided by the polygon's extent."""
    extents = [float(np.ptp(c)) or 1.0 for c in corners]
    return distance_from_edges(
        [p / e for p, e in zip(points, extents, strict=True)],
        [c / e for c, e in zip(corners, extents, strict=True)],
    )


def distance_from_edges(points: Sequence[Points], corners: Sequence[Points]) -> Points:
    """Return the distance (n,) of points, given by their coordinates (n,) each, from the edges of a polygon."""
    (px, py), (cx, cy) = points, corners
    nearest = np.full(len(px), math.inf)
    for k in range(len(cx)):
        ax, ay, dx, dy = cx[k - 1], cy[k - 1], cx[k] - cx[k - 1], cy[k] - cy[k - 1]
        length = dx * dx + dy * dy
        with np.errstate(invalid="ignore"):
            t = np.clip(((px - ax) * dx + (py - ay) * dy) / length, 0.0, 1.0) if length else np.zeros_like(px)
            nearest = np.fmin(nearest, np.hypot(px - ax - t * dx, py - ay - t * dy))
    return nearest


def _from_surface(gate: Ellipsoid, sources: Sequence[Source], columns: Sequence[Points]) -> Points:
    """Return ``|d / d0 - 1|`` of the Mahalanobis distance d."""
    flat = [isinstance(s.scale, Linear) and gate.space == "data" for s in sources]
    shown = [c if f else _shown(s, c, "data") for s, c, f in zip(sources, columns, flat, strict=True)]

    def place(point: Sequence[float]) -> Points:
        return np.array(
            [
                p if f else float(_shown(s, np.array([p]), gate.space)[0])
                for s, p, f in zip(sources, point, flat, strict=True)
            ]
        )

    centre = place(gate.centre)
    if gate.covariance is None:
        ends = np.array([place(end) for end in gate.rows]) - centre
        form = quadratic_form((ends.T @ ends).tolist(), indefinite=True)
    else:
        form = quadratic_form(gate.covariance, indefinite=True)
    difference = np.stack(shown) - centre[:, np.newaxis]
    with np.errstate(invalid="ignore"):
        squared = np.einsum("in,ij,jn->n", difference, form, difference)
        distance: Points = np.sqrt(np.abs(squared) / gate.distance_square)
        return np.abs(distance - 1.0)
