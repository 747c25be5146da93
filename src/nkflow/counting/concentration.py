"""Cells of one population per µL of product, with everything that is uncertain about it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from nkflow.counting.budget import Budget, Term
from nkflow.counting.intervals import (
    Interval,
    clopper_pearson,
    lognormal,
    normal_quantile,
    poisson,
    poisson_upper,
)

__all__ = ["FEW_EVENTS", "Concentration", "interval_of"]

FEW_EVENTS = 20
"""Below this many pooled events an interval is exact Poisson; from it on it is log-normal (docs/dose.md)."""


@dataclass(frozen=True)
class Concentration:
    """`events` pooled events of `population` and what they mean per µL of undiluted product.

    Attributes
    ----------
    per_event
        Cells per µL that one pooled event stands for (doublet correction included).
    phi
        Over-dispersion used.
    others
        Budget of everything but the counting of the cells themselves.
    by_tube
        Cells per µL from each tube alone.
    bead_events
        Pooled bead events where beads were counted, for the counting-only interval.
    """

    population: str
    events: int
    per_event: float
    phi: float
    cells: Term | None
    others: Budget
    by_tube: tuple[float, ...]
    bead_events: int | None

    @property
    def per_ul(self) -> float:
        """Cells per µL of product."""
        return self.events * self.per_event

    @property
    def per_ml(self) -> float:
        """Cells per mL of product."""
        return 1000 * self.per_ul

    @cached_property
    def budget(self) -> Budget:
        """Every source of error."""
        return self.others if self.cells is None else Budget((self.cells, *self.others.terms))

    @cached_property
    def u_rel(self) -> float | None:
        """Relative standard uncertainty; None for no events, which have a bound and no relative error."""
        return self.budget.u_rel if self.events else None

    @cached_property
    def upper_events(self) -> float:
        """One-sided 95 % upper bound of the pooled count, over-dispersion included."""
        return float(poisson_upper(self.events, phi=self.phi))

    @cached_property
    def poisson_upper_events(self) -> float:
        """One-sided 95 % Poisson bound of the pooled count (φ = 1)."""
        return float(poisson_upper(self.events))

    @cached_property
    def lognormal(self) -> Interval | None:
        """``C·exp(±1.96·u_rel)``; None for no events."""
        if self.u_rel is None:
            return None
        low, high = lognormal(self.per_ul, self.u_rel)
        return Interval(float(low), float(high), "log-normal")

    @cached_property
    def interval(self) -> Interval:
        """95 % interval to report (`interval_of`)."""
        low, high = interval_of(self.events, self.phi, u_others=self.others.u_rel)
        method = "log-normal" if self.events >= FEW_EVENTS else "exact Poisson with the other terms"
        if self.events >= FEW_EVENTS and self.lognormal is not None:
            return self.lognormal
        return Interval(self.per_event * float(low), self.per_event * float(high), method)

    @property
    def counting_only(self) -> Interval | None:
        """Clopper-Pearson of cells:beads, times the constants; never *the* uncertainty.

        With p = N/(N + N_bead) the ratio is p/(1-p). None without beads.
        """
        if self.bead_events is None or self.bead_events == 0:
            return None
        ends = clopper_pearson(self.events, self.events + self.bead_events)
        low, high = (float(p / (1 - p)) * self.per_event * self.bead_events for p in ends)
        return Interval(low, high, "Clopper-Pearson of cells and beads, counting only")

    def as_dict(self) -> dict[str, object]:
        """Return every figure as plain values."""
        plain = None if self.lognormal is None else self.lognormal.as_dict()
        counting = None if self.counting_only is None else self.counting_only.as_dict()
        return {
            "events": self.events,
            "per_ul": self.per_ul,
            "per_ml": self.per_ml,
            "per_event_per_ul": self.per_event,
            "phi": self.phi,
            "u_rel": self.u_rel,
            "u_rel_others": self.others.u_rel,
            "interval": self.interval.as_dict(),
            "lognormal": plain,
            "counting_only": counting,
            "upper_events": self.upper_events,
            "poisson_upper_events": self.poisson_upper_events,
            "by_tube": list(self.by_tube),
            "budget": self.budget.contributions(),
            "terms": [term.as_dict() for term in self.budget.terms],
        }


def interval_of(events: ArrayLike, phi: ArrayLike, *, u_others: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return the 95 % interval of a mean count whose other relative uncertainty is `u_others`, in events.

    From `FEW_EVENTS` on ``N·exp(±z·sqrt(φ/N + u_others²))``. Below, the exact interval of the count
    (`nkflow.counting.intervals.poisson`); its distances from N and the z·u_others of the other errors add in
    quadrature on the log scale. For no events it is [0, U·exp(z·u_others)]. Takes numbers or arrays.
    """
    n, phi = np.asarray(events, np.float64), np.asarray(phi, np.float64)
    other = float(normal_quantile(0.975)) * np.asarray(u_others, np.float64)
    some = np.where(n > 0, n, 1.0)
    few_low, few_high = poisson(n, phi=phi)
    positive = np.where(few_low > 0, few_low, 1.0)
    down = np.hypot(np.log(some / positive), other)
    up = np.where(n > 0, np.hypot(np.log(few_high / some), other), 0.0)
    low = np.where(few_low > 0, n * np.exp(-down), 0.0)
    high = np.where(n > 0, n * np.exp(up), few_high * np.exp(other))
    many_low, many_high = lognormal(n, np.hypot(np.sqrt(phi / some), u_others))
    many = n >= FEW_EVENTS
    return np.where(many, many_low, low), np.where(many, many_high, high)


def cells_term(
    population: str, events: int, *, phi: float, measurement: str, share: float = 0.0
) -> Term | None:
    """Return the counting term ``sqrt(φ(1-share)/N)``; None for no events.

    `share` is that of the cells in the denominator where this counts them too (dual platform).
    """
    if events == 0:
        return None
    u = math.sqrt(phi * (1 - share) / events)
    return Term(f"counting {population} @{measurement}", "cells", u, False)
