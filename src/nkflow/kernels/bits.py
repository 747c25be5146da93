"""Membership as bits: one per population, packed per event."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nkflow.kernels.jit import kernel

__all__ = ["pack", "renew", "tally", "unpack"]


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


@kernel
def renew(
    old: NDArray[np.uint64],
    fresh: NDArray[np.uint64],
    chosen: NDArray[np.uint64],
    out: NDArray[np.uint64],
    index: NDArray[np.uint32],
) -> int:
    """Write `old` with the bits `chosen` from `fresh` to `out`, and where they differ to `index`; return how many do.

    Parameters
    ----------
    old, fresh, out : (n, n_words)
    chosen : (n_words,)
    index : (>= n + 1,)
    """
    count = np.uint64(0)
    if old.shape[1] == 1:  # nearly all templates; the same without the loop over words
        few, more, kept, one = (
            old.reshape(old.size),
            fresh.reshape(fresh.size),
            out.reshape(out.size),
            chosen[0],
        )
        for e in range(few.shape[0]):
            kept[e] = few[e] ^ ((few[e] ^ more[e]) & one)
        for e in range(few.shape[0]):
            index[count] = e  # overwritten by the next event where nothing differs: no branch
            count += np.uint64(few[e] != kept[e])
        return int(count)
    for e in range(old.shape[0]):
        changed = np.uint64(0)
        for word in range(old.shape[1]):
            turned = (old[e, word] ^ fresh[e, word]) & chosen[word]
            out[e, word] = old[e, word] ^ turned
            changed |= turned
        index[count] = e
        count += np.uint64(changed != np.uint64(0))
    return int(count)


@kernel
def tally(old: NDArray[np.uint64], new: NDArray[np.uint64], counts: NDArray[np.int64]) -> None:
    """Add to `counts` (>= n_populations,) how many more of the events (n, n_words) are in each population by `new`."""
    one = np.uint64(1)
    for e in range(old.shape[0]):
        for word in range(old.shape[1]):
            turned = old[e, word] ^ new[e, word]
            population = word * 64
            while turned != np.uint64(0):
                if turned & one != np.uint64(0):
                    counts[population] += (
                        1 if (new[e, word] >> np.uint64(population - word * 64)) & one else -1
                    )
                turned >>= one
                population += 1
