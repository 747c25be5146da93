"""Whether the clock of a run can be trusted: if not, nothing about the run can be said, and never "pass"."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nkflow.acquisition.run import Run, Slices

__all__ = ["why_not"]

_FEWEST_EVENTS = 1000  # ten bins of 100 (STANDARDS QC-05)
_FEWEST_SLICES = 20
_STUCK = 20.0  # times the usual number of events under one time


def why_not(run: Run, n_events: int) -> str:
    """Return why QC can't judge this run, "" where it can."""
    if n_events < _FEWEST_EVENTS:
        return f"{n_events} events are fewer than ten bins of 100"
    if run.time is None or run.slices is None:
        return "the file has no time channel"
    return _why_not_clock(run.time) or _why_not_slices(run.slices)


def _why_not_clock(time: NDArray[np.float64]) -> str:
    if not np.isfinite(time).all():
        return "the clock has values that are no numbers"
    if time[0] == time[-1] and time.min() == time.max():
        return "the clock stands still"
    back = np.flatnonzero(np.diff(time) < 0)
    if not len(back):
        return ""
    span = float(time.max() - time.min())
    falls = time[back] - time[back + 1]
    if len(back) <= len(time) // 100 and falls.min() > span / 2:
        return f"the clock starts again {len(back)} times: it wraps, or runs were joined"
    return f"the clock goes back {len(back)} times: the events are not in the order of acquisition"


def _why_not_slices(slices: Slices) -> str:
    if len(slices) < _FEWEST_SLICES:
        return f"the clock shows {len(slices)} different times only"
    events = slices.events
    if events.max() > max(_STUCK * float(np.median(events)), 0.05 * events.sum()):
        return f"the clock stops: {int(events.max())} events have one time"
    return ""
