"""Quantities that can be added, and those that can't."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nkflow.dose.units import Quantity, plausible_mass
from nkflow.errors import InvalidValueError, UnitError

MASS = {"low_kg": 8.0, "high_kg": 160.0, "max_change_pct": 15.0}


def test_sums__need_the_same_dimension() -> None:
    assert (Quantity(1.0, "mL") + Quantity(500.0, "uL")).value == pytest.approx(1.5)
    assert (Quantity(1.0, "mL") - Quantity(500.0, "uL")).unit == "mL"
    assert Quantity(400.0, "uL") < Quantity(0.5, "mL")
    for other in (Quantity(1.0, "kg"), Quantity(1.0, "cells/mL"), Quantity(1.0, "1")):
        with pytest.raises(UnitError):
            Quantity(1.0, "mL") + other


def test_volume_of_a_dose__is_what_the_units_say() -> None:
    needed = Quantity(5e6, "cells/kg") * Quantity(18.6, "kg")
    assert (needed.value, needed.unit) == (pytest.approx(9.3e7), "cells")
    volume = needed / Quantity(4173.191986644408, "cells/uL")
    assert volume.to("mL") == pytest.approx(22.28509982230166, rel=1e-12)
    by_ml = needed / Quantity(4173191.986644408, "cells/mL")
    assert by_ml.to("mL") == pytest.approx(volume.to("mL"), rel=1e-12)


def test_products__that_nobody_needs_are_refused() -> None:
    with pytest.raises(UnitError, match="no quantity of nkflow"):
        Quantity(1.0, "kg") * Quantity(1.0, "kg")
    with pytest.raises(UnitError):
        Quantity(1.0, "cells") / Quantity(1.0, "g")


def test_endotoxin__per_kg_and_hour() -> None:
    per_kg = Quantity(0.25, "EU/mL") * Quantity(22.3, "mL") / Quantity(18.6, "kg")
    assert per_kg.to("EU/kg") == pytest.approx(0.29973118279569894, rel=1e-12)
    assert (per_kg / Quantity(0.5, "h")).unit == "EU/(kg h)"


@pytest.mark.parametrize("unit", ["lb", "lbs", "stone", "cells/ml", ""])
def test_unknown_units__are_refused_with_what_to_do(unit: str) -> None:
    with pytest.raises(UnitError) as caught:
        Quantity(41.0, unit)  # type: ignore[arg-type]
    assert isinstance(caught.value, InvalidValueError)
    assert ("2.2046" in str(caught.value)) == unit.startswith("lb")


@settings(deadline=None)
@given(st.floats(1e-6, 1e6))
def test_conversion__goes_there_and_back(value: float) -> None:
    assert Quantity(Quantity(value, "mL").to("uL"), "uL").to("mL") == pytest.approx(value)


@pytest.mark.parametrize(
    ("mass", "previous", "said"),
    [
        (18.6, None, None),
        (18.6, 18.2, None),
        (3.0, None, "outside"),
        (180.0, None, "outside"),
        (41.0, 18.6, "looks like lb"),
        (18.6, 41.0, "looks like lb"),
        (24.0, 18.6, "differs"),
    ],
)
def test_mass__is_plausible_or_told_why_not(mass: float, previous: float | None, said: str | None) -> None:
    reason = plausible_mass(mass, previous_kg=previous, **MASS)
    assert (reason is None) == (said is None)
    if said is not None:
        assert said in str(reason)
