"""One volume: what it brings per kg, and how the limits judge it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nkflow.dose.case import Case
from nkflow.dose.decide import Judged
from nkflow.dose.judge import judge_volume
from nkflow.dose.perkg import Amount, amounts_at
from nkflow.dose.units import Quantity

__all__ = ["At", "at_volume"]


@dataclass(frozen=True, eq=False)
class At:
    """What one volume brings per kg, and how the limits judge it."""

    volume_ml: float
    amounts: dict[str, Amount]
    limits: dict[str, Judged]
    endotoxin_eu_per_kg: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return every figure as plain values."""
        return {
            "volume_ml": self.volume_ml,
            "per_kg": {name: amount.as_dict() for name, amount in self.amounts.items()},
            "endotoxin_eu_per_kg": self.endotoxin_eu_per_kg,
            "limits": {name: judged.as_dict() for name, judged in self.limits.items()},
        }


def at_volume(case: Case, volume_ml: float) -> At:
    """Return everything per kg in `volume_ml` mL, with the limits of one dose."""
    mass = case.recipient.mass_kg
    amounts = amounts_at(case.composition, volume_ml, mass_kg=mass, confidence=case.protocol.confidence)
    result = case.external.get("endotoxin_eu_per_ml")
    endotoxin = None
    if result is not None and result.value is not None:
        given = Quantity(result.value, "EU/mL") * Quantity(volume_ml, "mL")
        endotoxin = (given / Quantity(mass, "kg")).to("EU/kg")
    return At(volume_ml, amounts, judge_volume(case, amounts, volume_ml=volume_ml), endotoxin)
