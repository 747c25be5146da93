"""Thresholds in data units: low <= x < high, inside the parent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nkflow.kernels.jit import kernel

__all__ = ["in_range", "in_rectangle"]


@kernel
def in_range(
    x: NDArray[np.float64], low: float, high: float, parent: NDArray[np.bool_], out: NDArray[np.bool_]
) -> None:
    """Write whether ``low <= x < high`` for the events of `parent`; False for all others.

    Arrays are (n,); `out` may be `parent`. An open end is the lowest finite number, or infinity: so NaN and
    both infinities are outside every range.
    """
    for i in range(x.shape[0]):
        out[i] = parent[i] & (x[i] >= low) & (x[i] < high)


@kernel
def in_rectangle(
    x: NDArray[np.float64],
    x_low: float,
    x_high: float,
    y: NDArray[np.float64],
    y_low: float,
    y_high: float,
    parent: NDArray[np.bool_],
    out: NDArray[np.bool_],
) -> None:
    """Write whether both coordinates are in their range, as `in_range` in each."""
    for i in range(x.shape[0]):
        inside_x = (x[i] >= x_low) & (x[i] < x_high)
        inside_y = (y[i] >= y_low) & (y[i] < y_high)
        out[i] = parent[i] & inside_x & inside_y
