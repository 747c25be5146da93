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
    pairs = weights.shape[0] - weights.shape[0] % 2
    for first in range(0, count, TILE):
        last = min(first + TILE, count)
        for k in range(0, pairs, 2):
            one, two = out[k, first:last], out[k + 1, first:last]
            _add_pair(observed, first, rows, weights[k], weights[k + 1], one, two)
        if pairs < weights.shape[0]:
            _add(observed, first, rows, weights[pairs], out[pairs, first:last])


@kernel
def _add_pair(
    observed: NDArray[np.float64],
    first: int,
    rows: NDArray[np.int64],
    v: NDArray[np.float64],
    w: NDArray[np.float64],
    one: NDArray[np.float64],
    two: NDArray[np.float64],
) -> None:
    """Write the sums (n,) of two dyes at once: a detector is loaded once for both, four detectors for one store."""
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


@kernel
def _add(
    observed: NDArray[np.float64],
    first: int,
    rows: NDArray[np.int64],
    w: NDArray[np.float64],
    total: NDArray[np.float64],
) -> None:
    """Write the sum (n,) of one dye, four detectors for one store."""
    n = rows.shape[0]
    last = first + total.shape[0]
    total[:] = 0.0
    for j in range(0, n - n % 4, 4):
        x0, x1 = observed[rows[j], first:last], observed[rows[j + 1], first:last]
        x2, x3 = observed[rows[j + 2], first:last], observed[rows[j + 3], first:last]
        w0, w1, w2, w3 = w[j], w[j + 1], w[j + 2], w[j + 3]
        for e in range(total.shape[0]):
            total[e] = (((total[e] + w0 * x0[e]) + w1 * x1[e]) + w2 * x2[e]) + w3 * x3[e]
    for j in range(n - n % 4, n):
        x0, w0 = observed[rows[j], first:last], w[j]
        for e in range(total.shape[0]):
            total[e] = total[e] + w0 * x0[e]
