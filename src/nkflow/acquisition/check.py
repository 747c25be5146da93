"""`check_acquisition`: was this run steady, and which part of it can be used?"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from nkflow.acquisition.clock import why_not
from nkflow.acquisition.findings import findings_of
from nkflow.acquisition.quality import Quality
from nkflow.acquisition.reasons import Segment, segments_of
from nkflow.acquisition.reference import Reference, reference_of
from nkflow.acquisition.run import Run, look_at
from nkflow.acquisition.search import bad_slices
from nkflow.acquisition.settings import AcquisitionChecks
from nkflow.acquisition.timeline import timeline_of
from nkflow.fcs.sample import Sample

__all__ = ["check_acquisition"]


def check_acquisition(sample: Sample, checks: AcquisitionChecks | None = None) -> Quality:
    """Judge the run behind `sample`: its event rate, its signals over time, the ends of its ranges.

    The events are taken in the order of the file and never sorted by time. Signals are taken as the detectors
    gave them, not compensated. The same bytes give the same mask.

    Parameters
    ----------
    checks
        What counts as a fault; a template may carry them as its section ``acquisition:``.
    """
    checks = checks or AcquisitionChecks()
    run = look_at(sample, blur=checks.blur)
    reason = why_not(run, sample.n_events)
    mask = np.ones(sample.n_events, dtype=np.bool_)
    segments: tuple[Segment, ...] = ()
    unit = "s" if sample.time_is_seconds else "ticks"
    reference = timeline = total = removed = None
    if not reason and run.slices is not None:
        reference = reference_of(run.slices)
        bad = bad_slices(run.slices, reference, checks)
        segments = segments_of(run.slices, reference, bad=bad, checks=checks)
        for segment in segments:
            mask[segment.first : segment.stop] = False
        timeline = timeline_of(run.slices, reference, unit=unit)
        total = float(run.slices.begin[-1] - run.slices.begin[0])
        removed = float(sum(segment.duration for segment in segments))
    if checks.margin == "remove":
        segments += _margin_segments(run, mask)
        mask &= ~run.at_margin
    for array in (mask, run.at_margin, run.time):
        if array is not None:
            array.flags.writeable = False
    quality = Quality(
        name=sample.name,
        mask=mask,
        segments=segments,
        assessable=not reason,
        reason=reason,
        total_time=total,
        removed_time=removed,
        time_unit=unit,
        rate_drift=None if reference is None else reference.drift,
        noise=MappingProxyType({} if reference is None else _noise(run, reference)),
        aborted=_count(sample, "$ABRT"),
        lost=_count(sample, "$LOST"),
        margins=run.margins,
        at_margin=run.at_margin,
        time=None if reason else run.time,
        timeline=timeline,
        checks=checks,
        findings=(),
    )
    return replace(quality, findings=findings_of(quality))


def _noise(run: Run, reference: Reference) -> dict[str, float]:
    names = () if run.slices is None else run.slices.channels
    by_channel = zip(names, reference.noise.tolist(), strict=True)
    return {"event rate": reference.rate_noise, **dict(by_channel)}


def _margin_segments(run: Run, mask: NDArray[np.bool_]) -> tuple[Segment, ...]:
    """Return the events at a margin that nothing else has removed, as one segment."""
    events = np.flatnonzero(run.at_margin & mask)
    if not len(events):
        return ()
    channels = tuple(margin.channel for margin in run.margins)
    first, stop = int(events[0]), int(events[-1]) + 1
    return (Segment("margin", first, stop, len(events), begin=0.0, duration=0.0, channels=channels),)


def _count(sample: Sample, keyword: str) -> int | None:
    """Return a keyword's number of events, None where there is none or it can't be."""
    value = sample.keywords.number(keyword)
    return int(value) if value is not None and 0 <= value < 2**63 else None
