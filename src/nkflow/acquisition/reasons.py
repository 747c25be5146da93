"""From bad slices to stretches of the run, each with its reason.

A reason is a description of what the events show, by the rules of `_reason`; what happened in the cytometer,
nobody asked. A laser that fails in the first seconds looks like carry-over, a bubble without flashes like a clog.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nkflow.acquisition.reference import Reference
from nkflow.acquisition.run import Slices
from nkflow.acquisition.settings import AcquisitionChecks

__all__ = ["FLOW_REASONS", "Reason", "Segment", "segments_of"]

Reason = Literal["bubble", "carry-over", "clog", "drift", "flow", "margin"]
FLOW_REASONS: frozenset[Reason] = frozenset({"bubble", "clog", "flow"})
_ALMOST_ALL = 0.75  # of the channels: other events than usual, not other light
_STRANGE = 0.20  # median shift (mean rank) of events that are no cells
_LONGEST = 0.1  # of the run: longer than this, other events are a change of the run itself
_CHOKED = 0.30  # of the baseline: less than this is a clog even where the signals stay


@dataclass(frozen=True)
class Segment:
    """One part of a run that was removed, and why.

    Attributes
    ----------
    reason
        ``bubble``, ``carry-over``, ``clog``, ``drift``, ``flow`` or ``margin`` (scattered events at the end of a
        channel's range, for which no time is removed).
    first, stop
        The events lie from `first` up to and without `stop`; all of them are removed, except of a margin.
    events
        How many are removed.
    begin, duration
        In the time of the clock (seconds, or its ticks where their length is not known) since the run began.
    rate
        Events over what the baseline of the run expects.
    channels
        Channels that changed, the most shifted first; of a margin those that hold its events.
    shifts
        Difference of their mean rank from that of the run.
    """

    reason: Reason
    first: int
    stop: int
    events: int
    begin: float
    duration: float
    rate: float | None = None
    channels: tuple[str, ...] = ()
    shifts: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def end(self) -> float:
        """`begin` and `duration` together."""
        return self.begin + self.duration

    def as_dict(self) -> dict[str, object]:
        """Return plain values."""
        return {**vars(self), "channels": list(self.channels), "shifts": dict(self.shifts)}


def segments_of(
    slices: Slices, reference: Reference, *, bad: NDArray[np.bool_], checks: AcquisitionChecks
) -> tuple[Segment, ...]:
    """Return the stretches of `bad` slices (n_slices,), good ones in between that are too short among them."""
    stretches = _merged(_stretches(bad), slices.begin, checks.shortest_kept)
    return tuple(_segment(slices, reference, checks, stretch=stretch) for stretch in stretches)


def _stretches(bad: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], bad, [False]]).astype(np.int8)))
    return [(int(begin), int(end)) for begin, end in edges.reshape(-1, 2)]


def _merged(
    stretches: list[tuple[int, int]], begin: NDArray[np.float64], shortest: float
) -> list[tuple[int, int]]:
    """Take in what is kept between two stretches, or beyond the last one, for too short a time."""
    least = shortest * float(begin[-1] - begin[0])
    last = len(begin) - 1
    merged: list[tuple[int, int]] = []
    for first, stop in stretches:
        before = merged[-1][1] if merged else 0
        if begin[first] - begin[before] < least:
            first = merged.pop()[0] if merged else 0
        merged.append((first, last if begin[last] - begin[stop] < least else stop))
    return merged


def _segment(
    slices: Slices, reference: Reference, checks: AcquisitionChecks, *, stretch: tuple[int, int]
) -> Segment:
    begin, end = stretch
    part = slice(begin, end)
    since, until = (float(slices.begin[place] - slices.begin[0]) for place in stretch)
    events = int(slices.first[end] - slices.first[begin])
    shifts = slices.ranks[:, part].sum(axis=1) / events - reference.levels
    changed = np.abs(shifts) > checks.shift / 2
    look = _Look(
        rate=events / float(reference.expected[part].sum()),
        changed=float(changed.mean()) if changed.size else 0.0,
        shift=float(np.median(np.abs(shifts))) if changed.size else 0.0,
        length=(until - since) / float(slices.begin[-1] - slices.begin[0]),
        at_begin=begin == 0,
    )
    order = sorted(np.flatnonzero(changed).tolist(), key=lambda channel: -abs(shifts[channel]))
    return Segment(
        reason=_reason(look, checks),
        first=int(slices.first[begin]),
        stop=int(slices.first[end]),
        events=events,
        begin=since,
        duration=until - since,
        rate=look.rate,
        channels=tuple(slices.channels[channel] for channel in order),
        shifts=MappingProxyType({slices.channels[channel]: float(shifts[channel]) for channel in order}),
    )


@dataclass(frozen=True)
class _Look:
    """What a stretch looks like: rate over baseline, share of changed channels, median shift, share of the run."""

    rate: float
    changed: float
    shift: float
    length: float
    at_begin: bool


def _reason(look: _Look, checks: AcquisitionChecks) -> Reason:
    """Name what a stretch looks like."""
    slow, fast = look.rate < checks.slow**0.5, look.rate > checks.fast**0.5
    other_events = look.changed > _ALMOST_ALL and look.length < _LONGEST
    if other_events and look.at_begin:
        return "carry-over"
    if other_events and (not slow or look.shift > _STRANGE):
        return "bubble"
    if slow and (look.changed > 0 or look.rate < _CHOKED):
        return "clog"
    return "flow" if slow or fast else "drift"
