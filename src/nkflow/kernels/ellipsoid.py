"""Points in ellipsoids of any dimension (STANDARDS GM-03)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nkflow.kernels.jit import kernel

__all__ = ["mark_ellipsoid"]


@kernel
def mark_ellipsoid(
    points: NDArray[np.float64],
    rows: NDArray[np.int64],
    index: NDArray[np.uint32],
    count: int,
    centre: NDArray[np.float64],
    form: NDArray[np.float64],
    distance_square: float,
    out: NDArray[np.bool_],
) -> None:
    """Set ``out[e]`` to whether ``d' Q d <= distance_square`` with ``d = x_e - centre``, for `count` events e.

    Parameters
    ----------
    points : (n_rows, n_events)
        Display units; the axes of the ellipsoid are the rows `rows` (n,).
    index : (>= count,)
        The events to test; all others stay as they are. NaN is outside.
    centre : (n,)
    form : (n * n,)
        Q, the inverse of the covariance, row after row.
    out : (n_events,)
    """
    n = rows.shape[0]
    if n == 2:  # nearly all are; the same sums without the loops
        x, y, x0, y0 = points[rows[0]], points[rows[1]], centre[0], centre[1]
        xx, xy, yx, yy = form[0], form[1], form[2], form[3]
        for j in range(count):
            e = index[j]
            dx, dy = x[e] - x0, y[e] - y0
            out[e] = (xx * dx + xy * dy) * dx + (yx * dx + yy * dy) * dy <= distance_square
        return
    difference = np.empty(n)
    for j in range(count):
        e = index[j]
        total = 0.0
        for a in range(n):
            difference[a] = points[rows[a], e] - centre[a]
        for a in range(n):
            along = 0.0
            for b in range(n):
                along += form[a * n + b] * difference[b]
            total += along * difference[a]
        out[e] = total <= distance_square
