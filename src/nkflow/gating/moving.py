"""The boundaries of a template that can move, each with all the gates that it belongs to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from nkflow.gating.adaptive.document import CutDocument
from nkflow.gating.adaptive.fixed_numbers import numbers_in
from nkflow.gating.adaptive.order import entries_set
from nkflow.gating.adaptive.setting import with_number
from nkflow.gating.gates import Boolean, Ellipsoid, Gate, Polygon, Quadrant, Range, Rectangle
from nkflow.gating.template import Template
from nkflow.scales import Scale

__all__ = ["BEYOND", "Movable", "grown", "movables", "moved", "number_of", "room"]

BEYOND = 1e300  # data units: past every value that a cytometer stores
OUTLINE = "gate"


@dataclass(frozen=True)
class Movable:
    """One boundary: numbers of gates that stand on one channel at one place, and so move together.

    Attributes
    ----------
    name
        Of the cut that was found, else channel (and population, where a channel has several).
    sets
        (entry, number of its gate); number ``gate`` is a whole outline.
    cut
        The document of an adaptive cut; None for fixed numbers.
    """

    name: str
    channel: str
    sets: tuple[tuple[int, str], ...]
    cut: CutDocument | None = None

    @property
    def is_outline(self) -> bool:
        """Tell whether it is a polygon or an ellipse, which has no single place."""
        return self.sets[0][1] == OUTLINE

    def populations(self, template: Template) -> dict[str, str]:
        """Return first population of each entry -> the number that moves."""
        return {template.populations[entry].names[0]: number for entry, number in self.sets}


def movables(template: Template, cuts: Sequence[CutDocument] = ()) -> tuple[Movable, ...]:
    """Return every boundary of a fixed `template`: those of the adaptive `cuts` it came from, then the others.

    Fixed numbers that are equal on one channel are one boundary: where monocytes end, lymphoid cells begin. Ratios
    of channels, and entries without a gate, are left out.
    """
    found = [
        Movable(cut.name, cut.channel, tuple(entries_set(cut, template.tree).items()), cut) for cut in cuts
    ]
    taken = {pair for movable in found for pair in movable.sets}
    groups: dict[tuple[str, object, str], list[tuple[int, str]]] = {}
    for entry, population in enumerate(template.populations):
        gate = population.gate
        if isinstance(gate, Boolean) or any(d.per is not None for d in gate.dimensions):
            continue
        for number, channel, value in numbers_in(gate):
            if (entry, number) not in taken:
                place = f"outline {entry}" if value is None else value
                groups.setdefault((channel, place, gate.space), []).append((entry, number))
    channels = [channel for channel, _, _ in groups] + [movable.name for movable in found]
    for (channel, _, _), pairs in groups.items():
        owner = template.populations[pairs[0][0]].names[0]
        outline = pairs[0][1] == OUTLINE
        name = owner if outline else channel if channels.count(channel) == 1 else f"{channel} of {owner}"
        found.append(Movable(name, channel, tuple(pairs)))
    dead = {k for k, entry in enumerate(template.document.populations) if entry.not_found}
    return tuple(movable for movable in found if not {entry for entry, _ in movable.sets} & dead)


def number_of(gate: Gate, number: str) -> float:
    """Return a number of a gate by its name, in the gate's own units."""
    value = next(value for name, _, value in numbers_in(gate) if name == number)
    assert value is not None  # outlines have none, and are asked for by nobody
    return value


def moved(gate: Gate, number: str, value: float) -> Gate:
    """Return `gate` with one number changed; quadrants with several cuts on a channel too.

    Raises
    ------
    GateError
        Where the gate would be empty, or its cuts not ascend.
    """
    if isinstance(gate, Range | Rectangle) or number in ("x_cut", "y_cut"):
        return with_number(gate, number, value)
    assert isinstance(gate, Quadrant)
    channel, _, place = number.rpartition(" ")
    k = next(k for k, divider in enumerate(gate.dividers) if divider.dimension.channel == channel)
    cuts = list(gate.dividers[k].values)
    cuts[int(place) - 1] = value
    if k >= 2:
        further = list(gate.further)
        further[k - 2] = replace(further[k - 2], cuts=tuple(cuts))
        return replace(gate, further=tuple(further))
    return replace(gate, x_cut=tuple(cuts)) if k == 0 else replace(gate, y_cut=tuple(cuts))


def room(gates: Sequence[Gate], movable: Movable) -> tuple[float, float]:
    """Return the lowest and highest place that leaves no gate empty, in the gates' own units."""
    low, high = -BEYOND, BEYOND
    for entry, number in movable.sets:
        for name, channel, value in numbers_in(gates[entry]):
            if value is None or channel != movable.channel or name == number:
                continue
            mine = number_of(gates[entry], number)
            if value < mine:
                low = max(low, math.nextafter(value, math.inf))
            elif value > mine:
                high = min(high, math.nextafter(value, -math.inf))
    return low, high


def grown(gate: Polygon | Ellipsoid, scales: Sequence[Scale | None], by: float) -> Gate:
    """Return an outline drawn larger round its middle by a part of its size on its axes; 0.1 is a tenth.

    `scales`: one an axis; None where the outline is straight in data units.

    Raises
    ------
    GateError
        Where the larger outline has no place on its scales.
    """
    if isinstance(gate, Ellipsoid) and gate.covariance is not None:
        return replace(gate, distance_square=gate.distance_square * (1 + by) ** 2)
    if isinstance(gate, Ellipsoid):
        middle = _shown(gate.centre, scales, gate)
        ends = [_stretched(_shown(end, scales, gate), middle, by) for end in gate.rows]
        return replace(gate, half_axes=tuple(_data(end, scales, gate) for end in ends))
    corners = [_shown(corner, scales, gate) for corner in gate.vertices]
    middle = [math.fsum(column) / len(corners) for column in zip(*corners, strict=True)]
    larger = [_stretched(corner, middle, by) for corner in corners]
    return replace(gate, vertices=tuple(_data(corner, scales, gate) for corner in larger))


def _stretched(point: Sequence[float], middle: Sequence[float], by: float) -> list[float]:
    return [m + (1 + by) * (p - m) for p, m in zip(point, middle, strict=True)]


def _shown(point: Sequence[float], scales: Sequence[Scale | None], gate: Polygon | Ellipsoid) -> list[float]:
    if gate.space == "display":
        return list(point)
    return [v if s is None else float(s.forward(v)) for v, s in zip(point, scales, strict=True)]


def _data(
    point: Sequence[float], scales: Sequence[Scale | None], gate: Polygon | Ellipsoid
) -> tuple[float, ...]:
    if gate.space == "display":
        return tuple(point)
    return tuple(v if s is None else float(s.inverse(v)) for v, s in zip(point, scales, strict=True))
