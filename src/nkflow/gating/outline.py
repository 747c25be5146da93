"""The lines of gates, in display units, for plots."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from nkflow.gating.compile_gate import display
from nkflow.gating.gates import Boolean, Ellipsoid, Gate, Polygon, Quadrant, Range, Rectangle
from nkflow.plots.axis import Axis
from nkflow.plots.outline import Path

__all__ = ["anchor", "paths"]

INF = math.inf
Drawn = Range | Rectangle | Polygon | Ellipsoid | Quadrant
ROUND = 72  # points of a drawn ellipse


def paths(gate: Gate, axes: Sequence[Axis]) -> tuple[Path, ...]:
    """Return the lines of `gate` on one axis or two, in display units; of more dimensions the first two."""
    match gate:
        case Range() | Rectangle():
            return _sides(gate, axes)
        case Polygon():
            x, y = (
                _displayed(gate, axis, column)
                for axis, column in zip(axes, zip(*gate.vertices, strict=True), strict=True)
            )
            return (Path(tuple(zip(x, y, strict=True)), closed=True),)
        case Ellipsoid():
            return (Path(_ellipse(gate, axes), closed=True),)
        case Quadrant():
            return _cuts(gate, axes)
        case Boolean():
            return ()


def anchor(gate: Gate, outcome: str, axes: Sequence[Axis]) -> tuple[float, float] | None:
    """Return where the label of a quadrant's outcome stands: in its corner."""
    if not isinstance(gate, Quadrant):
        return None
    place = []
    for axis, ends in zip(axes, gate.intervals(outcome)[: len(axes)], strict=True):
        low, high = (None if end is None else _displayed(gate, axis, [end])[0] for end in ends)
        if low is None and high is None:
            place.append((axis.low + axis.high) / 2)
        elif low is None or high is None:
            place.append(-INF if low is None else INF)
        else:
            place.append((low + high) / 2)
    return (place[0], place[1] if len(place) > 1 else INF)


def _sides(gate: Range | Rectangle, axes: Sequence[Axis]) -> tuple[Path, ...]:
    ends = []
    for axis, (_, low, high) in zip(axes, gate.sides, strict=False):
        ends.append(
            (
                -INF if low is None else _displayed(gate, axis, [low])[0],
                INF if high is None else _displayed(gate, axis, [high])[0],
            )
        )
    (left, right) = ends[0]
    if len(ends) == 1:
        return tuple(_upright(x, len(axes)) for x in (left, right) if math.isfinite(x))
    (bottom, top) = ends[1]
    return (Path(((left, bottom), (right, bottom), (right, top), (left, top)), closed=True),)


def _cuts(gate: Quadrant, axes: Sequence[Axis]) -> tuple[Path, ...]:
    lines = []
    for number, (axis, divider) in enumerate(zip(axes, gate.dividers, strict=False)):
        for cut in _displayed(gate, axis, divider.values):
            lines.append(_upright(cut, len(axes)) if number == 0 else Path(((-INF, cut), (INF, cut))))
    return tuple(lines)


def _upright(x: float, n_axes: int) -> Path:
    """Return the line at `x`: through a plane, or up to the top of a histogram."""
    return Path(((x, -INF), (x, INF))) if n_axes > 1 else Path(((x, 0.0), (x, 1.0)))


def _ellipse(gate: Ellipsoid, axes: Sequence[Axis]) -> tuple[tuple[float, float], ...]:
    """Return points of the ellipse, or of the shadow that an ellipsoid throws on its first two dimensions."""
    plane = range(2)
    centre = [_displayed(gate, axes[k], [gate.centre[k]])[0] for k in plane]
    if gate.covariance is not None:
        covariance = np.array(gate.covariance)[:2, :2] * gate.distance_square
    else:
        ends = [[_displayed(gate, axes[k], [end[k]])[0] - centre[k] for k in plane] for end in gate.rows]
        covariance = np.array(ends).T @ np.array(ends)
    angle = np.linspace(0.0, 2.0 * np.pi, ROUND, endpoint=False)
    around = np.linalg.cholesky(covariance) @ np.array([np.cos(angle), np.sin(angle)])
    return tuple((centre[0] + dx, centre[1] + dy) for dx, dy in around.T.tolist())


def _displayed(gate: Drawn, axis: Axis, values: Sequence[float]) -> list[float]:
    """Return coordinates in display units of the axis, whichever units the gate uses."""
    return [float(v) for v in display(axis.scale, np.array(values, dtype=np.float64), gate.space)]
