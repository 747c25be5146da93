"""`check_acquisition`: was this run steady, and which part of it can be used?"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from nkflow.acquisition.clock import why_not
from nkflow.acquisition.findings import findings_of
from nkflow.acquisition.quality import Quality
from nkflow.acquisition.reasons import Segment, segments_of
from nkflow.acquisition.reference import reference_of
from nkflow.acquisition.run import Run, Slices, look_at
from nkflow.acquisition.search import bad_slices
from nkflow.acquisition.settings import AcquisitionChecks
from nkflow.acquisition.timeline import timeline_of
from nkflow.fcs.sample import Sample
from nkflow.plots.timeline import Timeline

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
    unit = "s" if sample.time_is_seconds else "ticks"
    judged = _Judged() if reason or run.slices is None else _judge(run.slices, checks, unit=unit)
    for segment in judged.segments:
        mask[segment.first : segment.stop] = False
    margins = _at_margins(run, mask) if checks.margin == "remove" else ()
    if margins:
        mask &= ~run.at_margin
    for array in (mask, run.at_margin, run.time):
        if array is not None:
            array.flags.writeable = False
    quality = Quality(
        name=sample.name,
        mask=mask,
        segments=judged.segments + margins,
        assessable=not reason,
        reason=reason,
        total_time=judged.total,
        removed_time=None if reason else float(sum(segment.duration for segment in judged.segments)),
        time_unit=unit,
        rate_drift=judged.drift,
        noise=MappingProxyType(judged.noise),
        aborted=_count(sample, "$ABRT"),
        lost=_count(sample, "$LOST"),
        margins=run.margins,
        at_margin=run.at_margin,
        time=None if reason else run.time,
        timeline=judged.timeline,
        checks=checks,
        findings=(),
    )
    return replace(quality, findings=findings_of(quality))


@dataclass(frozen=True)
class _Judged:
    """What the clock allows to say; empty where it allows nothing."""

    segments: tuple[Segment, ...] = ()
    total: float | None = None
    drift: float | None = None
    noise: dict[str, float] = field(default_factory=dict)
    timeline: Timeline | None = None


def _judge(slices: Slices, checks: AcquisitionChecks, *, unit: str) -> _Judged:
    reference = reference_of(slices)
    bad = bad_slices(slices, reference, checks)
    by_channel = zip(slices.channels, reference.noise.tolist(), strict=True)
    return _Judged(
        segments=segments_of(slices, reference, bad=bad, checks=checks),
        total=float(slices.begin[-1] - slices.begin[0]),
        drift=reference.drift,
        noise={"event rate": reference.rate_noise, **dict(by_channel)},
        timeline=timeline_of(slices, reference, unit=unit),
    )


def _at_margins(run: Run, mask: NDArray[np.bool_]) -> tuple[Segment, ...]:
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
    return int(value) if value is not None and 0 <= value < 2**53 else None
