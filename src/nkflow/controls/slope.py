"""How much of a dye each detector sees, from the positives and negatives of its control; with standard errors.

Every function takes arrays (n_detectors, n_events) and the row of the dye's own detector, and returns a `Row`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nkflow.fitness.location import biweight, deviation, middle, robust_sd, thinned
from nkflow.fitness.positive import own_negative

__all__ = ["Row", "level", "ratio_of_medians", "regression"]

ROUNDS = 12
CLOSE = 0.02  # of a standard error
TRIM = 0.01
SPREADS = 6.0  # residuals beyond so many spreads count nothing; 98 % efficient for a Gaussian
CLASSES, FEWEST, ENOUGH = 8, 30, 400  # classes of brightness; events of one that can be used, and are enough
FAR = 5.0  # robust SDs: so far above the dim half are bright events
HARDLY_DIM = 0.9  # of the events bright: there are no dim ones to speak of
SCALES = 2  # rounds in which the spread is looked at again

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
    slope = (middle(some[0]) - middle(some0[0])) / (middle(some[1]) - middle(some0[1]))
    left, left0 = some[0] - slope * some[1], some0[0] - slope * some0[1]
    wide, narrow = deviation(left), deviation(left0)
    high, low, error = middle(left), middle(left0), 0.0
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
    for values, places in ((positive, centre), (negative, centre0)):
        influence = np.stack([_influence(row, place) for row, place in zip(values, places, strict=True)])
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

    Tukey's biweight after the outer `trim` of the own detector at both ends; the intercept carries the
    autofluorescence, so that no negative is needed. Residuals are judged by the spread of events as bright as
    theirs: one spread for all takes the skew of dim events for a slope. Sandwich standard errors.
    """
    low, high = np.quantile(values[own], [trim, 1.0 - trim])
    kept = values[:, (values[own] >= low) & (values[own] <= high)]
    slopes, errors = np.zeros(len(values)), np.zeros(len(values))
    slopes[own] = 1.0
    x = np.ascontiguousarray(kept[own])
    z, bins = _instrument(x), _Bins.of(x)
    for j, y in enumerate(kept):
        if j != own:
            slopes[j], errors[j] = _line(x, np.ascontiguousarray(y), z, bins)
    return Row(slopes, errors)


@dataclass(frozen=True, eq=False)
class _Bins:
    """Events sorted into classes of brightness: some events of each, and its place."""

    at: Array
    members: list[NDArray[np.int64]]

    @classmethod
    def of(cls, x: Array) -> _Bins:
        width = max(robust_sd(x[x <= np.median(x)]), 1e-9)
        place = np.arcsinh((x - np.median(x)) / (3.0 * width))
        edges = np.linspace(float(place.min()), float(place.max()), CLASSES + 1)
        number = np.clip(np.searchsorted(edges, place) - 1, 0, CLASSES - 1)
        members = [np.flatnonzero(number == k) for k in range(CLASSES)]
        members = [index[:: max(1, len(index) // ENOUGH)] for index in members if len(index) >= FEWEST]
        members = members or [np.arange(len(x))]
        return cls(np.array([float(np.median(x[index])) for index in members]), members)

    def spread(self, x: Array, rest: Array) -> Array:
        """Return the spread (n,) of residuals as bright as each event, interpolated between the classes."""
        found = [max(deviation(rest[index]), 1e-9) for index in self.members]
        return np.asarray(np.interp(x, self.at, found))

    def start(self, x: Array, y: Array) -> float:
        """Return a first slope: through the dimmest and the brightest class."""
        low, high = self.members[0], self.members[-1]
        rise = float(np.median(y[high]) - np.median(y[low]))
        return rise / max(float(np.median(x[high]) - np.median(x[low])), 1e-9)


def _instrument(x: Array) -> Array:
    """Return how far each event lies above the dim ones; its own value where there are no dim ones.

    Noise and autofluorescence of dim events move both detectors. They fix the intercept, and must not tilt the
    line: what is dim is 0.
    """
    lower, floor = x[x <= np.median(x)], own_negative(x)
    if floor is None:
        floor = float(np.median(lower)) + FAR * max(robust_sd(lower), 1e-9)
    bright = np.count_nonzero(x > floor)
    return np.maximum(x - floor, 0.0) if FEWEST <= bright < HARDLY_DIM * len(x) else x - float(np.median(x))


def _line(x: Array, y: Array, z: Array, bins: _Bins) -> tuple[float, float]:
    """Return slope and standard error of y on x, with `z` as the instrument of x."""
    slope = bins.start(x, y)
    level, error = float(np.median(y - slope * x)), 0.0
    for turn in range(ROUNDS):
        rest = y - level - slope * x
        if turn < SCALES:
            cut = SPREADS * bins.spread(x, rest)
        kept = np.maximum(1.0 - (rest / cut) ** 2, 0.0)
        weight = kept**2
        total = float(np.sum(weight))
        weighted = weight * (z - float(np.sum(weight * z)) / total)
        before, slope = slope, slope + float(np.sum(weighted * rest) / np.sum(weighted * x))
        level += float(np.sum(weight * (rest - (slope - before) * x))) / total
        sharp = kept * (5.0 * kept - 4.0)
        apart = z - float(np.sum(sharp * z) / np.sum(sharp))
        error = float(np.sqrt(np.sum((weight * rest * apart) ** 2)) / abs(np.sum(sharp * apart * x)))
        if turn >= SCALES and abs(slope - before) <= CLOSE * error:
            break
    return slope, error
