"""From the places of a cut in a laboratory's tubes to the window in which it may lie.

The rule: mean ± k SD in display units, with k so that 99 % of all tubes lie inside with 95 % confidence (two-sided
normal tolerance interval; Howe 1969, J. Am. Stat. Assoc. 64:610). Tubes of one lot are alike: where there are at
least five lots, k is that of the number of lots. Never narrower than three standard uncertainties of the cut in one
tube, since a window inside the noise of a cut refuses good tubes.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from nkflow.counting.intervals import normal_quantile

__all__ = ["CONFIDENCE", "CONTENT", "FEW_LOTS", "OwnWindow", "own_window", "stray", "tolerance_factor"]

CONTENT, CONFIDENCE = 0.99, 0.95
LEAST_U = 3.0  # standard uncertainties of one tube's cut, half-width
FEW_LOTS = 5  # fewer say too little to be counted by themselves
FAR = 6.0  # robust SDs from the median: not of the same kind


@dataclass(frozen=True)
class OwnWindow:
    """The window of one cut, in display units (ln units of a band)."""

    low: float
    high: float
    n: int
    lots: int
    mean: float
    sd: float
    factor: float
    by_uncertainty: bool

    @property
    def text(self) -> str:
        """The rule with its numbers."""
        how = (
            f"{LEAST_U:g} standard uncertainties of one tube"
            if self.by_uncertainty
            else f"{self.factor:.2f} SD"
        )
        where = f"mean {self.mean:.4f} of {self.n} tubes ({self.lots} lots), SD {self.sd:.4f} display units"
        return f"{where}, window mean ± {how}"


def own_window(places: Sequence[float], uncertainties: Sequence[float], *, lots: int) -> OwnWindow:
    """Return the window for a cut that lies at `places` (n >= 2) in tubes of so many lots, found with these errors."""
    n, mean, sd = len(places), statistics.fmean(places), statistics.stdev(places)
    factor = tolerance_factor(lots if FEW_LOTS <= lots < n else n)
    least = LEAST_U * math.sqrt(statistics.fmean(u * u for u in uncertainties))
    half = max(factor * sd, least)
    return OwnWindow(mean - half, mean + half, n, lots, mean, sd, factor, least > factor * sd)


def tolerance_factor(n: int, content: float = CONTENT, confidence: float = CONFIDENCE) -> float:
    """Return k so that mean ± k SD of `n` values holds `content` of the population with `confidence` (Howe 1969)."""
    from scipy.special import gammaincinv

    z = float(normal_quantile((1 + content) / 2))
    chi_square = 2 * float(gammaincinv((n - 1) / 2, 1 - confidence))
    return z * math.sqrt((n - 1) * (1 + 1 / n) / chi_square)


def stray(places: Sequence[float], uncertainties: Sequence[float]) -> tuple[int, ...]:
    """Return the positions of places far from the others: beyond `FAR` robust SDs and three standard uncertainties."""
    if len(places) < 5:
        return ()
    middle = statistics.median(places)
    spread = 1.4826 * statistics.median(abs(place - middle) for place in places)
    return tuple(
        k
        for k, (place, u) in enumerate(zip(places, uncertainties, strict=True))
        if abs(place - middle) > max(FAR * spread, LEAST_U * u)
    )
