"""One population over another: what both were counted with cancels."""

from __future__ import annotations

import math
from dataclasses import dataclass

from nkflow.counting.budget import covariance
from nkflow.counting.concentration import Concentration
from nkflow.counting.evaluable import NotEvaluable
from nkflow.counting.intervals import Interval, lognormal

__all__ = ["Ratio", "ratio"]


@dataclass(frozen=True)
class Ratio:
    """`value` of one population for each cell of another, with its relative standard uncertainty."""

    value: float
    u_rel: float

    @property
    def interval(self) -> Interval:
        """Log-normal 95 % interval."""
        low, high = lognormal(self.value, self.u_rel)
        return Interval(float(low), float(high), "log-normal")

    def as_dict(self) -> dict[str, object]:
        """Return the ratio as plain values."""
        return {"value": self.value, "u_rel": self.u_rel, "interval": self.interval.as_dict()}


def ratio(one: Concentration, other: Concentration) -> Ratio | NotEvaluable:
    """Return one over the other, of populations that share no cell.

    ``u² = u_1² + u_2² - 2 cov``: beads, pipettes and dilutions are common and cancel, counting adds, and a
    boundary between the two counts twice, since what one loses the other gains. A population within the
    other has a frequency instead.
    """
    if one.events == 0 or other.events == 0:
        empty = one if one.events == 0 else other
        return NotEvaluable(f"{empty.population} has no events")
    variance = one.budget.u_rel**2 + other.budget.u_rel**2 - 2 * covariance(one.budget, other.budget)
    return Ratio(one.per_ul / other.per_ul, math.sqrt(max(variance, 0.0)))
