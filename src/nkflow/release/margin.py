"""Margin to flip: how far each boundary may move before the lot's verdict changes, and which one matters most."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nkflow.gating.adaptive.band import Band
from nkflow.gating.moving import Movable, movables
from nkflow.gating.template import Template
from nkflow.release.flip import Answer, Flip
from nkflow.release.inputs import Inputs
from nkflow.release.judging import Judgement, judge_lot, without_later_doses
from nkflow.release.moved_lot import MovedCut, MovedOutline, TubeEvents, tube_events
from nkflow.release.tubes import GatedTube

__all__ = ["Margin", "Margins", "margins_of", "margins_of_lot"]

MOST_EVENTS = 8_000_000  # of all tubes together: 0.7 GB of columns and masks
Judge = Callable[[tuple[GatedTube, ...]], Answer]


@dataclass(frozen=True, eq=False)
class Margin:
    """How far one boundary may move.

    Attributes
    ----------
    name, channel, populations
        Of the boundary; population -> which number of its gate.
    unit
        Of all shifts: ``display units``, ``ln units`` (a band's lower edge), ``data units`` (no scale), or ``part of
        its size`` (an outline).
    places
        Sample tube -> where it stands, data units; empty for outlines.
    se, u
        Standard error and standard uncertainty of its place where it was found in the data (root mean square over
        the sample tubes), in `unit`; None for a fixed boundary.
    window
        Where it may lie, data units; None for a fixed boundary.
    down, up
        The nearest place at which the verdict changes; None where it stays however far the boundary moves.
    moved
        Sample tube -> (data units at `down`, at `up`); None for no flip.
    """

    name: str
    channel: str
    populations: Mapping[str, str]
    unit: str
    places: Mapping[str, float]
    se: float | None
    u: float | None
    window: tuple[float, float] | None
    down: Flip | None
    up: Flip | None
    moved: Mapping[str, tuple[float | None, float | None]]

    @property
    def least(self) -> float:
        """The smaller margin, in `unit`; infinite where nothing flips."""
        return min((abs(flip.shift) for flip in (self.down, self.up) if flip is not None), default=math.inf)

    @property
    def rank(self) -> tuple[bool, float]:
        """For sorting: boundaries with an uncertainty by their margin in units of it, before all others."""
        return (not self.u, self.least / self.u if self.u else self.least)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "name": self.name,
            "channel": self.channel,
            "sets": dict(self.populations),
            "unit": self.unit,
            "places": dict(self.places),
            "se": self.se,
            "u": self.u,
            "window": None if self.window is None else list(self.window),
            "down": self._side(self.down, 0),
            "up": self._side(self.up, 1),
        }

    def _side(self, flip: Flip | None, side: int) -> dict[str, Any] | None:
        if flip is None:
            return None
        at = {tube: ends[side] for tube, ends in self.moved.items()}
        data = {tube: place - self.places[tube] for tube, place in at.items() if place is not None}
        inside = None
        if self.window is not None and data:
            low, high = self.window
            inside = all(place is not None and low <= place <= high for place in at.values())
        return {
            "shift": flip.shift,
            "in_se": abs(flip.shift) / self.se if self.se else None,
            "in_u": abs(flip.shift) / self.u if self.u else None,
            "holds": flip.holds,
            "flips": flip.flips,
            "verdict": flip.verdict,
            "reason": flip.reason,
            "places": at,
            "data": data,
            "inside_window": inside,
        }


@dataclass(frozen=True, eq=False)
class Margins:
    """The margins of all boundaries, the one that matters most first.

    Attributes
    ----------
    verdict
        The verdict whose change is looked for.
    of
        ``lot``; or ``numbers`` where the lot is INVALID whatever the boundaries, and the verdict that the numbers alone
        give is looked at.
    reason
        Why there are none, or "".
    """

    verdict: str
    of: str
    margins: tuple[Margin, ...] = ()
    reason: str = ""

    @property
    def most(self) -> Margin | None:
        """The boundary that matters most: of those that can change the verdict the one with the least margin."""
        return next((margin for margin in self.margins if margin.least < math.inf), None)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "verdict": self.verdict,
            "of": self.of,
            "reason": self.reason,
            "most": None if self.most is None else self.most.name,
            "boundaries": [margin.as_dict() for margin in self.margins],
        }


def margins_of_lot(inputs: Inputs, tubes: tuple[GatedTube, ...], found: Judgement) -> Margins:
    """Return the margins of a judged lot; of one that is INVALID whatever the boundaries, those of its numbers."""
    if found.dose is None:
        return Margins(found.verdict, "lot", reason="the tubes give no dose")
    fast = without_later_doses(inputs)

    def whole(moved: tuple[GatedTube, ...]) -> Answer:
        again = judge_lot(fast, moved)
        return again.verdict, next(iter(again.reasons), "")

    def numbers(moved: tuple[GatedTube, ...]) -> Answer:
        again = judge_lot(fast, moved)
        return ("INVALID", "no dose") if again.dose is None else (again.dose.computed_verdict, "")

    if found.verdict != "INVALID":
        return margins_of(tubes, whole, verdict=found.verdict, of="lot")
    return margins_of(tubes, numbers, verdict=found.dose.computed_verdict, of="numbers")


def margins_of(tubes: tuple[GatedTube, ...], judge: Judge, *, verdict: str, of: str) -> Margins:
    """Return the margin of every boundary of the resolved templates.

    A boundary is moved by the same distance in all tubes at once, as one error of one template would move it; its
    events are counted exactly, and the lot is judged anew (`judge`: the verdict of tubes).
    """
    samples = [tube for tube in tubes if tube.role == "sample"]
    if not samples or any(tube.gating is None for tube in tubes):
        return Margins(verdict, of, reason="not every tube could be gated")
    if (total := sum(tube.sample.n_events for tube in tubes if tube.sample is not None)) > MOST_EVENTS:
        return Margins(
            verdict, of, reason=f"{total:,} events are more than the {MOST_EVENTS:,} that are recounted"
        )
    events = tuple(map(tube_events, tubes))
    if any(tube is None for tube in events):
        return Margins(
            verdict, of, reason="the events can't be recounted: some have no number in a gated channel"
        )
    known = tuple(tube for tube in events if tube is not None)
    template, cuts = _template(samples)
    cached: dict[tuple[Any, ...], Answer] = {}
    found = [
        _margin(movable, template, known, judge=_remembered(judge, cached), now=verdict)
        for movable in movables(template, cuts)
    ]
    return Margins(verdict, of, tuple(sorted(found, key=lambda margin: margin.rank)))


def _template(samples: Sequence[GatedTube]) -> tuple[Template, Sequence[Any]]:
    """Return a resolved template of the lot, and the cuts that were found for it in every sample tube."""
    gatings = [tube.gating for tube in samples if tube.gating is not None]
    template, resolution = gatings[0].template, gatings[0].resolution
    if resolution is None:
        return template, ()
    missing = {name for gating in gatings if gating.resolution for name in gating.resolution.missing}
    return template, [cut.document for cut in resolution.cuts if cut.name not in missing]


def _remembered(judge: Judge, cached: dict[tuple[Any, ...], Answer]) -> Judge:
    """Return `judge`, asked once for the same counts."""

    def remembered(tubes: tuple[GatedTube, ...]) -> Answer:
        key = tuple(
            (tuple(tube.kept.values()), None if tube.gating is None else tube.gating.totals.counts.tobytes())
            for tube in tubes
        )
        if key not in cached:
            cached[key] = judge(tubes)
        return cached[key]

    return remembered


def _margin(
    movable: Movable, template: Template, tubes: tuple[TubeEvents, ...], *, judge: Judge, now: str
) -> Margin:
    samples = [tube for tube in tubes if tube.tube.role == "sample"]
    answers = [cut for tube in samples if (cut := tube.cut(movable.name)) is not None]
    band = any(isinstance(cut.answer, Band) for cut in answers)
    lot = MovedOutline(movable, tubes) if movable.is_outline else MovedCut(movable, tubes)
    down, up = (lot.nearest(judge, now=now, upwards=upwards) for upwards in (False, True))
    places = lot.places()
    ends = [{} if flip is None else lot.places(flip.flips) for flip in (down, up)]
    moved = {tube: (ends[0].get(tube), ends[1].get(tube)) for tube in places}
    errors = [cut.se for cut in answers if cut.se is not None]
    return Margin(
        movable.name,
        movable.channel,
        movable.populations(template),
        "ln units" if band else lot.unit,
        places,
        _root_mean_square(errors),
        _root_mean_square([cut.u for cut in answers if cut.u is not None]),
        None if movable.cut is None else movable.cut.window,
        down,
        up,
        moved,
    )


def _root_mean_square(values: Sequence[float]) -> float | None:
    return math.sqrt(math.fsum(v * v for v in values) / len(values)) if values else None
