"""FlowJo's grid: which events a polygon takes in when they are put on a grid first (WS-04).

As far as it is known (measured on counts of FlowJo 10.5): each axis has as many steps as the gate's
``gateResolution`` says. An event and a vertex go to the nearest step of a linear axis, and to the step below on any
other, whose scale FlowJo has in a table. An event is inside where its point of the grid is inside the polygon or on its
boundary. The points that are inside make a staircase outline, which is tested on exact values like any other polygon.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from nkflow.exchange.flowjo_axes import Axis
from nkflow.exchange.flowjo_gates import FlowJoGate, clipped
from nkflow.gating.gates import Dimension, Gate, Polygon

__all__ = ["binned", "loops_of", "points_inside"]

_MOST = 4096  # steps of an axis
Corner = tuple[int, int]


def binned(found: FlowJoGate) -> list[Gate] | None:
    """Return the outlines of what FlowJo's grid takes in, None where its rule is not known.

    That is so for ellipses, for axes without ends, and where the staircase would have holes.
    """
    gate = found.gate
    if not isinstance(gate, Polygon) or not 2 <= found.resolution <= _MOST:
        return None
    if any(not (math.isfinite(axis.low) and math.isfinite(axis.high)) for axis in found.axes):
        return None
    steps = found.resolution
    columns = zip(*gate.vertices, strict=True)
    x, y = (
        np.floor(_parts(axis, np.array(column)) * steps + _rounding(axis))
        for axis, column in zip(found.axes, columns, strict=True)
    )
    loops = list(loops_of(points_inside(x, y, steps + 1)))
    if not loops or any(_turns(loop) < 0 for loop in loops):
        return None
    dimensions = [Dimension(axis.channel, clipped(axis), axis.compensated) for axis in found.axes]
    return [
        Polygon(dimensions[0], dimensions[1], _outline(loop, found.axes, steps), space="display")
        for loop in loops
    ]


def _rounding(axis: Axis) -> float:
    """Return what is added before a place is cut off to a whole step."""
    return 0.5 if axis.scale is None else 0.0


def _parts(axis: Axis, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where values lie on an axis, from 0 to 1."""
    if axis.scale is None:
        return np.clip((values - axis.low) / (axis.high - axis.low), 0.0, 1.0)
    return np.clip(axis.scale.forward(values) / axis.length, 0.0, 1.0)


def points_inside(x: NDArray[np.float64], y: NDArray[np.float64], size: int) -> NDArray[np.bool_]:
    """Return which points of the grid (size, size) lie in or on a polygon with whole-numbered vertices."""
    px, py = np.meshgrid(np.arange(size, dtype=np.float64), np.arange(size, dtype=np.float64), indexing="ij")
    inside = np.zeros((size, size), dtype=np.bool_)
    border = np.zeros((size, size), dtype=np.bool_)
    for k in range(len(x)):
        x1, y1, x2, y2 = x[k - 1], y[k - 1], x[k], y[k]
        cross = (px - x1) * (y2 - y1) - (py - y1) * (x2 - x1)
        near = (px >= min(x1, x2)) & (px <= max(x1, x2)) & (py >= min(y1, y2)) & (py <= max(y1, y2))
        border |= near & (cross == 0.0)
        spans = (y1 > py) != (y2 > py)
        inside ^= spans & ((cross < 0.0) == (y2 > y1))
    return inside | border


def loops_of(inside: NDArray[np.bool_]) -> Iterator[list[Corner]]:
    """Iterate over the outlines of the cells that are True: corners in order, the inside on the left.

    Cells that touch at a corner only are apart.
    """
    padded = np.pad(inside, 1)
    edges: dict[Corner, list[Corner]] = {}
    for (di, dj), start, end in (
        ((0, -1), (0, 0), (1, 0)),
        ((1, 0), (1, 0), (1, 1)),
        ((0, 1), (1, 1), (0, 1)),
        ((-1, 0), (0, 1), (0, 0)),
    ):
        outer = np.roll(padded, (-di, -dj), axis=(0, 1))[1:-1, 1:-1]
        for i, j in np.argwhere(inside & ~outer).tolist():
            edges.setdefault((i + start[0], j + start[1]), []).append((i + end[0], j + end[1]))
    while edges:
        yield _walk(edges)


def _walk(edges: dict[Corner, list[Corner]]) -> list[Corner]:
    """Take one loop out of `edges`; where two ways lead on, the left one."""
    first = next(iter(edges))
    loop, here, step = [], first, (0, 0)
    while True:
        ways = edges[here]
        left = (here[0] - step[1], here[1] + step[0])
        following = left if left in ways and len(ways) > 1 else ways[0]
        ways.remove(following)
        if not ways:
            del edges[here]
        turn = (following[0] - here[0], following[1] - here[1])
        if turn != step:
            loop.append(here)
        here, step = following, turn
        if here == first:
            return loop


def _turns(loop: Sequence[Corner]) -> int:
    """Return twice the area of a loop: negative round a hole."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(loop, (*loop[1:], loop[0]), strict=True))


def _outline(loop: Sequence[Corner], axes: Sequence[Axis], steps: int) -> list[tuple[float, float]]:
    """Return a staircase in display units: cell k of the grid is k - r <= place < k + 1 - r, r its rounding.

    An upper side is not inside, and the last number below it is.
    """
    vertices = []
    for before, corner, after in zip((loop[-1], *loop[:-1]), loop, (*loop[1:], loop[0]), strict=True):
        vertical = (before, corner) if before[0] == corner[0] else (corner, after)
        level = (corner, after) if before[0] == corner[0] else (before, corner)
        upper = vertical[1][1] > vertical[0][1], level[1][0] < level[0][0]
        vertices.append(
            tuple(
                _place(axis, (c - _rounding(axis)) / steps, below=below)
                for axis, c, below in zip(axes, corner, upper, strict=True)
            )
        )
    return [(x, y) for x, y in vertices]


def _place(axis: Axis, part: float, *, below: bool) -> float:
    place = axis.low + part * (axis.high - axis.low) if axis.scale is None else part * axis.length
    return float(np.nextafter(place, -math.inf)) if below else place
