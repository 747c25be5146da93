"""Compensation of the wanted channels over a block of columns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nkflow.kernels.jit import kernel

__all__ = ["TILE", "add_pair", "compensate_columns"]

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
    n, spare = weights.shape[0], np.empty(TILE)  # the last of an odd number is summed twice
    for first in range(0, count, TILE):
        last = min(first + TILE, count)
        for k in range(0, n, 2):
            one, two, after = out[k, first:last], spare[: last - first], min(k + 1, n - 1)
            if after > k:
                two = out[after, first:last]
            add_pair(observed, first, rows, weights[k], weights[after], one, two)


@kernel
def add_pair(
    observed: NDArray[np.floating],
    first: int,
    rows: NDArray[np.int64],
    v: NDArray[np.float64],
    w: NDArray[np.float64],
    one: NDArray[np.float64],
    two: NDArray[np.float64],
) -> None:
    """Write the sums (n,) of two dyes at once: a detector is loaded once for both, four detectors for one store.

    Parameters
    ----------
    observed : (n_rows, >= first + n) float64 or float32, C order
    rows, v, w : (n_detectors,)
        The row of each detector, and its weight for either dye.
    one, two : (n,)
        Overwritten; the same bits as `compensate_columns` writes for events from `first`.
    """
    n = rows.shape[0]
    last = first + one.shape[0]
    one[:] = 0.0
    two[:] = 0.0
    for j in range(0, n - n % 4, 4):
        x0, x1 = observed[rows[j], first:last], observed[rows[j + 1], first:last]
        x2, x3 = observed[rows[j + 2], first:last], observed[rows[j + 3], first:last]
        v0, v1, v2, v3 = v[j], v[j + 1], v[j + 2], v[j + 3]
        w0, w1, w2, w3 = w[j], w[j + 1], w[j + 2], w[j + 3]
        for e in range(one.shape[0]):
            a, b, c, d = x0[e], x1[e], x2[e], x3[e]
            one[e] = (((one[e] + v0 * a) + v1 * b) + v2 * c) + v3 * d
            two[e] = (((two[e] + w0 * a) + w1 * b) + w2 * c) + w3 * d
    for j in range(n - n % 4, n):
        x0, v0, w0 = observed[rows[j], first:last], v[j], w[j]
        for e in range(one.shape[0]):
            one[e] = one[e] + v0 * x0[e]
            two[e] = two[e] + w0 * x0[e]
