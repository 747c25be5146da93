"""Compensation of the wanted channels over a block of columns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nkflow.kernels.jit import kernel

__all__ = ["TILE", "compensate_columns"]

TILE = 512  # events: the columns of one sum stay in the first-level cache


@kernel
def compensate_columns(
    observed: NDArray[np.float64],
    rows: NDArray[np.int64],
    weights: NDArray[np.float64],
    count: int,
    out: NDArray[np.float64],
) -> None:
    """Write ``out[k, e] = sum_j weights[k, j] * observed[rows[j], e]`` for the first `count` events.

    The sum starts at 0 and runs over ascending j with a rounding after every product and every sum, so an
    event gets the same bits whatever block, thread or set of outputs it is computed in.

    Parameters
    ----------
    observed : (n_rows, >= count) float64, C order
        One channel per row, data units.
    rows : (n_detectors,) int64
        The row of each detector, in the order of the matrix.
    weights : (n_wanted, n_detectors) float64
        Rows of the transposed inverse: ``Spillover.weights(wanted)``.
    count
        Number of events.
    out : (n_wanted, >= count) float64, C order
        Compensated values, overwritten.
    """
    n_detectors = rows.shape[0]
    by_four = n_detectors - n_detectors % 4
    for first in range(0, count, TILE):
        last = min(first + TILE, count)
        for k in range(weights.shape[0]):
            total = out[k, first:last]
            total[:] = 0.0
            # four at a time: the sum is loaded and stored once for four detectors
            for j in range(0, by_four, 4):
                x0, w0 = observed[rows[j], first:last], weights[k, j]
                x1, w1 = observed[rows[j + 1], first:last], weights[k, j + 1]
                x2, w2 = observed[rows[j + 2], first:last], weights[k, j + 2]
                x3, w3 = observed[rows[j + 3], first:last], weights[k, j + 3]
                for e in range(last - first):
                    total[e] = (((total[e] + w0 * x0[e]) + w1 * x1[e]) + w2 * x2[e]) + w3 * x3[e]
            for j in range(by_four, n_detectors):
                x0, w0 = observed[rows[j], first:last], weights[k, j]
                for e in range(last - first):
                    total[e] = total[e] + w0 * x0[e]
