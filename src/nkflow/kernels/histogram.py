"""Events into the bins of a plot."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nkflow.kernels.jit import kernel

__all__ = ["fill_line", "fill_plane"]


@kernel
def fill_line(
    x: NDArray[np.float64], count: int, low: float, per_unit: float, out: NDArray[np.int32]
) -> None:
    """Add the first `count` values of `x` to the bins `out` (n,); values beyond an end go to the bin there.

    Bin k begins at ``low + k / per_unit``. NaN is left out.
    """
    last = out.shape[0] - 1
    for j in range(count):
        if x[j] == x[j]:
            out[int(min(max((x[j] - low) * per_unit, 0.0), last))] += 1


@kernel
def fill_plane(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    count: int,
    ends: NDArray[np.float64],
    out: NDArray[np.int32],
) -> None:
    """Add the first `count` points to ``out[y bin, x bin]``, as `fill_line` in each direction.

    `ends` (4,) holds low and bins per unit of x, then of y. A point with a NaN is left out.
    """
    x_last, y_last = out.shape[1] - 1, out.shape[0] - 1
    x_low, x_per_unit, y_low, y_per_unit = ends[0], ends[1], ends[2], ends[3]
    for j in range(count):
        if x[j] == x[j] and y[j] == y[j]:
            column = int(min(max((x[j] - x_low) * x_per_unit, 0.0), x_last))
            row = int(min(max((y[j] - y_low) * y_per_unit, 0.0), y_last))
            out[row, column] += 1
