"""One gate into one step: thresholds pulled back to data units, outlines pushed forward to display units."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from nkflow.errors import GateError
from nkflow.gating.bind import Source
from nkflow.gating.boxes import boxes
from nkflow.gating.gates import Boolean, Ellipsoid, Polygon, Quadrant, Range, Rectangle
from nkflow.gating.gates.dimension import Space
from nkflow.gating.gates.ellipsoid import form_of_half_axes, is_straight, quadratic_form
from nkflow.gating.outline_cells import cells_of
from nkflow.gating.steps import Combine, InEllipsoid, InPolygon, Near, Side
from nkflow.gating.tree import ROOT, Node
from nkflow.scales import Scale, pull_back

__all__ = [
    "LOWEST",
    "at_population",
    "combined",
    "display",
    "ellipsoid",
    "near",
    "polygon",
    "scale_for",
    "sides",
    "thresholds",
]

LOWEST = -float(np.finfo(np.float64).max)  # the open lower end: -inf itself is no measurement
Ends = tuple[float | None, float | None]


def sides(
    gate: Range | Rectangle | Quadrant, outcome: str, sources: Sequence[Source], columns: Sequence[int]
) -> tuple[tuple[Side, ...], str]:
    """Return the sides of a gate (of one outcome of a quadrant) in data units, and words for them."""
    found = [
        Side(column, *ends) for column, ends in zip(columns, thresholds(gate, outcome, sources), strict=True)
    ]
    words = [
        _side_words(source, side, ends, gate.space)
        for source, side, ends in zip(sources, found, _ends(gate, outcome), strict=True)
    ]
    return tuple(found), " and ".join(words)


def thresholds(
    gate: Range | Rectangle | Quadrant, outcome: str, sources: Sequence[Source]
) -> list[tuple[float, float]]:
    """Return the half-open interval of each side of a gate (of one outcome of a quadrant) in data units."""
    return [
        (
            LOWEST if low is None else max(_threshold(source, low, gate.space), LOWEST),
            math.inf if high is None else _threshold(source, high, gate.space),
        )
        for source, (low, high) in zip(sources, _ends(gate, outcome), strict=True)
    ]


def polygon(
    where: tuple[int, int], gate: Polygon, sources: Sequence[Source], rows: Sequence[int], *, text: str
) -> InPolygon:
    """Return the step of a polygon with its vertices in display units; `where` is the population and its parent."""
    vertices = np.array(gate.vertices, dtype=np.float64)
    vx, vy = (
        display(scale_for(gate, source), column, gate.space)
        for source, column in zip(sources, vertices.T, strict=True)
    )
    if not (np.isfinite(vx).all() and np.isfinite(vy).all()):
        raise GateError(
            "a vertex has no place on its scale", where=text, next_step="Move it into the scale's range."
        )
    for axis in (vx, vy):
        axis.flags.writeable = (
            False  # as the constants of a program are: kernels are compiled for one of both
        )
    words = f"{text}: polygon of {len(vx)} vertices on {sources[0].label} x {sources[1].label}"
    return InPolygon(*where, rows[0], rows[1], vx, vy, *cells_of(vx, vy), words)


def ellipsoid(
    population: int, gate: Ellipsoid, sources: Sequence[Source], rows: Sequence[int], *, text: str
) -> InEllipsoid:
    """Return the step of an ellipsoid with its centre and shape in display units."""
    centre, form = _solid(gate, tuple(sources))
    labels = " x ".join(source.label for source in sources)
    return InEllipsoid(
        population,
        np.array(rows, dtype=np.int64),
        centre,
        form,
        float(gate.distance_square),
        f"{text}: ellipsoid on {labels}",
    )


def near(
    where: tuple[int, int], gate: Ellipsoid, sources: Sequence[Source], columns: Sequence[int], *, text: str
) -> Near:
    """Return the step before an ellipsoid, with the sides of its boxes on `columns` in data units."""
    found = _box_sides(gate, tuple(sources))
    if found is None:
        return Near(*where, (), (), f"{text}: all events are asked")
    outer, inner = (
        tuple(Side(column, *ends) for column, ends in zip(columns, box, strict=True)) for box in found
    )
    words = "events in the box of the ellipsoid; those in its middle are inside"
    return Near(*where, outer, inner, f"{text}: {words}")


@lru_cache(maxsize=64)  # an edit of another gate asks for the same ones again
def _solid(gate: Ellipsoid, sources: tuple[Source, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return centre (n,) and form (n, n) of an ellipsoid in display units."""
    centre, *ends = _on_scales([gate.centre, *(gate.half_axes or ())], sources, gate)
    if gate.covariance is not None:
        form = quadratic_form(gate.covariance, indefinite=gate.indefinite)
    else:
        form = form_of_half_axes(centre, ends)
    found = np.array(centre), form
    for array in found:
        array.flags.writeable = False
    return found


