"""Intervals of proportions, counts and log-normal estimates.

Every function takes numbers or arrays and broadcasts. Counts may be fractions: over-dispersed counts enter as
x/φ and n/φ (`frequency`), or through `phi`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

__all__ = [
    "Interval",
    "clopper_pearson",
    "clopper_pearson_upper",
    "lognormal",
    "normal_quantile",
    "poisson",
    "poisson_upper",
    "wilson",
]


@dataclass(frozen=True)
class Interval:
    """From `low` to `high`, and how it was found."""

    low: float
    high: float
    method: str
    level: float = 0.95

    def as_dict(self) -> dict[str, object]:
        """Return the interval as plain values."""
        return {"low": self.low, "high": self.high, "method": self.method, "level": self.level}


def normal_quantile(probability: ArrayLike) -> np.ndarray:
    """Return the quantile of the standard normal distribution."""
    return np.asarray(special.ndtri(probability))


def wilson(x: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Return Wilson's score interval of the proportion x/n (Wilson 1927; exact at x = 0 and n).

    ``(p + z²/2n ± z·sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)``, n > 0.
    """
    x, n = np.asarray(x, np.float64), np.asarray(n, np.float64)
    z = float(special.ndtri(0.5 + level / 2))
    p = x / n
    centre = p + z * z / (2 * n)
    half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low = np.where(x <= 0, 0.0, (centre - half) / scale)
    high = np.where(x >= n, 1.0, (centre + half) / scale)
    return low, high


def clopper_pearson(x: ArrayLike, n: ArrayLike, *, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Return the exact interval of the proportion x/n from quantiles of the beta distribution.

    ``Beta⁻¹(α/2; x, n-x+1)`` and ``Beta⁻¹(1-α/2; x+1, n-x)``; 0 and 1 at the ends (Clopper & Pearson 1934).
    """
    x, n = np.asarray(x, np.float64), np.asarray(n, np.float64)
    tail = (1 - level) / 2
    low = np.where(x <= 0, 0.0, special.betaincinv(np.where(x <= 0, 1.0, x), n - x + 1, tail))
    return low, clopper_pearson_upper(x, n, confidence=1 - tail)


def clopper_pearson_upper(x: ArrayLike, n: ArrayLike, *, confidence: float = 0.95) -> np.ndarray:
    """Return the exact one-sided upper bound of x/n; ``1 - (1-confidence)^(1/n)`` for x = 0."""
    x, n = np.asarray(x, np.float64), np.asarray(n, np.float64)
    whole = x >= n
    inner = special.betainccinv(x + 1, np.where(whole, 1.0, n - x), 1 - confidence)
    none = -np.expm1(np.log1p(-confidence) / n)
    return np.where(whole, 1.0, np.where(x <= 0, none, inner))


def poisson(n: ArrayLike, *, level: float = 0.95, phi: ArrayLike = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Return the exact interval of a mean count of which `n` events were seen (Garwood 1936).

    Over-dispersed counts are read as n/φ events that weigh φ each: ``φ·Γ⁻¹(α/2; n/φ)`` and
    ``φ·Γ⁻¹(1-α/2; n/φ+1)``. With φ = 1 that is Garwood's interval; with φ > 1 it is conservative
    (docs/dose.md has the measured coverage).
    """
    n, phi = np.asarray(n, np.float64), np.asarray(phi, np.float64)
    tail = (1 - level) / 2
    effective = n / phi
    inner = special.gammaincinv(np.where(effective <= 0, 1.0, effective), tail)
    return np.where(effective <= 0, 0.0, phi * inner), poisson_upper(n, confidence=1 - tail, phi=phi)


def poisson_upper(n: ArrayLike, *, confidence: float = 0.95, phi: ArrayLike = 1.0) -> np.ndarray:
    """Return the one-sided upper bound of a mean count: ``χ²⁻¹(confidence; 2n+2)/2`` at φ = 1."""
    n, phi = np.asarray(n, np.float64), np.asarray(phi, np.float64)
    return np.asarray(phi * special.gammainccinv(n / phi + 1, 1 - confidence))


def lognormal(y: ArrayLike, u_rel: ArrayLike, *, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Return ``y·exp(±z·u_rel)``, the interval of an estimate whose errors multiply."""
    y = np.asarray(y, np.float64)
    spread = np.exp(float(special.ndtri(0.5 + level / 2)) * np.asarray(u_rel, np.float64))
    return y / spread, y * spread
