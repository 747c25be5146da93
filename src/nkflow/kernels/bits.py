"""Membership as bits: one per population, packed per event."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nkflow.kernels.jit import kernel

__all__ = ["pack", "unpack"]


@kernel
def pack(
    lanes: NDArray[np.uint64],
    n_populations: int,
    work: NDArray[np.uint64],
    bytes_: NDArray[np.uint8],
    out: NDArray[np.uint64],
) -> None:
    """Write population p of event e to bit ``p % 64`` of ``out[e, p // 64]``.

    Parameters
    ----------
    lanes : (>= n_populations, n / 8)
        Masks (n_populations, n) seen as 64-bit words: eight events at once, one a byte.
    work : (8, n / 8), bytes_ : (8, n)
        The same working memory, seen in two ways.
    out : (<= n, n_words)
        Overwritten.
    """
    for word in range(out.shape[1]):
        n_bytes = min((n_populations - word * 64 + 7) // 8, 8)
        for b in range(n_bytes):
            first = word * 64 + b * 8
            for i in range(lanes.shape[1]):
                work[b, i] = lanes[first, i]
            for p in range(first + 1, min(first + 8, n_populations)):
                shift = np.uint64(p - first)
                for i in range(lanes.shape[1]):
                    work[b, i] |= lanes[p, i] << shift
        for e in range(out.shape[0]):
            out[e, word] = np.uint64(bytes_[0, e])
        for b in range(1, n_bytes):
            shift = np.uint64(8 * b)
            for e in range(out.shape[0]):
                out[e, word] |= np.uint64(bytes_[b, e]) << shift


@kernel
def unpack(words: NDArray[np.uint64], population: int, out: NDArray[np.bool_]) -> None:
    """Write whether each event of `words` (n, n_words) is in `population` to `out` (>= n,); False behind them."""
    word, shift = population // 64, np.uint64(population % 64)
    for e in range(words.shape[0]):
        out[e] = (words[e, word] >> shift) & np.uint64(1)
    for e in range(words.shape[0], out.shape[0]):
        out[e] = False