@lru_cache(maxsize=64)
def _box_sides(gate: Ellipsoid, sources: tuple[Source, ...]) -> list[list[tuple[float, float]]] | None:
    """Return the sides of the outer and of the inner box of an ellipsoid in data units; None where it has none."""
    centre, form = _solid(gate, sources)
    found = boxes(centre, form, float(gate.distance_square))
    scales = [scale_for(gate, source) for source in sources]
    return None if found is None else [[*map(_pulled, scales, centre.tolist(), b.tolist())] for b in found]


def _pulled(scale: Scale | None, centre: float, half: float) -> tuple[float, float]:
    """Return the side of a box round `centre` on a scale in data units."""
    low, high = centre - half, centre + half
    return (low, high) if scale is None else (pull_back(scale, low), pull_back(scale, high))


@contextmanager
def at_population(path: str) -> Iterator[None]:
    """Give what is wrong with a gate the path of its population, as `where`."""
    try:
        yield
    except GateError as problem:
        raise GateError(
            problem.message,
            code=problem.code,
            where=path,
            found=problem.found,
            expected=problem.expected,
            next_step=problem.next_step,
        ) from None


def combined(population: int, node: Node, gate: Boolean, nodes: Sequence[Node]) -> Combine:
    """Return the step of a boolean gate."""
    names = [("not " if complement else "") + nodes[index].name for index, complement in node.references]
    any_of = gate.operation == "or"
    parent = ROOT if node.parent < 0 else nodes[node.parent].name
    text = f"{node.name} in {parent}: {(' or ' if any_of else ' and ').join(names)}"
    operands = node.references
    if gate.operation == "not":
        operands = tuple((index, not complement) for index, complement in operands)
        text = f"{node.name} in {parent}: not {names[0]}"
    return Combine(population, node.parent, any_of, operands, text)


def scale_for(gate: Polygon | Ellipsoid, source: Source) -> Scale | None:
    """Return the scale on which an outline is tested: none where it is linear, since straight stays straight.

    Coordinates that are given in display units stay there.
    """
    scale = source.scale
    return None if scale is not None and is_straight(scale) and gate.space == "data" else scale


def display(
    scale: Scale | None, values: np.ndarray[tuple[int], np.dtype[np.float64]], space: Space
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return coordinates (n,) in display units, by the same fast path as the events: equal values stay equal."""
    values = np.ascontiguousarray(values, dtype=np.float64)
    return values if scale is None or space == "display" else scale.column(values)


def _on_scales(
    points: Sequence[Sequence[float]], sources: Sequence[Source], gate: Ellipsoid
) -> list[tuple[float, ...]]:
    """Return points in display units, an axis at a time."""
    shown = [
        display(scale_for(gate, source), np.array(values), gate.space).tolist()
        for source, values in zip(sources, zip(*points, strict=True), strict=True)
    ]
    return list(zip(*shown, strict=True))


def _ends(gate: Range | Rectangle | Quadrant, outcome: str) -> Sequence[Ends]:
    match gate:
        case Range() | Rectangle():
            return [(low, high) for _, low, high in gate.sides]
        case Quadrant():
            return gate.intervals(outcome)
        case _:
            assert_never(gate)


def _threshold(source: Source, value: float, space: Space) -> float:
    """Return a threshold in data units."""
    return float(value) if space == "data" or source.scale is None else pull_back(source.scale, value)


def _side_words(source: Source, side: Side, ends: Ends, space: Space) -> str:
    low, high = (_end_words(source, *pair, space) for pair in zip(ends, (side.low, side.high), strict=True))
    beyond = []  # what the scale does not reach
    if ends[0] is not None and not low:
        beyond.append((side.low == LOWEST, f"is at or above {ends[0]:g}"))
    if ends[1] is not None and not high:
        beyond.append((side.high > 0, f"is below {ends[1]:g}"))
    if any(not every for every, _ in beyond):
        says = next(words for every, words in beyond if not every)
        return f"nothing, since no finite value of {source.label} {says} on {source.scale}"
    note = f" (every finite value {' and '.join(w for _, w in beyond)} on {source.scale})" if beyond else ""
    if low and high:
        return f"{low} <= {source.label} < {high}"
    if not low and not high:
        return f"{source.label} is finite{note}"
    return f"{source.label} >= {low}{note}" if low else f"{source.label} < {high}{note}"


def _end_words(source: Source, value: float | None, threshold: float, space: Space) -> str:
    """Return words for an end of a side; "" where there is none, or the scale does not reach so far."""
    if value is None:
        return ""
    if space == "data" or source.scale is None:
        return f"{value:g}"
    if threshold == LOWEST or math.isinf(threshold):
        return ""
    return f"{threshold:.17g} (pulled back from {value:g} on {source.scale})"
