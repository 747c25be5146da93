"""A run in bins of equal time, for its figures."""

from __future__ import annotations

import numpy as np

from nkflow.acquisition.reference import Reference
from nkflow.acquisition.run import Slices
from nkflow.plots.timeline import Timeline

__all__ = ["timeline_of"]

_BINS, _EVENTS = 150, 50


def timeline_of(slices: Slices, reference: Reference, *, unit: str) -> Timeline:
    """Return a run in 150 bins, or fewer of 50 events each."""
    begin = slices.begin[:-1] - slices.begin[0]
    total = float(slices.begin[-1] - slices.begin[0])
    count = max(10, min(_BINS, int(slices.first[-1]) // _EVENTS, len(slices) // 2))
    bins = np.minimum((begin / total * count).astype(np.int64), count - 1)
    events = np.bincount(bins, weights=slices.events, minlength=count)
    time = np.bincount(bins, weights=slices.duration, minlength=count)
    expected = np.bincount(bins, weights=reference.expected, minlength=count)
    sums = np.array([np.bincount(bins, weights=row, minlength=count) for row in slices.ranks])
    with np.errstate(divide="ignore", invalid="ignore"):
        shifts = sums.reshape(-1, count) / events - reference.levels[:, None]
        rate, baseline = events / time, expected / time
    arrays = (np.linspace(0.0, total, count + 1), rate, baseline, shifts)
    for array in arrays:
        array[~np.isfinite(array)] = np.nan
        array.flags.writeable = False
    return Timeline(arrays[0], arrays[1], arrays[2], slices.channels, arrays[3], unit)
