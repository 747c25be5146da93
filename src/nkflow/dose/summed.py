"""Doses given and planned, added up, against the cumulative limits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nkflow.dose.at import At
from nkflow.dose.case import Case
from nkflow.dose.cumulative import Part, Total, part_of, total
from nkflow.dose.decide import Judged
from nkflow.dose.judge import judge_total
from nkflow.dose.plan import Bag
from nkflow.dose.reportable import decimal

__all__ = ["Planned", "Summed", "summed_of"]


@dataclass(frozen=True, eq=False)
class Planned:
    """One dose planned from this bag."""

    prescribed_per_kg: float
    nominal: At
    rounded: At


@dataclass(frozen=True, eq=False)
class Summed:
    """All doses up to a level: those given, and those planned from this bag up to here.

    Volumes are drawn from this bag; `remaining_ml` is what they leave of its deliverable volume, and below 0
    where one bag can't give them all.
    """

    prescribed_per_kg: float
    nominal_ml: float
    rounded_ml: float
    remaining_ml: float
    nominal: dict[str, Total]
    rounded: dict[str, Total]
    nominal_limits: dict[str, Judged]
    rounded_limits: dict[str, Judged]

    def as_dict(self) -> dict[str, Any]:
        """Return every figure as plain values."""

        def side(totals: dict[str, Total], limits: dict[str, Judged]) -> dict[str, Any]:
            return {
                "per_kg": {name: found.as_dict() for name, found in totals.items()},
                "limits": {name: judged.as_dict() for name, judged in limits.items()},
            }

        return {
            "prescribed_per_kg": self.prescribed_per_kg,
            "volume_ml": {"nominal": self.nominal_ml, "rounded": self.rounded_ml},
            "remaining_ml": self.remaining_ml,
            "nominal": side(self.nominal, self.nominal_limits),
            "rounded": side(self.rounded, self.rounded_limits),
        }


def summed_of(case: Case, bag: Bag, *, planned: Sequence[Planned]) -> Summed:
    """Add `planned` doses from this bag to those already given."""
    drawn = [decimal(one.rounded.volume_ml) for one in planned]
    prescribed = {level.number: level.per_kg for level in case.protocol.doses}
    given = math.fsum(prescribed.get(dose.number, 0.0) for dose in case.given)
    nominal = _totals(case, [one.nominal for one in planned])
    rounded = _totals(case, [one.rounded for one in planned])
    return Summed(
        given + math.fsum(one.prescribed_per_kg for one in planned),
        math.fsum(one.nominal.volume_ml for one in planned),
        float(sum(drawn)),
        float(decimal(bag.deliverable_ml) - sum(drawn)),
        nominal,
        rounded,
        judge_total(case, nominal),
        judge_total(case, rounded),
    )


def _totals(case: Case, planned: list[At]) -> dict[str, Total]:
    """Sum each population over the doses given and planned; left out where an earlier record lacks it."""
    totals: dict[str, Total] = {}
    for population in planned[-1].amounts:
        parts: list[Part | None] = [
            dose.part(population, confidence=case.protocol.confidence) for dose in case.given
        ]
        parts += [part_of(at.amounts[population]) for at in planned]
        known = [part for part in parts if part is not None]
        if len(known) == len(parts):
            totals[population] = total(known)
    return totals
