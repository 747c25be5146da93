"""Share of one population in another, with its interval; a frequency without a reference does not exist."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nkflow.counting.evaluable import NotEvaluable
from nkflow.counting.homogeneity import Homogeneity, homogeneity
from nkflow.counting.intervals import Interval, clopper_pearson, clopper_pearson_upper, wilson

__all__ = ["Frequency", "frequency"]


@dataclass(frozen=True)
class Frequency:
    """`x` events of `population` among `n` events of its reference `of`, pooled over tubes.

    Percentages and percentage points throughout.

    Attributes
    ----------
    wilson, clopper_pearson
        95 % intervals of the pooled counts alone.
    inflated
        Wilson with x/φ and n/φ; equal to `wilson` at φ = 1.
    interval
        The one to report: Wilson with the events that carry all of `u_total` (φ and gating).
    upper
        One-sided 95 % Clopper–Pearson bound of x/φ out of n/φ.
    u_counting, u_gate, u_total
        Standard uncertainties, in percentage points.
    """

    population: str
    of: str
    x: int
    n: int
    homogeneity: Homogeneity
    u_gate: float

    @property
    def name(self) -> str:
        """``"NK of viable"``."""
        return f"{self.population} of {self.of}"

    @property
    def percent(self) -> float:
        """Point estimate, in %."""
        return 100 * self.x / self.n

    @property
    def u_counting(self) -> float:
        """``100·sqrt(φ p (1-p) / n)``."""
        p = self.x / self.n
        return 100 * math.sqrt(self.homogeneity.phi * p * (1 - p) / self.n)

    @property
    def u_total(self) -> float:
        """Counting and gating together."""
        return math.hypot(self.u_counting, self.u_gate)

    @property
    def wilson(self) -> Interval:
        """Wilson's interval of the pooled counts."""
        return _percent(wilson(self.x, self.n), "Wilson")

    @property
    def clopper_pearson(self) -> Interval:
        """Exact interval of the pooled counts."""
        return _percent(clopper_pearson(self.x, self.n), "Clopper-Pearson")

    @property
    def inflated(self) -> Interval:
        """Wilson's interval of x/φ out of n/φ."""
        phi = self.homogeneity.phi
        return _percent(wilson(self.x / phi, self.n / phi), f"Wilson, phi {phi:.4g}")

    @property
    def upper(self) -> float:
        """One-sided 95 % upper bound, in %."""
        phi = self.homogeneity.phi
        return 100 * float(clopper_pearson_upper(self.x / phi, self.n / phi))

    @property
    def interval(self) -> Interval:
        """Interval to report: the Wilson interval of n_eff events, p(1-p)/n_eff = u_total²."""
        p = self.x / self.n
        if self.u_gate == 0 or p in (0.0, 1.0):
            return self.inflated
        n = p * (1 - p) / (self.u_total / 100) ** 2
        return _percent(wilson(p * n, n), f"Wilson, {n:.4g} effective events")

    def as_dict(self) -> dict[str, object]:
        """Return every figure as plain values."""
        return {
            "population": self.population,
            "of": self.of,
            "x": self.x,
            "n": self.n,
            "percent": self.percent,
            "wilson": self.wilson.as_dict(),
            "clopper_pearson": self.clopper_pearson.as_dict(),
            "inflated": self.inflated.as_dict(),
            "interval": self.interval.as_dict(),
            "upper": self.upper,
            "u_counting": self.u_counting,
            "u_gate": self.u_gate,
            "u_total": self.u_total,
            "homogeneity": self.homogeneity.as_dict(),
        }


def frequency(
    names: tuple[str, str],
    *,
    x: Sequence[int],
    n: Sequence[int],
    phi0: float,
    test_level: float,
    u_gate: float,
) -> Frequency | NotEvaluable:
    """Pool `x` out of `n` over tubes; ``names`` are the population and its reference."""
    if sum(n) == 0:
        return NotEvaluable(f"{names[1]} has no events")
    tested = homogeneity(x, n, phi0=phi0, test_level=test_level)
    return Frequency(names[0], names[1], sum(x), sum(n), tested, u_gate)


def _percent(ends: tuple[np.ndarray, np.ndarray], method: str) -> Interval:
    return Interval(100 * float(ends[0]), 100 * float(ends[1]), method)
