"""Slow twin of `nkflow.kernels.acquisition_scan`."""

from __future__ import annotations

from itertools import accumulate

__all__ = ["best_run", "excursions"]


def excursions(sums, weights, slope, toll, threshold, runs) -> int:
    """Start at every slice in turn: the sum from there stays positive, rises to the threshold, and falls by it."""
    scores = [slope * s - toll * w for s, w in zip(sums, weights, strict=True)]
    found, begin = 0, 0
    while begin < len(scores) and found < len(runs):
        high, end, last = 0.0, begin, len(scores)
        for place, total in enumerate(accumulate(scores[begin:]), start=begin):
            if total > high:
                high, end = total, place + 1
            if total <= 0.0 or (high >= threshold and total <= high - threshold):
                last = place + 1
                break
        if high >= threshold:
            runs[found] = begin, end
            found += 1
            begin = end
        else:
            begin = last
    return found


def best_run(score, run) -> float:
    best = 0.0
    run[:] = 0, 0
    for begin in range(len(score)):
        for place, total in enumerate(accumulate(score[begin:]), start=begin):
            if total > best:
                best = total
                run[:] = begin, place + 1
    return best
