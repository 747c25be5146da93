"""What goes wrong with the clock: it wraps, or it is not in the file."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nkflow.fcs.sample import Sample
from nkflow.simulate.acquire import Acquisition

__all__ = ["without_clock", "wrapped"]


def wrapped(acquisition: Acquisition) -> Acquisition:
    """Return `acquisition` with a clock that starts again at zero once or more, at a power of two."""
    events = acquisition.events.copy()
    last = float(events[-1, -1])
    if last >= 1.0:
        events[:, -1] %= np.float32(2.0 ** np.floor(np.log2(last)))
    return replace(acquisition, events=events)


def without_clock(sample: Sample) -> Sample:
    """Return `sample` without its time channel."""
    kept = [channel for channel in sample.channels if channel.kind != "time"]
    values = sample.values([channel.index for channel in kept]).astype(np.float32)
    bare = Sample.from_arrays(
        values, kept, spillover=sample.spillover, keywords=sample.keywords, name=sample.name
    )
    return replace(bare, acquired=sample.acquired, volume=sample.volume)
