"""The events of one tube that change their place when one boundary moves: exact counts for every place of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nkflow.gating.adaptive.band import Band
from nkflow.gating.adaptive.events import Events
from nkflow.gating.adaptive.order import entries_under
from nkflow.gating.adaptive.setting import with_outline
from nkflow.gating.compile_gate import scale_for
from nkflow.gating.gates import Dimension, Ellipsoid, Gate, Polygon, Quadrant, Range, Rectangle
from nkflow.gating.moving import Movable, grown, moved, number_of, room
from nkflow.gating.result import Gating
from nkflow.scales import pull_back

__all__ = ["Crossing", "all_events", "crossing", "outline_moved"]

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Crossing:
    """Counts of one tube as a function of how far a boundary is moved, in display units of its channel.

    Attributes
    ----------
    at
        Where the boundary stands, display units (data units where the channel has no scale).
    place
        The same in the gate's own units.
    shifts : (n,)
        Ascending: where an event changes place. An event is below a boundary moved by s where its shift is < s.
    reach
        How far it may move down and up before a gate would be empty.
    start
        Population -> events with the boundary below all events.
    lost, gained
        Population -> shifts of the events that leave it, and that enter it, when the boundary passes them.
    """

    at: float
    place: float
    shifts: Array = field(repr=False)
    reach: tuple[float, float]
    start: Mapping[int, int] = field(repr=False)
    lost: Mapping[int, Array] = field(repr=False)
    gained: Mapping[int, Array] = field(repr=False)

    def counts(self, shift: float) -> dict[int, int]:
        """Return population -> events, of the populations that the boundary decides."""
        return {
            index: count
            - int(np.searchsorted(self.lost[index], shift))
            + int(np.searchsorted(self.gained[index], shift))
            for index, count in self.start.items()
        }


def all_events(gating: Gating) -> Events:
    """Return every event of a gated tube in memory, compensated, with the gates it was gated by."""
    gates = [population.gate for population in gating.template.populations]
    return Events.read(gating.sample, gating.binding, gates, (), most=max(1, gating.n_events))


def decided(movable: Movable, events: Events, *, without: Mapping[int, str]) -> tuple[int, ...]:
    """Return the evaluable populations whose events the boundary decides, directly or through others."""
    tree = events.binding.template.tree
    sets = {entry for entry, _ in movable.sets}
    return tuple(
        index
        for index, node in enumerate(tree.nodes)
        if index not in without and sets & entries_under(tree, (node.path,))
    )


def crossing(events: Events, movable: Movable, *, touched: tuple[int, ...], keep: Mask | None) -> Crossing:
    """Return the exact counts of `touched` populations for every place of a boundary on one channel.

    Between its lowest and its highest possible place an event's membership changes once, when the boundary passes
    it. So two gatings, with the boundary below and above all events, say everything.

    Parameters
    ----------
    keep
        Which events count (n,); None: all.
    """
    gate, number = events.gates[movable.sets[0][0]], movable.sets[0][1]
    assert isinstance(gate, Range | Rectangle | Quadrant)  # what else has numbers
    ends = room(events.gates, movable)
    rest = [index for index in range(len(events.binding.template.tree.nodes)) if index not in touched]
    known = [index for index in rest if index in events.known]
    below, above = (events.regated(_with(events, movable, end), known) for end in ends)
    dimension = next(d for d in gate.dimensions if d.channel == movable.channel)
    place, scale = number_of(gate, number), events.scale(dimension)
    at = place if gate.space == "display" or scale is None else float(scale.column(np.array([place]))[0])
    threshold = pull_back(scale, place) if gate.space == "display" and scale is not None else place
    shift = _shifts(events, dimension, at=at, threshold=threshold)
    start, lost, gained = {}, {}, {}
    changed = np.zeros(events.n, dtype=np.bool_)
    for index in touched:
        one, other = below.mask(index), above.mask(index)
        if keep is not None:
            one, other = one & keep, other & keep
        start[index] = int(np.count_nonzero(one))
        leaves, enters = one & ~other, other & ~one
        lost[index], gained[index] = np.sort(shift[leaves]), np.sort(shift[enters])
        changed |= leaves | enters
    reach = tuple(_shown(events, dimension, end, gate.space) - at for end in ends)
    return Crossing(at, place, np.unique(shift[changed]), (reach[0], reach[1]), start, lost, gained)


def outline_moved(events: Events, movable: Movable, *, band: Band | None) -> Callable[[float], list[Gate]]:
    """Return the function that gives all gates with an outline moved: a band's lower edge by ln units, all else larger
    by a part of its size."""
    entry = movable.sets[0][0]
    gate = events.gates[entry]
    assert isinstance(gate, Polygon | Ellipsoid)
    scales = [scale_for(gate, events.binding.source(dimension)) for dimension in gate.dimensions]

    def gates(by: float) -> list[Gate]:
        changed = list(events.gates)
        changed[entry] = with_outline(gate, band.vertices(by)) if band else grown(gate, scales, by)
        return changed

    return gates


def _with(events: Events, movable: Movable, value: float) -> list[Gate]:
    gates = list(events.gates)
    for entry, number in movable.sets:
        gates[entry] = moved(gates[entry], number, value)
    return gates


def _shifts(events: Events, dimension: Dimension, *, at: float, threshold: float) -> Array:
    """Return how far the boundary has to move to reach each event (n,): >= 0 for those that are above it now."""
    values, scale = events.values(dimension), events.scale(dimension)
    shift = np.asarray(values if scale is None else scale.column(values)) - at
    above = values >= threshold
    least = np.nextafter(0.0, -1.0)
    return np.where(above, np.maximum(shift, 0.0), np.minimum(shift, least))


def _shown(events: Events, dimension: Dimension, value: float, space: str) -> float:
    scale = events.scale(dimension)
    if scale is None or space == "display" or abs(value) >= 1e300:
        return float(np.sign(value) * np.inf) if abs(value) >= 1e300 else value
    return float(scale.column(np.array([value]))[0])
