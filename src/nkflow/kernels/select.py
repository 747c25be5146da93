"""From masks to counts and to the events inside.

Positions are unsigned: a signed index is tested for counting from the end, event by event.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nkflow.kernels.jit import kernel

__all__ = ["count_true", "near", "put", "select", "take", "take_columns"]

LOWEST = -float(np.finfo(np.float64).max)


@kernel
def select(mask: NDArray[np.bool_], index: NDArray[np.uint32]) -> np.int64:
    """Write the positions of True in `mask` (n,) to the front of `index` (>= n + 1,); return how many."""
    count = np.uint64(0)
    for i in range(mask.shape[0]):
        index[count] = i  # overwritten by the next event where the mask is False: no branch
        count += np.uint64(mask[i])
    return np.int64(count)


@kernel
def near(
    columns: NDArray[np.float64],
    axes: NDArray[np.int64],
    sides: NDArray[np.float64],
    parent: NDArray[np.bool_],
    out: NDArray[np.bool_],
    index: NDArray[np.uint32],
) -> np.int64:
    """Write the events of `parent` inside an outer box to `out`, those of them outside an inner one to `index`.

    Returns how many there are in `index`.

    Parameters
    ----------
    columns : (n_columns, n)
    axes : (n_axes,)
        The columns that the boxes lie on; without any, all events of `parent` are in `out` and in `index`.
    sides : (4 * n_axes,)
        For each axis the outer ``low <= x < high``, then the inner one; -inf is outside every one.
    parent, out : (n,)
    index : (>= n + 1,)
    """
    for i in range(out.shape[0]):
        out[i] = parent[i]
    for k in range(axes.shape[0]):
        x, low, high = columns[axes[k]], max(sides[4 * k], LOWEST), sides[4 * k + 1]
        for i in range(out.shape[0]):
            out[i] = out[i] & (x[i] >= low) & (x[i] < high)
    count = select(out, index)
    if axes.shape[0] == 0:
        return count
    kept = np.uint64(0)
    for j in range(np.uint64(count)):
        e, within = index[j], True
        for k in range(axes.shape[0]):
            value = columns[axes[k], e]
            within = within & (value >= sides[4 * k + 2]) & (value < sides[4 * k + 3])
        index[kept] = e
        kept += np.uint64(not within)
    return np.int64(kept)


@kernel
def take(x: NDArray[np.float64], index: NDArray[np.uint32], count: int, out: NDArray[np.float64]) -> None:
    """Write ``x[index[j]]`` to ``out[j]`` for the first `count` positions."""
    for j in range(count):
        out[j] = x[index[j]]


@kernel
def take_columns(
    x: NDArray[np.floating], rows: NDArray[np.int64], index: NDArray[np.uint64], out: NDArray[np.float64]
) -> None:
    """Write ``x[rows[k], index[j]]`` to ``out[k, j]``; `x` (n_rows, n) may be float32; float64 `out` is no smaller."""
    for k in range(rows.shape[0]):
        column, taken = x[rows[k]], out[k]
        for j in range(index.shape[0]):
            taken[j] = column[index[j]]


@kernel
def put(x: NDArray[np.float64], index: NDArray[np.uint32], count: int, out: NDArray[np.float64]) -> None:
    """Write ``x[j]`` to ``out[index[j]]`` for the first `count` positions."""
    for j in range(count):
        out[index[j]] = x[j]


@kernel
def count_true(lanes: NDArray[np.uint64], counts: NDArray[np.int64]) -> None:
    """Add the number of True in each row to `counts` (n_rows,).

    `lanes` (n_rows, n / 8) are the masks (n_rows, n) seen as 64-bit words: eight truth values, one a byte. Their
    bytes are added 255 words at a time, the most that a byte can count.
    """
    low = np.uint64(0x00FF00FF00FF00FF)
    for row in range(lanes.shape[0]):
        total = np.uint64(0)
        for first in range(0, lanes.shape[1], 255):
            part = lanes[
                row, first : first + 255
            ]  # a row of its own, so that its sum runs eight words at once
            bytes_ = np.uint64(0)
            for k in range(part.shape[0]):
                bytes_ += part[k]
            pairs = (bytes_ & low) + ((bytes_ >> np.uint64(8)) & low)
            pairs += pairs >> np.uint64(32)
            total += (pairs + (pairs >> np.uint64(16))) & np.uint64(0xFFFF)
        counts[row] += np.int64(total)
