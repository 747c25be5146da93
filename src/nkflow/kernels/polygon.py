"""Points in polygons: even-odd, the boundary inside, exact in float64 (STANDARDS GM-02)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nkflow.kernels.jit import kernel
from nkflow.kernels.orientation import orientation

__all__ = ["EDGE", "INSIDE", "OUTSIDE", "in_polygon", "mark_polygon", "sort_cells"]

OUTSIDE, INSIDE, EDGE = 0, 1, 2
TILE = 512  # events whose cells stay in the first-level cache
MARGIN = 1e-6  # of a cell: far above the rounding of its corners, which the caller bounds


@kernel
def in_polygon(px: float, py: float, vx: NDArray[np.float64], vy: NDArray[np.float64]) -> bool:
    """Tell whether the point lies inside or on the boundary of the polygon with vertices (vx, vy).

    The last vertex joins the first. NaN is outside.
    """
    inside = False
    ax, ay = vx[-1], vy[-1]
    for k in range(vx.shape[0]):
        bx, by = vx[k], vy[k]
        if min(ay, by) <= py <= max(ay, by) and px <= max(ax, bx):
            crosses = (ay > py) != (by > py)
            if px < min(ax, bx):  # left of the whole edge
                inside ^= crosses
            else:
                side = orientation(ax, ay, bx, by, px, py)
                if side == 0.0:  # on the line and within the box of the edge
                    return True
                inside ^= crosses and (side > 0.0) == (by > ay)
        ax, ay = bx, by
    return inside


@kernel
def mark_polygon(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    parent: NDArray[np.bool_],
    vx: NDArray[np.float64],
    vy: NDArray[np.float64],
    box: NDArray[np.float64],
    cells: NDArray[np.uint8],
    out: NDArray[np.bool_],
) -> None:
    """Write whether the events of `parent` lie in the polygon; False for all others.

    Parameters
    ----------
    x, y : (n_events,)
        Display units, set for the events of `parent` at least.
    parent : (n_events,)
        The events to test.
    vx, vy : (n_vertices,)
        Vertices in display units.
    box : (6,)
        Lowest and highest x and y of the vertices, and cells per unit of x and y.
    cells : (n * n + 1,)
        What `sort_cells` found, row after row, and OUTSIDE for the rest of the plane: a point in a cell that no
        edge touches needs no look at the edges.
    out : (n_events,)
        Overwritten; not `parent`.
    """
    places = np.empty(TILE, dtype=np.uint32)
    found = np.empty(TILE, dtype=np.uint8)
    near = np.empty(TILE + 1, dtype=np.uint32)
    for first in range(0, x.shape[0], TILE):
        last = min(first + TILE, x.shape[0])
        inside, to_test = out[first:last], parent[first:last]
        n_inside = 0
        for j in range(inside.shape[0]):
            n_inside += to_test[j]
            inside[j] = False
        if n_inside == 0:
            continue
        px, py = x[first:last], y[first:last]
        _place(px, py, box, cells.shape[0] - 1, places)
        for j in range(inside.shape[0]):
            found[j] = cells[places[j]]
        for j in range(inside.shape[0]):
            found[j] = found[j] if to_test[j] else OUTSIDE
            inside[j] = found[j] == INSIDE
        count = np.uint64(0)
        for j in range(inside.shape[0]):
            near[count] = j  # overwritten by the next event where the cell is none of the edge's: no branch
            count += np.uint64(found[j] >> 1)
        for k in range(count):
            e = near[k]
            inside[e] = in_polygon(px[e], py[e], vx, vy)


@kernel
def _place(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    box: NDArray[np.float64],
    beyond: int,
    out: NDArray[np.uint32],
) -> None:
    """Write the cell of every point (n,) to the front of `out`; `beyond`, the number of cells, outside the box."""
    width = int(np.sqrt(beyond))
    last = float(width - 1)
    x_low, x_high, y_low, y_high, x_step, y_step = box[0], box[1], box[2], box[3], box[4], box[5]
    for j in range(x.shape[0]):
        px, py = x[j], y[j]
        within = (px >= x_low) & (px <= x_high) & (py >= y_low) & (py <= y_high)
        column = (px - x_low) * x_step if within else 0.0
        row = (py - y_low) * y_step if within else 0.0
        column = column if column < last else last
        row = row if row < last else last
        out[j] = np.int64(row) * width + np.int64(column) if within else beyond


@kernel
def sort_cells(
    vx: NDArray[np.float64], vy: NDArray[np.float64], box: NDArray[np.float64], cells: NDArray[np.uint8]
) -> None:
    """Sort the cells of the polygon's box into EDGE, INSIDE and OUTSIDE; rows of `cells` are y.

    An edge marks every cell it comes near (within `MARGIN` of a cell). Inside all other cells the answer is
    the same for every point, and taken from the middle.
    """
    n = cells.shape[0]
    x_low, y_low, x_step, y_step = box[0], box[2], box[4], box[5]
    for row in range(n):
        for column in range(n):
            cells[row, column] = OUTSIDE
    for k in range(vx.shape[0]):
        ax, ay = (vx[k - 1] - x_low) * x_step, (vy[k - 1] - y_low) * y_step
        bx, by = (vx[k] - x_low) * x_step, (vy[k] - y_low) * y_step
        if ay > by:
            ax, ay, bx, by = bx, by, ax, ay
        for row in range(max(int(ay - MARGIN), 0), min(int(by + MARGIN), n - 1) + 1):
            start, stop = 0.0, 1.0
            if by > ay:  # the part of the edge between the lower and the upper side of the row
                start = min(max((row - MARGIN - ay) / (by - ay), 0.0), 1.0)
                stop = min(max((row + 1 + MARGIN - ay) / (by - ay), 0.0), 1.0)
            first, last = ax + start * (bx - ax), ax + stop * (bx - ax)
            if first > last:
                first, last = last, first
            for column in range(max(int(first - MARGIN), 0), min(int(last + MARGIN), n - 1) + 1):
                cells[row, column] = EDGE
    for row in range(n):
        for column in range(n):
            if cells[row, column] != EDGE:
                x, y = x_low + (column + 0.5) / x_step, y_low + (row + 0.5) / y_step
                cells[row, column] = INSIDE if in_polygon(x, y, vx, vy) else OUTSIDE
