"""Few events: limits of blank, detection and quantification, the ladder, and how many events are enough."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from scipy import special

from nkflow.counting.evaluable import NotEvaluable
from nkflow.counting.intervals import poisson_upper
from nkflow.counting.rules import BlankLimit, RareRule

__all__ = [
    "Ladder",
    "Rung",
    "blank_limit",
    "detection_limit",
    "events_needed",
    "events_to_acquire",
    "ladder",
]

_MOST_EVENTS = 1_000_000_000

Rung = Literal["not detected", "trace", "detected, < LLOQ", "quantified"]


@dataclass(frozen=True)
class Ladder:
    """Where a count stands: N ≤ LoB not detected, < LoD trace, < LLOQ detected, else quantified.

    `lob`, `lod` and `lloq` are in pooled events; `lob_source` says where the limit of blank came from. The
    smallest mean that the blank lets one detect stands beside the protocol's own `lod`.
    """

    events: int
    lob: float
    lod: float
    lloq: float
    lob_source: str

    @property
    def rung(self) -> Rung:
        """The word for the count; every count has one."""
        if self.events <= self.lob:
            return "not detected"
        if self.events < self.lod:
            return "trace"
        return "detected, < LLOQ" if self.events < self.lloq else "quantified"

    def as_dict(self) -> dict[str, object]:
        """Return the rung and its limits as plain values."""
        return {"rung": self.rung, "events": self.events, "lob_events": self.lob} | {
            "lod_events": self.lod,
            "lloq_events": self.lloq,
            "lod_of_blank_events": detection_limit(self.lob),
            "lob_source": self.lob_source,
        }


def detection_limit(lob: float, confidence: float = 0.95) -> float:
    """Return the smallest mean count that exceeds `lob` with probability `confidence` (EP17).

    ``χ²⁻¹(confidence; 2·lob+2)/2``: 7.7537 events for a limit of blank of 3.
    """
    return float(poisson_upper(math.floor(lob), confidence=confidence))


def predicted_blank(blank: int, parent: int, *, pooled_parent: int, confidence: float = 0.95) -> int:
    """Return the limit of blank, in events of `pooled_parent`, that one blank tube predicts.

    The blank's own `blank` events out of `parent` are few, so their mean is uncertain: with Jeffreys' prior
    the count to come is negative binomial with size ``blank + ½`` and odds ``pooled_parent / parent``. Its
    95th percentile is the limit. Large blanks leave the Poisson percentile of their mean: 3, 5, 9, 14 and 28
    events for means of 1, 2, 5, 9 and 20.
    """
    size, odds = blank + 0.5, pooled_parent / parent
    count = 0
    while special.betainc(size, count + 1, 1 / (1 + odds)) < confidence:
        count += 1
    return count


def blank_limit(
    population: str, *, rule: BlankLimit, pooled: Mapping[str, int], blanks: Mapping[str, Mapping[str, int]]
) -> tuple[float, str] | NotEvaluable:
    """Return the limit of blank of `population` in pooled events, and where it came from.

    Parameters
    ----------
    rule
        Events, a fraction of the parent, or the marker whose FMO tubes are the blanks.
    pooled
        Events of the sample tubes.
    blanks
        Pooled counts of the lot's FMO tubes, by marker.
    """
    if rule.events is not None:
        return rule.events, "protocol, in events"
    blank = blanks.get(rule.marker) if rule.marker is not None else None
    if blank is not None and blank.get(rule.of, 0) > 0 and population in blank:
        found = predicted_blank(blank[population], blank[rule.of], pooled_parent=pooled[rule.of])
        return float(found), f"FMO-{rule.marker}: {blank[population]} of {blank[rule.of]} {rule.of}"
    if rule.fraction is None:
        return NotEvaluable(f"the lot has no FMO tube of {rule.marker}, and the protocol no fraction")
    return rule.fraction * pooled[rule.of], f"protocol: {rule.fraction:g} of {rule.of}"


def ladder(
    population: str, *, rule: RareRule, pooled: Mapping[str, int], blanks: Mapping[str, Mapping[str, int]]
) -> Ladder | NotEvaluable:
    """Place the pooled count of `population` on its ladder."""
    limit = blank_limit(population, rule=rule.lob, pooled=pooled, blanks=blanks)
    if isinstance(limit, NotEvaluable):
        return limit
    return Ladder(pooled[population], limit[0], rule.lod_events, rule.lloq_events, limit[1])


def events_needed(
    seen: int, *, dose_per_kg: float, limit_per_kg: float, confidence: float = 0.95, phi: float = 1.0
) -> int:
    """Return how many events of the dosed population show that a residual is below its limit.

    With `seen` events of the residual among them, the one-sided bound ``U(seen)·D/N`` of the residual per kg
    has to be at most L: ``N ≥ U(seen)·D/L``. 0 residual events, D = 5e6/kg and L = 1e4/kg need
    1,498.
    """
    return math.ceil(float(poisson_upper(seen, confidence=confidence, phi=phi)) * dose_per_kg / limit_per_kg)


def events_to_acquire(
    ratio: float, *, dose_per_kg: float, limit_per_kg: float, confidence: float = 0.95, phi: float = 1.0
) -> int | NotEvaluable:
    """Return how many events of the dosed population to acquire when `ratio` residual events come with each.

    The smallest N whose expected residual count ratio·N has its bound ``U(ratio·N)·D/N`` at or below L. No
    number is enough where the expected residual itself, ratio·D, is not below the limit, and not evaluable
    is also a number beyond a thousand million.
    """
    if ratio * dose_per_kg >= limit_per_kg:
        return NotEvaluable(f"{ratio:g} of the dose is not below the limit, however many events are acquired")

    def enough(events: int) -> bool:
        bound = float(poisson_upper(ratio * events, confidence=confidence, phi=phi))
        return bound * dose_per_kg <= limit_per_kg * events

    most = 1
    while not enough(most):
        most *= 2
        if most > _MOST_EVENTS:
            return NotEvaluable(f"more than {_MOST_EVENTS:.0e} events would be needed")
    least = most // 2
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (least, middle) if enough(middle) else (middle, most)
    return most
