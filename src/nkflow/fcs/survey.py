"""One streamed pass over the events: what the values themselves say."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from nkflow.fcs.findings import Finding
from nkflow.fcs.sample import Sample

__all__ = ["ChannelSurvey", "survey", "survey_findings"]

_BLOCK = 8192
_TIME_TOLERANCE = 0.2  # STANDARDS.md FCS-V07


@dataclass(frozen=True)
class ChannelSurvey:
    """Data units of one channel over all events.

    Attributes
    ----------
    lowest, highest
        Of the finite values, None without any.
    non_finite
        Number of events with NaN or infinity.
    """

    name: str
    lowest: float | None
    highest: float | None
    non_finite: int

    def as_dict(self) -> dict[str, object]:
        """Return the survey as plain values."""
        return asdict(self)


def survey(sample: Sample) -> tuple[ChannelSurvey, ...]:
    """Return what the values of every channel span."""
    columns = sample.indices()
    lowest = np.full(len(columns), np.inf)
    highest = np.full(len(columns), -np.inf)
    non_finite = np.zeros(len(columns), dtype=np.int64)
    buffer = np.empty((len(columns), _BLOCK))
    with sample.open() as reader:
        for first in range(0, sample.n_events, _BLOCK):
            count = min(_BLOCK, sample.n_events - first)
            reader.read(first, count, columns, buffer)
            block = buffer[:, :count]
            finite = np.isfinite(block)
            non_finite += count - finite.sum(axis=1)
            np.minimum(lowest, np.where(finite, block, np.inf).min(axis=1), out=lowest)
            np.maximum(highest, np.where(finite, block, -np.inf).max(axis=1), out=highest)
    return tuple(
        ChannelSurvey(
            channel.name,
            float(low) if low <= high else None,
            float(high) if low <= high else None,
            int(bad),
        )
        for channel, low, high, bad in zip(sample.channels, lowest, highest, non_finite, strict=True)
    )


def survey_findings(sample: Sample, channels: tuple[ChannelSurvey, ...]) -> tuple[Finding, ...]:
    """Return findings about values that are not finite (FCS-D13) and about the time channel (FCS-V07)."""
    findings = [
        Finding(
            "non-finite",
            "warning",
            f"{channel.non_finite} of {sample.n_events} events have NaN or infinity",
            where=channel.name,
            consequence="such an event is in no gate of this channel",
        )
        for channel in channels
        if channel.non_finite
    ]
    return (*findings, *_time_finding(sample, channels))


def _time_finding(sample: Sample, channels: tuple[ChannelSurvey, ...]) -> tuple[Finding, ...]:
    """Compare the span of the time channel with begin and end of the acquisition."""
    seconds = sample.acquired.seconds
    times = [c for c, of in zip(channels, sample.channels, strict=True) if of.kind == "time"]
    if not sample.time_is_seconds or not seconds or len(times) != 1 or times[0].lowest is None:
        return ()
    span = (times[0].highest or 0.0) - times[0].lowest
    if abs(span - seconds) <= max(_TIME_TOLERANCE * seconds, 2.0):  # the clock has seconds only
        return ()
    return (
        Finding(
            "time-span",
            "warning",
            f"the time channel spans {span:.1f} s, begin and end of the acquisition {seconds:.1f} s",
            where=times[0].name,
            consequence="$TIMESTEP, the clock or the number of events may be wrong",
        ),
    )
