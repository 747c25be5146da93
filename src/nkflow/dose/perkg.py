"""Everything per kg that one infused volume brings."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from nkflow.counting.budget import Term
from nkflow.counting.composition import Composition
from nkflow.counting.concentration import Concentration
from nkflow.counting.evaluable import NotEvaluable
from nkflow.counting.intervals import Interval, normal_quantile, poisson_upper
from nkflow.counting.rare import Ladder

__all__ = ["Amount", "amount_at", "amounts_at"]


@dataclass(frozen=True)
class Amount:
    """Cells of one population per kg of recipient.

    Once the volume is drawn it is fixed: the point estimate ``1000·C·V/w`` needs no bead count (it equals
    D·N_X/N_dosed at the nominal volume), but its uncertainty is all of u(C_X).

    Attributes
    ----------
    value, u_rel, terms
        Cells per kg, its relative standard uncertainty (None for no events) and the sources of it.
    interval, lognormal
        95 % intervals, cells per kg: the one to report, and the log-normal one where there are events.
    upper
        One-sided bound at the protocol's confidence: log-normal, or Poisson with φ for no events.
    poisson_upper
        One-sided 95 % Poisson bound of the pooled count (φ = 1), carried to cells per kg.
    lloq
        What the limit of quantification stands for, cells per kg; None where the protocol has none.
    """

    population: str
    events: int
    value: float
    u_rel: float | None
    terms: tuple[Term, ...]
    interval: Interval
    lognormal: Interval | None
    upper: float
    poisson_upper: float
    lloq: float | None
    ladder: Ladder | None

    @property
    def text(self) -> str:
        """The value as a report prints it: a number, or what can be said instead of one."""
        if self.ladder is None or self.lloq is None or self.ladder.rung == "quantified":
            return f"{self.value:.4g}"
        if self.ladder.rung == "not detected":
            return f"not detected (< {self.poisson_upper:.4g} with 95 % confidence)"
        return f"< LLOQ ({self.lloq:.4g})"

    def as_dict(self) -> dict[str, Any]:
        """Return every figure as plain values."""
        return {
            "value": self.value,
            "events": self.events,
            "u_rel": self.u_rel,
            "interval": self.interval.as_dict(),
            "lognormal": None if self.lognormal is None else self.lognormal.as_dict(),
            "upper": self.upper,
            "poisson_upper": self.poisson_upper,
            "lloq": self.lloq,
            "rung": None if self.ladder is None else self.ladder.rung,
            "text": self.text,
        }


def amounts_at(
    composition: Composition, volume_ml: float, *, mass_kg: float, confidence: float
) -> dict[str, Amount]:
    """Return the amount of every counted population in `volume_ml` mL."""
    amounts: dict[str, Amount] = {}
    for population in composition.populations:
        amount = amount_at(
            composition, population, volume_ml=volume_ml, mass_kg=mass_kg, confidence=confidence
        )
        if amount is not None:
            amounts[population] = amount
    return amounts


def amount_at(
    composition: Composition, population: str, *, volume_ml: float, mass_kg: float, confidence: float
) -> Amount | None:
    """Return cells of `population` per kg in `volume_ml` mL; None where it was not counted."""
    found = composition.concentration(population)
    if isinstance(found, NotEvaluable):
        return None
    rung = composition.ladder(population)
    ladder = None if isinstance(rung, NotEvaluable) else rung
    per_event = 1000 * found.per_event * volume_ml / mass_kg
    scale = 1000 * volume_ml / mass_kg
    return Amount(
        population,
        found.events,
        scale * found.per_ul,
        found.u_rel,
        found.budget.terms,
        _scaled(found.interval, scale),
        None if found.lognormal is None else _scaled(found.lognormal, scale),
        _upper(found, scale, confidence=confidence),
        per_event * found.poisson_upper_events,
        None if ladder is None else per_event * ladder.lloq,
        ladder,
    )


def _upper(found: Concentration, scale: float, *, confidence: float) -> float:
    """Return the one-sided upper bound in cells per kg."""
    if found.u_rel is None:
        events = float(poisson_upper(found.events, confidence=confidence, phi=found.phi))
        return scale * found.per_event * events
    spread = float(normal_quantile(confidence)) * found.u_rel
    return scale * found.per_ul * math.exp(spread)


def _scaled(interval: Interval, factor: float) -> Interval:
    return Interval(interval.low * factor, interval.high * factor, interval.method, interval.level)
