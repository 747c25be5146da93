"""Membership as bits: one per population, packed per event."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nkflow.kernels.jit import kernel

__all__ = ["leave", "pack", "renew", "tally", "unpack"]


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
    words: NDArray[np.uint64],
    masks: NDArray[np.bool_],
    populations: NDArray[np.int64],
    marks: NDArray[np.bool_],
    lanes: NDArray[np.uint64],
    index: NDArray[np.uint32],
) -> int:
    """Renew the bits of some populations in `words` (n, n_words); write the events that differ to `index`.

    Returns how many differ.

    Parameters
    ----------
    masks : (n_all_populations, >= n)
    populations : (n_populations,)
        Whose bits are taken from `masks`.
    marks : (>= n,), lanes
        The same working memory, whole 64-bit words of it, seen in two ways.
    index : (>= n + 1,)
    """
    for lane in range(lanes.shape[0]):
        lanes[lane] = 0
    one = np.uint64(1)
    for k in range(populations.shape[0]):
        word, mask = populations[k] // 64, masks[populations[k]]
        shift = np.uint64(populations[k] % 64)
        for e in range(words.shape[0]):
            old = words[e, word]
            turned = ((old >> shift) & one) ^ np.uint64(mask[e])
            words[e, word] = old ^ (turned << shift)
            marks[e] |= turned != 0
    count = np.uint64(0)
    for lane in range(lanes.shape[0]):
        if lanes[lane] != 0:  # of eight events; few differ after most edits
            for e in range(8 * lane, 8 * lane + 8):
                index[count] = e  # overwritten by the next event where nothing differs: no branch
                count += np.uint64(marks[e])
    return int(count)


@kernel
def leave(
    old: NDArray[np.uint64],
    new: NDArray[np.uint64],
    index: NDArray[np.uint32],
    above: NDArray[np.uint64],
    below: NDArray[np.uint64],
    populations: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> int:
    """Take the events `index` (n,) that are in none of the populations `above` out of those `below`.

    The others stay in front of `index`; returns how many.

    Parameters
    ----------
    old, new : (n_events, n_words)
        Changed in `new`.
    above, below : (n_words,)
        Bits.
    populations, counts
        All of `above` and `below`, and how many more events are in each, as of `tally`: for those taken out.
    """
    one, kept = np.uint64(1), np.uint64(0)
    for j in range(index.shape[0]):
        e, inside = index[j], np.uint64(0)
        for word in range(new.shape[1]):
            inside |= new[e, word] & above[word]
        index[kept] = e
        if inside != 0:
            kept += one
        else:
            for word in range(new.shape[1]):
                new[e, word] &= ~below[word]
            for k in range(populations.shape[0]):
                word, shift = populations[k] // 64, np.uint64(populations[k] % 64)
                counts[populations[k]] -= np.int64((old[e, word] >> shift) & one)
    return int(kept)


@kernel
def tally(
    old: NDArray[np.uint64],
    new: NDArray[np.uint64],
    populations: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> None:
    """Add to `counts` (> any of `populations`,) how many more of the events (n, n_words) are in each by `new`."""
    one = np.uint64(1)
    for k in range(populations.shape[0]):
        word, shift = populations[k] // 64, np.uint64(populations[k] % 64)
        more, fewer = np.uint64(0), np.uint64(0)
        for e in range(old.shape[0]):
            more += (new[e, word] >> shift) & one
            fewer += (old[e, word] >> shift) & one
        counts[populations[k]] += np.int64(more) - np.int64(fewer)
