"""Events into the bins of a plot: edges are thresholds in data units, so no event is transformed for it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nkflow.kernels.jit import kernel

__all__ = ["fill_line", "fill_plane", "find_bins"]

TILE = 512  # events whose values and pieces stay in the first-level cache


@kernel
def find_bins(
    x: NDArray[np.float64],
    index: NDArray[np.uint32],
    count: int,
    edges: NDArray[np.float64],
    guide: NDArray[np.uint16],
    offset: float,
    numbers: NDArray[np.int64],
    out: NDArray[np.uint16],
) -> None:
    """Write the bin of ``x[index[j]]`` to ``out[j]`` for the first `count` positions.

    Parameters
    ----------
    edges : (n_bins + 1,)
        Ascending; bin b holds ``edges[b] <= x < edges[b + 1]``. The first is -inf, the last inf. NaN and
        infinity get n_bins, which is no bin.
    guide : (2, n_pieces)
        For x >= 0 and x < 0: a bin at or below the lowest one of each piece of the axis. A piece is all x whose
        ``|x| + offset`` has the same leading bits.
    numbers : (3,)
        The leading bits of the first piece; how many bits are dropped; how many edges a piece has at most. So
        many comparisons are made for every event: a loop that ends early is guessed wrong half of the time.
    """
    flat, n_pieces = guide.reshape(guide.size), guide.shape[1]
    values, keys = np.empty(TILE), np.empty(TILE, dtype=np.int32)
    for start in range(0, count, TILE):
        n = min(TILE, count - start)
        part = index[start : start + n]
        for j in range(n):
            values[j] = x[part[j]]
        for j in range(n):  # apart from the look-up, because this loop runs eight events at once
            bits = np.float64(abs(values[j]) + offset).view(np.int64) >> numbers[1]
            key = min(bits - numbers[0], n_pieces - 1)
            keys[j] = np.int32(key + (n_pieces if values[j] < 0.0 else 0))
        _look_up(values[:n], keys, edges, flat, numbers[2], out[start : start + n])


@kernel
def _look_up(
    values: NDArray[np.float64],
    keys: NDArray[np.int32],
    edges: NDArray[np.float64],
    guide: NDArray[np.uint16],
    n_edges: int,
    out: NDArray[np.uint16],
) -> None:
    """Write the bins of `values` (n,), whose pieces are `keys`."""
    n_bins = np.uint16(edges.shape[0] - 1)
    for j in range(values.shape[0]):
        value = values[j]
        b = np.uint64(guide[np.uint32(keys[j])])
        b += np.uint64(value >= edges[b + np.uint64(1)])
        for _ in range(1, n_edges):
            b += np.uint64(value >= edges[b + np.uint64(1)])
        out[j] = np.uint16(b) if abs(value) < np.inf else n_bins


@kernel
def fill_line(x: NDArray[np.uint16], count: int, out: NDArray[np.int32]) -> None:
    """Count the first `count` bins `x` in `out` (n_bins + 1,).

    In four places by turns: events of one population share a few bins, and a count that was just written is slow to
    read again.
    """
    counts = np.zeros((4, out.shape[0]), dtype=np.int32)
    a, b, c, d = counts[0], counts[1], counts[2], counts[3]
    fours = count - count % 4
    for j in range(0, fours, 4):
        a[x[j]] += 1
        b[x[j + 1]] += 1
        c[x[j + 2]] += 1
        d[x[j + 3]] += 1
    for j in range(fours, count):
        a[x[j]] += 1
    for k in range(out.shape[0]):
        out[k] += (a[k] + b[k]) + (c[k] + d[k])


@kernel
def fill_plane(x: NDArray[np.uint16], y: NDArray[np.uint16], count: int, out: NDArray[np.int32]) -> None:
    """Count the first `count` pairs of bins in ``out[y, x]`` (n_y_bins + 1, n_x_bins + 1)."""
    for j in range(count):
        out[y[j], x[j]] += 1
