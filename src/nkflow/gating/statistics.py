"""Statistics of a population in one channel: exact, from the events in data units, never from bins."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nkflow.gating.evaluable import NotEvaluable

__all__ = ["Statistics", "describe"]

Number = float | NotEvaluable
CENTRE_SE = 3.0  # a coefficient of variation means nothing where the centre is within so many SE of 0
HUGE = 1e150  # the square of what is larger is no number, that of its inverse is 0
LOW, HIGH = 15.87, 84.13  # percentiles one SD from the middle of a normal distribution
MEDIAN_SE = 1.2533141373155003  # sqrt(pi / 2): SE of a median in SDs over sqrt(n), normal distribution


@dataclass(frozen=True)
class Statistics:
    """Statistics in data units; CVs in percent. A number that can't be had is `NotEvaluable`.

    Attributes
    ----------
    count
        Finite events, which the statistics are of.
    non_finite
        Events left out.
    sd
        With n - 1.
    cv, robust_cv
        100 sd / mean, and 50 (P84.13 - P15.87) / median.
    geometric_mean
        Of positive events; not evaluable where any is not.
    percentiles
        Percent -> value, by linear interpolation (type 7 of Hyndman and Fan 1996).
    """

    count: int
    non_finite: int
    median: Number
    mean: Number
    sd: Number
    cv: Number
    robust_cv: Number
    geometric_mean: Number
    percentiles: dict[float, Number]

    def as_dict(self) -> dict[str, object]:
        """Return the statistics as plain values."""

        def plain(value: Number) -> object:
            return value.as_dict() if isinstance(value, NotEvaluable) else value

        names = ("median", "mean", "sd", "cv", "robust_cv", "geometric_mean")
        return {
            "count": self.count,
            "non_finite": self.non_finite,
            **{name: plain(getattr(self, name)) for name in names},
            "percentiles": {f"{percent:g}": plain(value) for percent, value in self.percentiles.items()},
        }


def describe(
    values: NDArray[np.float64], percents: tuple[float, ...] = (5.0, 25.0, 75.0, 95.0)
) -> Statistics:
    """Return the statistics of `values` (n,) in data units; NaN and infinities are counted and left out."""
    finite = values[np.isfinite(values)]
    n = len(finite)
    largest = float(np.abs(finite).max(initial=0.0))
    if largest and not 1.0 / HUGE < largest < HUGE:
        unit = 2.0 ** min(max(math.frexp(largest)[1], -1000), 1000)
        with np.errstate(invalid="ignore", over="ignore"):
            return _in_units(describe(values / unit, percents), unit)
    if n < 2:
        return _of_few(finite, len(values) - n, percents)
    mean = math.fsum(finite) / n
    sd = math.sqrt(math.fsum((finite - mean) ** 2) / (n - 1))
    low, median, high = (float(value) for value in np.percentile(finite, (LOW, 50.0, HIGH)))
    robust_sd = (high - low) / 2
    return Statistics(
        count=n,
        non_finite=len(values) - n,
        median=median,
        mean=mean,
        sd=sd,
        cv=_cv(sd, mean, sd / math.sqrt(n)),
        robust_cv=_cv(robust_sd, median, MEDIAN_SE * robust_sd / math.sqrt(n)),
        geometric_mean=_geometric_mean(finite),
        percentiles=dict(zip(percents, np.percentile(finite, percents).tolist(), strict=True)),
    )


def _in_units(found: Statistics, unit: float) -> Statistics:
    """Return the statistics of values that were divided by `unit`, a power of two."""

    def whole(number: Number) -> Number:
        return number if isinstance(number, NotEvaluable) else number * unit

    def share(number: Number) -> Number:
        near = NotEvaluable(f"the centre is within {CENTRE_SE:g} SE of 0")  # without numbers in units of ours
        return near if isinstance(number, NotEvaluable) and found.count > 1 else number

    return replace(
        found,
        cv=share(found.cv),
        robust_cv=share(found.robust_cv),
        median=whole(found.median),
        mean=whole(found.mean),
        sd=whole(found.sd),
        geometric_mean=whole(found.geometric_mean),
        percentiles={percent: whole(value) for percent, value in found.percentiles.items()},
    )


def _of_few(finite: NDArray[np.float64], non_finite: int, percents: tuple[float, ...]) -> Statistics:
    """Return the statistics of no event, or of one: it has a place and no spread."""
    why = NotEvaluable("one event" if len(finite) else "no events")
    place: Number = float(finite[0]) if len(finite) else why
    geometric = _geometric_mean(finite) if len(finite) else why
    return Statistics(
        len(finite), non_finite, place, place, why, why, why, geometric, dict.fromkeys(percents, place)
    )


def _cv(sd: float, centre: float, se: float) -> Number:
    if abs(centre) <= CENTRE_SE * se or centre == 0:
        return NotEvaluable(f"the centre {centre:.4g} is within {CENTRE_SE:g} SE ({se:.3g}) of 0")
    return 100.0 * sd / centre


def _geometric_mean(values: NDArray[np.float64]) -> Number:
    below = int(np.count_nonzero(values <= 0))
    if below:
        return NotEvaluable(f"{below} of {len(values)} events are not above 0")
    return math.exp(math.fsum(np.log(values)) / len(values))
