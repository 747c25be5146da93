"""Every dose level of the protocol from this bag: at the nominal and the rounded volume, and summed up."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from nkflow.dose.at import At, at_volume
from nkflow.dose.case import Case
from nkflow.dose.decide import Verdict, worst
from nkflow.dose.perkg import Amount
from nkflow.dose.plan import Bag, Volume, volume_for
from nkflow.dose.protocol import DoseLevel
from nkflow.dose.summed import Planned, Summed, summed_of
from nkflow.dose.window import Window, window_of

__all__ = ["Level", "levels_of"]


@dataclass(frozen=True, eq=False)
class Level:
    """One dose level; a level that can't be delivered has a volume and a reason, and nothing per kg."""

    level: DoseLevel
    volume: Volume
    max_dose_per_kg: float
    nominal: At | None = None
    rounded: At | None = None
    window: Window | None = None
    summed: Summed | None = None
    dosed: str = ""

    @property
    def delivered(self) -> Amount | None:
        """Dosed cells per kg at the rounded volume."""
        return None if self.rounded is None else self.rounded.amounts[self.dosed]

    @property
    def verdict(self) -> Verdict:
        """The worst of volume, dose window and the limits of one dose at the rounded volume."""
        if self.rounded is None or self.window is None:
            return "FAIL"
        return worst([self.window.verdict, *(judged.verdict for judged in self.rounded.limits.values())])

    def as_dict(self) -> dict[str, Any]:
        """Return every figure as plain values."""
        answer: dict[str, Any] = {
            "number": self.level.number,
            "day": self.level.day,
            "prescribed_per_kg": self.level.per_kg,
            "cells_needed": self.volume.cells_needed,
            "volume_ml": {"nominal": self.volume.nominal_ml, "rounded": self.volume.rounded_ml},
            "vials": self.volume.vials,
            "deliverable": self.volume.deliverable,
            "verdict": self.verdict,
            "reason": self.volume.reason,
            "max_dose_per_kg": self.max_dose_per_kg,
        }
        if self.delivered is None or self.nominal is None or self.rounded is None or self.window is None:
            return answer
        return answer | {
            "delivered_per_kg": self.delivered.value,
            "delivered_u_rel": self.delivered.u_rel,
            "delivered_interval": self.delivered.interval.as_dict(),
            "window": self.window.as_dict(),
            "nominal": self.nominal.as_dict(),
            "rounded": self.rounded.as_dict(),
            "cumulative": None if self.summed is None else self.summed.as_dict(),
        }


def levels_of(case: Case, bag: Bag) -> tuple[Level, ...]:
    """Plan every level of the protocol, and sum up from this dose on."""
    levels: list[Level] = []
    planned: list[Planned] = []
    for dose in case.protocol.doses:
        level = _level(case, bag, dose=dose)
        if level.nominal is not None and level.rounded is not None and dose.number >= case.order.number:
            planned.append(Planned(dose.per_kg, level.nominal, level.rounded))
            level = replace(level, summed=summed_of(case, bag, planned=planned))
        levels.append(level)
    return tuple(levels)


def _level(case: Case, bag: Bag, *, dose: DoseLevel) -> Level:
    protocol = case.protocol
    volume = volume_for(dose.per_kg, bag=bag, product=case.product, step_ml=protocol.volume.step_ml)
    if not volume.deliverable or volume.nominal_ml is None or volume.rounded_ml is None:
        return Level(dose, volume, bag.max_dose_per_kg)
    nominal, rounded = at_volume(case, volume.nominal_ml), at_volume(case, volume.rounded_ml)
    delivered = rounded.amounts[case.dosed]
    window = window_of(delivered, dose.per_kg, rule=protocol.dose_window, confidence=protocol.confidence)
    return Level(dose, volume, bag.max_dose_per_kg, nominal, rounded, window, None, case.dosed)
