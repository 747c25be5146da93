"""Robust centre and spread of a population, with the variance of the centre."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["biweight", "deviation", "middle", "robust_sd", "thinned"]

CUT = 6.0  # in units of the scaled median absolute deviation; 98 % efficient for a Gaussian
ROUNDS = 6
ENOUGH = 2_000
MANY, SOME = 8_000, 600  # values

Array = NDArray[np.float64]


def robust_sd(values: Array) -> float:
    """Return half the distance of the 15.87 % and 84.13 % points: the SD where the values are Gaussian."""
    low, high = np.quantile(values, [0.1587, 0.8413])
    return float(high - low) / 2.0


def thinned(values: Array) -> Array:
    """Return at most some 2,000 evenly spaced values: enough for a start and a scale, at a tenth of the time."""
    return values[:: max(1, len(values) // ENOUGH)]


def deviation(values: Array) -> float:
    """Return the scaled median absolute deviation: the SD where the values are Gaussian."""
    return 1.4826 * middle(np.abs(values - middle(values)))


def middle(values: Array) -> float:
    """Return the median of `values` (n,), which hold no NaN; `numpy.median` takes thrice as long to see to that.

    Of many values only those near the median of some are looked through: the same answer in a third of the time.
    """
    half = len(values) // 2
    if len(values) > MANY:
        some = np.sort(values[:: len(values) // SOME])
        low, high = some[int(0.42 * len(some))], some[int(0.58 * len(some))]
        near = values[(values >= low) & (values <= high)]
        first = half - int(np.count_nonzero(values < low))
        if 0 < first < len(near):
            lower, upper = np.partition(near, (first - 1, first))[first - 1 : first + 1]
            return float(upper) if len(values) % 2 else float(lower + upper) / 2.0
    if len(values) % 2:
        return float(np.partition(values, half)[half])
    low, high = np.partition(values, (half - 1, half))[half - 1 : half + 1]
    return float(low + high) / 2.0


def biweight(y: Array, x: Array, slope: float, *, start: float, scale: float) -> tuple[float, float]:
    """Return Tukey's biweight location of ``y - slope x`` (n,) and the variance of that location.

    Newton steps from `start` (Beaton & Tukey 1974); the variance is that of an M-estimate,
    mean(psi^2) / (n mean(psi')^2) (Huber 1981, eq. 3.2.13). Beyond six times `scale` an event counts nothing.
    """
    from nkflow.kernels import biweight as kernels

    sums: Any = kernels.biweight_sums
    centre, cut = start, CUT * max(scale, 1e-12)
    for _ in range(ROUNDS):
        psi, derivative, squares = sums(y, x, slope, centre, cut)
        if derivative <= 0.0:
            return centre, float("inf")  # the start lies outside the population
        centre += psi / derivative
        if abs(psi) < 1e-3 * np.sqrt(squares):
            break
    return float(centre), float(squares / derivative**2)
