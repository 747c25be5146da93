"""Compensation of the wanted channels over a block of columns."""

from __future__ import annotations

from nkflow.kernels.jit import kernel

__all__ = ["compensate_columns"]

TILE = 512  # events: eight rows of a tile and their sum stay in the first-level cache


@kernel
def compensate_columns(observed, rows, weights, count, out):  # type: ignore[no-untyped-def]
    """Write ``out[k, e] = sum_j weights[k, j] * observed[rows[j], e]`` for the first `count` events.

    The sum runs over ascending j with a rounding after every product and every sum, so an event gets the
    same bits whatever block, thread or set of outputs it is computed in.

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
    for first in range(0, count, TILE):
        last = min(first + TILE, count)
        for k in range(weights.shape[0]):
            weight = weights[k, 0]
            row = rows[0]
            for e in range(first, last):
                out[k, e] = weight * observed[row, e]
            j = 1
            while j + 3 < n_detectors:
                w0, w1, w2, w3 = weights[k, j], weights[k, j + 1], weights[k, j + 2], weights[k, j + 3]
                r0, r1, r2, r3 = rows[j], rows[j + 1], rows[j + 2], rows[j + 3]
                for e in range(first, last):
                    total = out[k, e] + w0 * observed[r0, e]
                    total = total + w1 * observed[r1, e]
                    total = total + w2 * observed[r2, e]
                    out[k, e] = total + w3 * observed[r3, e]
                j += 4
            while j < n_detectors:
                weight = weights[k, j]
                row = rows[j]
                for e in range(first, last):
                    out[k, e] += weight * observed[row, e]
                j += 1
