"""The nearest place of one boundary at which a verdict changes, searched among the events themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Answer", "Flip", "nearest_among", "nearest_between"]

FIRST, WIDER = 16, 4  # events that the first look passes, and how many times as many each further one
STEPS = 12  # halvings, where no event says where to look

Answer = tuple[str, str]
Verdict = Callable[[float], Answer]


@dataclass(frozen=True)
class Flip:
    """Where the verdict changes.

    Attributes
    ----------
    shift
        How far the boundary moves until then, with its sign.
    holds, flips
        Two shifts that were judged, one event apart where events say where to look: with the first the verdict is as
        it was, with the second another.
    verdict, reason
        What it changes to, and why.
    """

    shift: float
    holds: float
    flips: float
    verdict: str
    reason: str


def nearest_among(places: NDArray[np.float64], verdict: Verdict, *, now: str, end: float) -> Flip | None:
    """Return the first place at which the verdict changes; None where it stays as it is up to the end.

    Parameters
    ----------
    places : (n,)
        Shifts of the events on one side, distinct, from the nearest to the farthest.
    verdict
        Of a shift between two places, with its reason.
    now
        The verdict without a shift.
    end
        How far the boundary may move to this side; may be infinite.

    Looks at 16, 64, 256... events passed and at the end, then halves: a verdict that changes and changes back between
    two looks is not seen.
    """
    if not len(places):
        return None
    last = places[-1] + (places[-1] or 1.0) * 1e-3 if not np.isfinite(end) else (places[-1] + end) / 2
    between = np.append((places[:-1] + places[1:]) / 2, last)
    good, looked = -1, FIRST
    while True:
        k = min(looked, len(places)) - 1
        found = verdict(float(between[k]))
        if found[0] != now:
            break
        if k == len(places) - 1:
            return None
        good, looked = k, looked * WIDER
    bad = k
    while bad - good > 1:
        middle = (good + bad) // 2
        answer = verdict(float(between[middle]))
        good, bad, found = (middle, bad, found) if answer[0] == now else (good, middle, answer)
    holds = float(between[good]) if good >= 0 else 0.0
    return Flip(float(places[bad]), holds, float(between[bad]), *found)


def nearest_between(end: float, verdict: Verdict, *, now: str) -> Flip | None:
    """Return the same for a boundary without places: looks at 1/64, 1/32... of the way to `end`, then halves."""
    good, bad, found = 0.0, 0.0, (now, "")
    for power in range(6, -1, -1):
        bad = end / 2**power
        found = verdict(bad)
        if found[0] != now:
            break
        good = bad
    if found[0] == now:
        return None
    for _ in range(STEPS):
        middle = (good + bad) / 2
        answer = verdict(middle)
        good, bad, found = (middle, bad, found) if answer[0] == now else (good, middle, answer)
    return Flip(bad, good, bad, *found)
