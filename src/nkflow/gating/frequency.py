"""What part of a named reference a population is, with its interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

from nkflow.gating.evaluable import NotEvaluable

__all__ = ["Frequency", "frequency"]

Z = 1.959963984540054  # the 0.975 quantile of the normal distribution


@dataclass(frozen=True)
class Frequency:
    """A fraction of `of` with its 95 % Wilson interval: the counting error alone."""

    value: float
    low: float
    high: float
    of: str


def frequency(count: int, total: int, of: str) -> Frequency | NotEvaluable:
    """Return ``count / total`` with the score interval of Wilson (1927); not evaluable where `total` is 0."""
    if total == 0:
        return NotEvaluable(f"{of} holds no event")
    share = count / total
    middle = (share + Z * Z / (2 * total)) / (1 + Z * Z / total)
    half = Z / (1 + Z * Z / total) * math.sqrt(share * (1 - share) / total + Z * Z / (4 * total * total))
    low = 0.0 if count == 0 else middle - half
    high = 1.0 if count == total else middle + half
    return Frequency(share, low, high, of)
