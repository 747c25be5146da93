"""The numbers of a template's gates that no cut sets: the same in every tube."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from nkflow.gating.gates import Boolean, Ellipsoid, Gate, Polygon, Quadrant, Range, Rectangle
from nkflow.gating.template import Template

__all__ = ["FixedNumber", "fixed_numbers", "numbers_in"]


@dataclass(frozen=True)
class FixedNumber:
    """One end or outline of a gate: of which populations, on which channel, where."""

    populations: tuple[str, ...]
    number: str
    channel: str
    value: float | None
    space: str

    @property
    def text(self) -> str:
        """In words."""
        what = "an outline" if self.value is None else f"{self.number} {self.value:g}"
        units = " display units" if self.value is not None and self.space == "display" else ""
        return f"{', '.join(self.populations)}: {what} on {self.channel}{units}, fixed"

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "populations": list(self.populations), "number": self.number, "channel": self.channel,
            "value": self.value, "space": self.space,
        }  # fmt: skip


def fixed_numbers(
    template: Template, entries: Collection[int], *, but: Collection[tuple[int, str]] = ()
) -> tuple[FixedNumber, ...]:
    """Return the numbers of the gates `entries`, without those (entry, number) in `but`."""
    found = []
    for entry in sorted(entries):
        population = template.populations[entry]
        gate = population.gate
        for number, channel, value in numbers_in(gate):
            if (entry, number) not in but:
                found.append(
                    FixedNumber(population.names, number, channel, value, getattr(gate, "space", "data"))
                )
    return tuple(found)


def numbers_in(gate: Gate) -> Iterator[tuple[str, str, float | None]]:
    """Yield (number, channel, value) of a gate; of an outline one with value None. Booleans have none."""
    match gate:
        case Boolean():
            return
        case Polygon() | Ellipsoid():
            yield "gate", " and ".join(dimension.channel for dimension in gate.dimensions), None
        case Range():
            ends = (("low", gate.low), ("high", gate.high))
            yield from ((name, gate.dimensions[0].channel, end) for name, end in ends if end is not None)
        case Rectangle():
            for dimension, low, high in gate.sides:
                ends = ((f"{dimension.channel} low", low), (f"{dimension.channel} high", high))
                yield from ((name, dimension.channel, end) for name, end in ends if end is not None)
        case Quadrant():
            names = ("x_cut", "y_cut")
            for k, divider in enumerate(gate.dividers):
                for j, value in enumerate(divider.values):
                    one = k < 2 and len(divider.values) == 1
                    name = names[k] if one else f"{divider.dimension.channel} {j + 1}"
                    yield name, divider.dimension.channel, value
