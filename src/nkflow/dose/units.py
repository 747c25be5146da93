"""Numbers with one of a closed set of units; what can't be added isn't.

A unit is a product of powers of six things: cells, volume, the recipient's mass, endotoxin units, time and
the mass of a substance. Base units: cell, µL, kg, EU, h, g.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from nkflow.errors import UnitError

__all__ = ["Quantity", "Unit", "plausible_mass"]

Unit = Literal[
    "1",
    "%",
    "cells",
    "uL",
    "mL",
    "kg",
    "g",
    "h",
    "EU",
    "cells/uL",
    "cells/mL",
    "cells/kg",
    "mL/kg",
    "EU/mL",
    "EU/kg",
    "EU/(kg h)",
    "g/mL",
    "g/kg",
]

_Dimension = tuple[int, int, int, int, int, int]

_UNITS: dict[str, tuple[_Dimension, float]] = {
    "1": ((0, 0, 0, 0, 0, 0), 1.0),
    "%": ((0, 0, 0, 0, 0, 0), 0.01),
    "cells": ((1, 0, 0, 0, 0, 0), 1.0),
    "uL": ((0, 1, 0, 0, 0, 0), 1.0),
    "mL": ((0, 1, 0, 0, 0, 0), 1000.0),
    "kg": ((0, 0, 1, 0, 0, 0), 1.0),
    "EU": ((0, 0, 0, 1, 0, 0), 1.0),
    "h": ((0, 0, 0, 0, 1, 0), 1.0),
    "g": ((0, 0, 0, 0, 0, 1), 1.0),
    "cells/uL": ((1, -1, 0, 0, 0, 0), 1.0),
    "cells/mL": ((1, -1, 0, 0, 0, 0), 0.001),
    "cells/kg": ((1, 0, -1, 0, 0, 0), 1.0),
    "mL/kg": ((0, 1, -1, 0, 0, 0), 1000.0),
    "EU/mL": ((0, -1, 0, 1, 0, 0), 0.001),
    "EU/kg": ((0, 0, -1, 1, 0, 0), 1.0),
    "EU/(kg h)": ((0, 0, -1, 1, -1, 0), 1.0),
    "g/mL": ((0, -1, 0, 0, 0, 1), 0.001),
    "g/kg": ((0, 0, -1, 0, 0, 1), 1.0),
}
_LB_PER_KG = 2.2046226218


@dataclass(frozen=True)
class Quantity:
    """A value and its unit.

    Sums and comparisons need the same dimension; products and quotients need a result that has a unit.

    Raises
    ------
    UnitError
        For an unknown unit, a sum of different things, or a product that the table doesn't know.
    """

    value: float
    unit: Unit

    def __post_init__(self) -> None:
        if self.unit not in _UNITS:
            hint = "Convert it: 1 kg is 2.2046 lb." if self.unit in ("lb", "lbs") else "Check the unit."
            raise UnitError(
                f"{self.unit} is no unit of nkflow",
                code="unit-unknown",
                found=str(self.unit),
                expected=", ".join(get_args(Unit)),
                next_step=hint,
            )

    @property
    def _dimension(self) -> _Dimension:
        return _UNITS[self.unit][0]

    @property
    def _in_base(self) -> float:
        return self.value * _UNITS[self.unit][1]

    def to(self, unit: Unit) -> float:
        """Return the value in another unit of the same dimension."""
        other = Quantity(0.0, unit)
        if other._dimension != self._dimension:
            raise UnitError(f"{self.unit} can't be given in {unit}", code="unit-mismatch", found=self.unit)
        return self._in_base / _UNITS[unit][1]

    def __add__(self, other: Quantity) -> Quantity:
        return Quantity(self.value + other.to(self.unit), self.unit)

    def __sub__(self, other: Quantity) -> Quantity:
        return Quantity(self.value - other.to(self.unit), self.unit)

    def __mul__(self, other: Quantity) -> Quantity:
        return self._combine(other, +1)

    def __truediv__(self, other: Quantity) -> Quantity:
        return self._combine(other, -1)

    def __lt__(self, other: Quantity) -> bool:
        return self.value < other.to(self.unit)

    def _combine(self, other: Quantity, sign: int) -> Quantity:
        """Multiply (sign +1) or divide (-1); the result is in the first unit of its dimension."""
        pairs = zip(self._dimension, other._dimension, strict=True)
        dimension = tuple(mine + sign * theirs for mine, theirs in pairs)
        for unit in get_args(Unit):
            if _UNITS[unit][0] == dimension:
                value = self._in_base * other._in_base if sign > 0 else self._in_base / other._in_base
                return Quantity(value / _UNITS[unit][1], unit)
        word = "times" if sign > 0 else "by"
        raise UnitError(f"{self.unit} {word} {other.unit} is no quantity of nkflow", code="unit-mismatch")


def plausible_mass(
    mass_kg: float, *, low_kg: float, high_kg: float, previous_kg: float | None, max_change_pct: float
) -> str | None:
    """Return why a recipient's mass can't be right, or None.

    A range alone can't see a child's 41 lb read as kg; a previous mass can, and the reason says so where the
    two differ by about the factor of lb and kg.
    """
    if not low_kg <= mass_kg <= high_kg:
        return f"{mass_kg:g} kg lies outside {low_kg:g} to {high_kg:g} kg"
    if previous_kg is None:
        return None
    change = 100 * (mass_kg / previous_kg - 1)
    if abs(change) <= max_change_pct:
        return None
    ratio = max(mass_kg / previous_kg, previous_kg / mass_kg)
    pounds = "; one of them looks like lb" if abs(ratio / _LB_PER_KG - 1) < 0.15 else ""
    return f"{mass_kg:g} kg differs {change:+.0f} % from the previous {previous_kg:g} kg{pounds}"
