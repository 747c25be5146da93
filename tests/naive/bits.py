"""Slow twin of `nkflow.kernels.bits`: Python integers as bit sets."""

from __future__ import annotations

__all__ = ["leave", "pack", "renew", "tally", "unpack"]


def pack(masks, out) -> None:
    """`masks` (n_populations, n) of bool, `out` (<= n, n_words) of uint64."""
    for e in range(out.shape[0]):
        bits = sum(1 << p for p in range(masks.shape[0]) if masks[p, e])
        for word in range(out.shape[1]):
            out[e, word] = (bits >> 64 * word) & (2**64 - 1)


def unpack(words, population, out) -> None:
    out[:] = False
    for e in range(words.shape[0]):
        out[e] = int(words[e, population // 64]) >> population % 64 & 1


def renew(words, masks, populations, marks, lanes, index):
    found = []
    for e, old in enumerate(words.tolist()):
        new = list(old)
        for p in map(int, populations):
            word, bit = divmod(p, 64)
            new[word] = new[word] & ~(1 << bit) | int(masks[p][e]) << bit
        words[e] = new
        if new != old:
            found.append(e)
    index[: len(found)] = found
    return len(found)


def leave(old, new, index, above, below, populations, counts):
    kept = []
    for e in index.tolist():
        if any(a & b for a, b in zip(new[e].tolist(), above.tolist(), strict=True)):
            kept.append(e)
        else:
            new[e] = [a & ~b for a, b in zip(new[e].tolist(), below.tolist(), strict=True)]
            tally(old[e : e + 1], new[e : e + 1], populations, counts)
    index[: len(kept)] = kept
    return len(kept)


def tally(old, new, populations, counts) -> None:
    for before, after in zip(old.tolist(), new.tolist(), strict=True):
        for p in map(int, populations):
            word, bit = divmod(p, 64)
            counts[p] += (after[word] >> bit & 1) - (before[word] >> bit & 1)
