"""How much of a dye each detector sees, from the positives and negatives of its control; with standard errors.

Every function takes arrays (n_detectors, n_events) and the row of the dye's own detector, and returns a `Row`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

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
    """Events sorted into classes of brightness: some events of each, its place, and where between two an event lies."""

    at: Array
    members: list[NDArray[np.int64]]
    below: NDArray[np.int64]
    part: Array

    @classmethod
    def of(cls, x: Array) -> _Bins:
        centre = middle(x)
        width = max(robust_sd(x[x <= centre]), 1e-9)
        place = np.arcsinh((x - centre) / (3.0 * width))
        edges = np.linspace(float(place.min()), float(place.max()), CLASSES + 1)
        number = np.clip(np.searchsorted(edges, place) - 1, 0, CLASSES - 1)
        members = [np.flatnonzero(number == k) for k in range(CLASSES)]
        members = [index[:: max(1, len(index) // ENOUGH)] for index in members if len(index) >= FEWEST]
        members = members or [np.arange(len(x))]
        at = np.array([middle(x[index]) for index in members])
        along = np.interp(x, at, np.arange(len(at), dtype=np.float64))
        below = np.minimum(along.astype(np.int64), max(len(at) - 2, 0))
        return cls(at, members, below, along - below)

    def spread(self, x: Array, y: Array, line: tuple[float, float]) -> Array:
        """Return the spread (n,) of residuals as bright as each event, interpolated between the classes."""
        slope, start = line
        rests = (y[index] - start - slope * x[index] for index in self.members)
        found = np.array([max(deviation(rest), 1e-9) for rest in rests])
        rise = np.append(np.diff(found), 0.0)
        return np.asarray(found[self.below] + self.part * rise[self.below])

    def start(self, y: Array) -> float:
        """Return a first slope: through the dimmest and the brightest class."""
        rise = middle(y[self.members[-1]]) - middle(y[self.members[0]])
        return rise / max(float(self.at[-1] - self.at[0]), 1e-9)


def _instrument(x: Array) -> Array:
    """Return how far each event lies above the dim ones; its own value where there are no dim ones.

    Noise and autofluorescence of dim events move both detectors. They fix the intercept, and must not tilt the
    line: what is dim is 0.
    """
    centre, floor = middle(x), own_negative(x)
    if floor is None:
        lower = x[x <= centre]
        floor = middle(lower) + FAR * max(robust_sd(lower), 1e-9)
    bright = np.count_nonzero(x > floor)
    return np.maximum(x - floor, 0.0) if FEWEST <= bright < HARDLY_DIM * len(x) else x - centre


def _line(x: Array, y: Array, z: Array, bins: _Bins) -> tuple[float, float]:
    """Return slope and standard error of y on x, with `z` as the instrument of x."""
    from nkflow.kernels import biweight as kernels

    add: Any = kernels.biweight_line
    slope, sums, error = bins.start(y), np.empty((3, 5)), 0.0
    level = middle(y - slope * x)
    for turn in range(ROUNDS):
        if turn < SCALES:
            cut = SPREADS * bins.spread(x, y, (slope, level))
        add(x, y, z, cut, slope, level, sums)
        total, of_z, of_x, of_zx, rest = sums[0]
        centre = of_z / total
        before, slope = slope, slope + float((sums[1, 4] - centre * rest) / (of_zx - centre * of_x))
        level += float(rest - (slope - before) * of_x) / total
        error = _error(sums)
        if turn >= SCALES and abs(slope - before) <= CLOSE * error:
            break
    return slope, error


def _error(sums: Array) -> float:
    """Return the sandwich standard error of the slope from the sums of `biweight_line`."""
    centre = sums[1, 1] / sums[1, 0]
    squares = sums[2, 2] - 2.0 * centre * sums[2, 1] + centre**2 * sums[2, 0]
    return float(np.sqrt(max(squares, 0.0)) / abs(sums[1, 3] - centre * sums[1, 2]))
