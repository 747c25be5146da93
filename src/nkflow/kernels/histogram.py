"""Events into the bins of a plot: edges are thresholds in data units, so no event is transformed for it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nkflow.kernels.jit import kernel

__all__ = ["fill_line", "fill_plane", "find_bins"]


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
    first, shift, n_edges = numbers[0], numbers[1], numbers[2]
    last = guide.shape[1] - 1
    n_bins = edges.shape[0] - 1
    for j in range(count):
        value = x[index[j]]
        if abs(value) < np.inf:
            key = (np.float64(abs(value) + offset).view(np.int64) >> shift) - first
            b = np.uint32(guide[np.uint32(value < 0.0), np.uint32(min(key, last))])
            for _ in range(n_edges):
                b += np.uint32(value >= edges[b + np.uint32(1)])
            out[j] = b
        else:
            out[j] = n_bins


@kernel
def fill_line(x: NDArray[np.uint16], count: int, out: NDArray[np.int32]) -> None:
    """Count the first `count` bins `x` in `out` (n_bins + 1,)."""
    for j in range(count):
        out[x[j]] += 1


@kernel
def fill_plane(x: NDArray[np.uint16], y: NDArray[np.uint16], count: int, out: NDArray[np.int32]) -> None:
    """Count the first `count` pairs of bins in ``out[y, x]`` (n_y_bins + 1, n_x_bins + 1)."""
    for j in range(count):
        out[y[j], x[j]] += 1
