"""Points in polygons: even-odd, the boundary inside, exact in float64 (STANDARDS GM-02)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nkflow.kernels.jit import kernel
from nkflow.kernels.orientation import orientation

__all__ = ["EDGE", "INSIDE", "OUTSIDE", "in_polygon", "mark_polygon", "sort_cells"]

OUTSIDE, INSIDE, EDGE = 0, 1, 2
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
    index: NDArray[np.uint32],
    count: int,
    vx: NDArray[np.float64],
    vy: NDArray[np.float64],
    box: NDArray[np.float64],
    cells: NDArray[np.uint8],
    out: NDArray[np.bool_],
) -> None:
    """Set ``out[e]`` to whether the event lies in the polygon, for the events e in the first `count` of `index`.

    Parameters
    ----------
    x, y : (n_events,)
        Display units, set for those events at least.
    index : (>= count,)
        The events to test; all others become False.
    vx, vy : (n_vertices,)
        Vertices in display units.
    box : (6,)
        Lowest and highest x and y of the vertices, and cells per unit of x and y.
    cells : (n, n)
        What `sort_cells` found: a point in a cell that no edge touches needs no look at the edges.
    out : (n_events,)
        Overwritten.
    """
    for e in range(out.shape[0]):
        out[e] = False
    last = cells.shape[0] - 1
    x_low, x_high, y_low, y_high, x_step, y_step = box[0], box[1], box[2], box[3], box[4], box[5]
    for j in range(count):
        e = index[j]
        px, py = x[e], y[e]
        if x_low <= px <= x_high and y_low <= py <= y_high:
            row = np.uint32(min(int((py - y_low) * y_step), last))
            column = np.uint32(min(int((px - x_low) * x_step), last))
            cell = cells[row, column]
            if cell == EDGE:
                out[e] = in_polygon(px, py, vx, vy)
            else:
                out[e] = cell == INSIDE


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
