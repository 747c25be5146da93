"""A lot with one boundary moved in all its tubes: the same events, counted anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nkflow.errors import GateError
from nkflow.gating.adaptive.band import Band
from nkflow.gating.adaptive.events import Events
from nkflow.gating.adaptive.resolution import Resolved
from nkflow.gating.crossing import Crossing, all_events, crossing, decided, outline_moved
from nkflow.gating.moving import Movable
from nkflow.release.flip import Answer, Flip, nearest_among, nearest_between
from nkflow.release.tubes import GatedTube

if TYPE_CHECKING:
    from nkflow.gating.result import Gating

__all__ = ["MovedCut", "MovedOutline", "TubeEvents", "tube_events"]

HALF = 0.5  # outlines are looked at up to half and one and a half times their size
BAND = 0.3  # ln units: the lower edge of a band of single events lies 0.05 to 0.3 below its line

Judge = Callable[[tuple[GatedTube, ...]], Answer]


@dataclass(frozen=True, eq=False)
class TubeEvents:
    """A gated tube with its events in memory.

    Attributes
    ----------
    keep
        Which events count (n,); None: all.
    """

    tube: GatedTube
    gating: Gating
    events: Events
    keep: NDArray[np.bool_] | None

    def cut(self, name: str) -> Resolved | None:
        """Return the cut `name` that was found in this tube; None for what is fixed or carried over."""
        found = self.gating.resolution
        if found is None:
            return None
        return next((cut for cut in found.cuts if cut.name == name and cut.u is not None), None)

    def counted(self, counts: Mapping[int, int], kept: Mapping[int, int]) -> GatedTube:
        """Return the tube with other counts of some populations."""
        totals = self.gating.totals.counts.copy()
        for index, count in counts.items():
            totals[index] = count
        gating = replace(self.gating, totals=replace(self.gating.totals, counts=totals))
        keys = self.gating.template.tree.keys
        named = dict(self.tube.kept) | {keys[index]: count for index, count in kept.items()}
        own = {field.name: getattr(self.tube, field.name) for field in fields(GatedTube)}
        return _Counted(**(own | {"gating": gating}), counted_as=named)


@dataclass(frozen=True, eq=False)
class _Counted(GatedTube):
    """A tube whose kept events were counted otherwise."""

    counted_as: Mapping[str, int] | None = None

    @cached_property
    def kept(self) -> Mapping[str, int]:
        return self.counted_as or {}


def tube_events(tube: GatedTube) -> TubeEvents | None:
    """Return a gated tube with its events; None where their recount would not be the engine's."""
    gating = tube.gating
    if gating is None or gating.n_non_finite:
        return None
    events = all_events(gating)
    keep = None if tube.quality is None or not tube.quality.removed_events else tube.quality.mask
    tree = gating.template.tree
    for index in range(len(tree.nodes)):
        if (
            index not in gating.not_evaluable
            and np.count_nonzero(events.mask(index)) != gating.totals.counts[index]
        ):
            return None
    return TubeEvents(tube, gating, events, keep)


class MovedCut:
    """A boundary on one channel: every place of it is known from the events that it passes."""

    unit = "display units"

    def __init__(self, movable: Movable, tubes: tuple[TubeEvents, ...]) -> None:
        self._movable, self._tubes = movable, tubes
        self._crossings = tuple(map(self._crossing, tubes))
        if all(self._scale(tube) is None for tube in tubes):
            self.unit = "data units"

    def nearest(self, judge: Judge, *, now: str, upwards: bool) -> Flip | None:
        """Return the nearest flip on one side."""
        every = np.unique(np.concatenate([found.shifts for found, _ in self._crossings]))
        every = every[np.isfinite(every)]  # what the scale shows nowhere (zero on a log) no boundary reaches
        ends = [found.reach[1 if upwards else 0] for found, _ in self._crossings]
        end = min(ends) if upwards else max(ends)
        places = every[every >= 0] if upwards else every[every < 0][::-1]
        places = places[np.abs(places) <= abs(end)]
        return nearest_among(places, lambda shift: judge(self._at(shift)), now=now, end=end)

    def places(self, shift: float = 0.0) -> dict[str, float]:
        """Return sample tube -> where the boundary stands when it is moved by `shift`, data units."""
        found = {}
        for tube, (one, _) in zip(self._tubes, self._crossings, strict=True):
            if tube.tube.role == "sample":
                scale = self._scale(tube)
                exact = not shift and self._space(tube) == "data"
                value = one.place if exact else one.at + shift
                found[tube.tube.tube.name] = value if exact or scale is None else float(scale.inverse(value))
        return found

    def _crossing(self, tube: TubeEvents) -> tuple[Crossing, Crossing]:
        touched = decided(self._movable, tube.events, without=tube.gating.not_evaluable)
        every = crossing(tube.events, self._movable, touched=touched, keep=None)
        if tube.keep is None:
            return every, every
        return every, crossing(tube.events, self._movable, touched=touched, keep=tube.keep)

    def _at(self, shift: float) -> tuple[GatedTube, ...]:
        return tuple(
            tube.counted(every.counts(shift), kept.counts(shift))
            for tube, (every, kept) in zip(self._tubes, self._crossings, strict=True)
        )

    def _gate(self, tube: TubeEvents) -> Any:
        return tube.events.gates[self._movable.sets[0][0]]

    def _space(self, tube: TubeEvents) -> str:
        return str(self._gate(tube).space)

    def _scale(self, tube: TubeEvents) -> Any:
        channel = self._movable.channel
        return tube.events.scale(next(d for d in self._gate(tube).dimensions if d.channel == channel))


class MovedOutline:
    """An outline, drawn larger or smaller; every place is gated anew."""

    unit = "part of its size"

    def __init__(self, movable: Movable, tubes: tuple[TubeEvents, ...]) -> None:
        self._movable, self._tubes = movable, tubes
        bands = {
            tube.tube.tube.name: cut.answer
            for tube in tubes
            if (cut := tube.cut(movable.name)) and isinstance(cut.answer, Band)
        }
        names = {tube.tube.tube.name: tube.tube.carried_from or tube.tube.tube.name for tube in tubes}
        self._bands = {name: bands.get(source) for name, source in names.items()}

    def nearest(self, judge: Judge, *, now: str, upwards: bool) -> Flip | None:
        """Return the nearest flip on one side."""
        end = BAND if any(self._bands.values()) else HALF

        def verdict(shift: float) -> Answer:
            try:
                return judge(self._at(shift))
            except GateError:
                return now, ""  # no outline there: beyond what can be drawn nothing is said

        return nearest_between(end if upwards else -end, verdict, now=now)

    def places(self, shift: float = 0.0) -> dict[str, float]:
        """An outline has no single place."""
        return {}

    def _at(self, shift: float) -> tuple[GatedTube, ...]:
        return tuple(self._moved(tube, shift) for tube in self._tubes)

    def _moved(self, tube: TubeEvents, shift: float) -> GatedTube:
        own = self._bands[tube.tube.tube.name]
        touched = decided(self._movable, tube.events, without=tube.gating.not_evaluable)
        known = [index for index in tube.events.known if index not in touched]
        events = tube.events.regated(outline_moved(tube.events, self._movable, band=own)(shift), known)
        every = {index: int(np.count_nonzero(events.mask(index))) for index in touched}
        kept = every
        if tube.keep is not None:
            kept = {index: int(np.count_nonzero(events.mask(index) & tube.keep)) for index in touched}
        return tube.counted(every, kept)
