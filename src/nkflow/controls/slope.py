"""How much of a dye each detector sees, from the positives and negatives of its control; with standard errors.

Every function takes arrays (n_detectors, n_events) and the row of the dye's own detector, and returns a `Row`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nkflow.controls.location import biweight, deviation, robust_sd, thinned

__all__ = ["Row", "level", "ratio_of_medians", "regression"]

ROUNDS = 12
CLOSE = 0.02  # of a standard error
HUBER = 1.345
TRIM = 0.01

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Row:
    """One row of a spillover matrix.

    Attributes
    ----------
    slopes, errors : (n_detectors,)
        Coefficients and their standard errors; 1 and 0 in the dye's own detector.
    """

    slopes: Array = field(repr=False)
    errors: Array = field(repr=False)


def level(positive: Array, negative: Array, own: int) -> Row:
    """Return the slopes at which positives and negatives lie level (median method, CO-16, CO-23).

    For each detector the s with ``T(y_pos - s x_pos) = T(y_neg - s x_neg)``, where x is the own detector and T the
    biweight location. It is the ratio of Bagwell & Adams (1993) with the two centres taken after subtraction:
    a broad or skewed positive population then makes no error, and the compensated centres agree by
    construction. The biweight rather than the median: autofluorescence is skewed, so that the median of a
    dim population lies further from its mean than that of the same population under the noise of a bright dye.
    The standard error is that of the two locations over the distance of the populations.
    """
    slopes, errors = np.zeros(len(positive)), np.zeros(len(positive))
    slopes[own] = 1.0
    x, x0 = np.ascontiguousarray(positive[own]), np.ascontiguousarray(negative[own])
    for j, (y, y0) in enumerate(zip(positive, negative, strict=True)):
        if j != own:
            slopes[j], errors[j] = _level((np.ascontiguousarray(y), x), (np.ascontiguousarray(y0), x0))
    return Row(slopes, errors)


def _level(above: tuple[Array, Array], below: tuple[Array, Array]) -> tuple[float, float]:
    """Return slope and standard error from (y, x) of the positives and of the negatives."""
    (y, x), (y0, x0) = above, below
    some, some0 = [thinned(values) for values in above], [thinned(values) for values in below]
    distance = float(np.mean(x) - np.mean(x0))
    slope = float((np.median(some[0]) - np.median(some0[0])) / (np.median(some[1]) - np.median(some0[1])))
    left, left0 = some[0] - slope * some[1], some0[0] - slope * some0[1]
    wide, narrow = deviation(left), deviation(left0)
    high, low, error = float(np.median(left)), float(np.median(left0)), 0.0
    for _ in range(ROUNDS):
        high, of_high = biweight(y, x, slope, start=high, scale=wide)
        low, of_low = biweight(y0, x0, slope, start=low, scale=narrow)
        error = float(np.sqrt(of_high + of_low)) / distance
        step = (high - low) / distance
        slope += step
        high, low = high - step * float(np.mean(x)), low - step * float(np.mean(x0))
        if abs(step) <= CLOSE * error:
            break
    return slope, error


def ratio_of_medians(positive: Array, negative: Array, own: int) -> Row:
    """Return the ratios of median differences (Bagwell & Adams 1993; CO-16): what dim controls allow.

    Where the positives do not stand apart from the negatives, what is selected by its brightness is partly
    noise, and a slope through it is too flat; two plain medians suffer less. Standard errors by the influence
    functions of the medians.
    """
    centre, centre0 = np.median(positive, axis=1), np.median(negative, axis=1)
    distance = float(centre[own] - centre0[own])
    slopes = (centre - centre0) / distance
    variance = np.zeros(len(slopes))
    for values, middle in ((positive, centre), (negative, centre0)):
        influence = np.stack([_influence(row, place) for row, place in zip(values, middle, strict=True)])
        influence -= slopes[:, None] * influence[own]
        variance += np.mean(influence**2, axis=1) / values.shape[1]
    errors = np.sqrt(variance) / abs(distance)
    slopes[own], errors[own] = 1.0, 0.0
    return Row(slopes, errors)


def _influence(values: Array, middle: float) -> Array:
    """Return the influence of every event on the median: sign(v - median) / (2 density at the median)."""
    reach = max(robust_sd(values) * len(values) ** -0.2, 1e-9)
    height = np.count_nonzero(np.abs(values - middle) <= reach) / (2.0 * reach * len(values))
    return np.asarray(np.sign(values - middle) / (2.0 * max(height, 1e-12)))


def regression(values: Array, own: int, *, trim: float = TRIM) -> Row:
    """Return robust slopes of every detector on the own one, with intercept (CO-19, CO-20).

    Huber's estimate by iterated weights after the outer `trim` of the own detector at both ends; the intercept
    carries the autofluorescence, so that no negative is needed. Sandwich standard errors.
    """
    low, high = np.quantile(values[own], [trim, 1.0 - trim])
    kept = values[:, (values[own] >= low) & (values[own] <= high)]
    x = kept[own] - np.mean(kept[own])
    slopes, errors = np.zeros(len(values)), np.zeros(len(values))
    for j, y in enumerate(kept):
        if j != own:
            slopes[j], errors[j] = _huber(x, y)
    slopes[own] = 1.0
    return Row(slopes, errors)


def _huber(x: Array, y: Array) -> tuple[float, float]:
    """Return slope and standard error of y on x, Huber's weights."""
    weight = np.ones_like(x)
    slope = error = 0.0
    for _ in range(5 * ROUNDS):
        total = float(weight.sum())
        at = float(weight @ x) / total
        apart = x - at
        spread = float(weight @ apart**2)
        before, slope = slope, float(weight @ (apart * y)) / spread
        residual = y - slope * apart
        residual -= float(weight @ residual) / total
        scale = 1.4826 * float(np.median(np.abs(residual)))
        weight = np.minimum(1.0, HUBER * scale / np.maximum(np.abs(residual), 1e-12))
        inside = np.abs(residual) <= HUBER * scale
        bread = float(np.sum(apart[inside] ** 2))
        error = float(np.sqrt(np.sum((weight * residual * apart) ** 2))) / max(bread, 1e-12)
        if abs(slope - before) <= CLOSE * error:
            break
    return slope, error
