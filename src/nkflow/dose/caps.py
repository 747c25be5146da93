"""How large could the dose be? The bag may end it, or a residual, endotoxin or DMSO before the cells do."""

from __future__ import annotations

import math
from dataclasses import dataclass

from nkflow.counting.concentration import Concentration
from nkflow.counting.evaluable import NotEvaluable
from nkflow.counting.intervals import normal_quantile, poisson_upper
from nkflow.dose.case import Case
from nkflow.dose.judge import DMSO_G_PER_ML
from nkflow.dose.limits import Limit
from nkflow.dose.plan import Bag

__all__ = ["Cap", "caps_of"]


@dataclass(frozen=True)
class Cap:
    """The largest volume, and the dose in it, that one attribute allows by the limit's own rule.

    A limit itself is the edge: with ``<`` the volume has to stay below.
    """

    attribute: str
    max_volume_ml: float
    max_dose_per_kg: float

    def as_dict(self) -> dict[str, object]:
        """Return the figures as plain values."""
        return dict(vars(self))


def caps_of(case: Case, bag: Bag) -> tuple[Cap, ...]:
    """Return every cap, the limiting one first."""
    volumes = {"deliverable volume": bag.deliverable_ml}
    for limit in case.protocol.limits:
        if limit.op in ("<", "<=") and limit.scope == "dose":
            volume = _max_volume(case, limit)
            if volume is not None:
                volumes[limit.name] = volume
    per_ml = 1000 * bag.per_ul / case.recipient.mass_kg
    caps = [Cap(name, volume, volume * per_ml) for name, volume in volumes.items()]
    return tuple(sorted(caps, key=lambda cap: (cap.max_volume_ml, cap.attribute)))


def _max_volume(case: Case, limit: Limit) -> float | None:
    """Return the volume in mL at which the limit is reached; None where no volume reaches it."""
    per_ml = _per_ml(case, limit)
    if per_ml is None or per_ml <= 0:
        return None
    return limit.value * case.recipient.mass_kg / per_ml


def _per_ml(case: Case, limit: Limit) -> float | None:
    """Return how much of the limited thing one mL holds, with its guard where the rule has one."""
    match limit.quantity:
        case "per_kg":
            found = case.composition.concentration(case.protocol.population(limit.population or ""))
            return None if isinstance(found, NotEvaluable) else _cells_per_ml(case, limit, found=found)
        case "dmso_per_kg":
            fraction = case.product.dmso_fraction
            return None if fraction is None else fraction * DMSO_G_PER_ML
        case "endotoxin_per_kg" | "endotoxin_per_kg_h":
            result = case.external.get("endotoxin_eu_per_ml")
            if result is None:
                return None
            value = result.value if result.value is not None else result.below
            hours = case.order.infusion_h if limit.quantity == "endotoxin_per_kg_h" else 1.0
            return None if value is None or hours is None else value / hours
    return None


def _cells_per_ml(case: Case, limit: Limit, *, found: Concentration) -> float:
    """Return cells per mL; by the guarded rule their one-sided upper bound."""
    if limit.rule == "simple":
        return found.per_ml
    confidence = case.protocol.confidence
    if found.u_rel is None:
        return 1000 * found.per_event * float(poisson_upper(0, confidence=confidence, phi=found.phi))
    return found.per_ml * math.exp(float(normal_quantile(confidence)) * found.u_rel)
