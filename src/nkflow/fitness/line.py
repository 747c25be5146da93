"""The residual slope of one pair of channels: is what is negative level as its neighbour gets brighter?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nkflow.fitness.levels import Levels, half_width_below, shortest

__all__ = ["Bright", "Line", "bright_events", "residual_line"]

AT_MOST = 15_000  # bright events of a source
FITTED = 2_500  # of them, for one line
SCALED = 1_000  # of them, for its scale
FEWEST = 40  # that count
BAND = 8.0  # SDs of the negative, above and below
UP, DOWN = 0.06, 1.0  # slopes within which the negative is looked for; below there is no biology
WIDER_UP = 2.0  # times: where the band ends must not matter
FAR_UP = 0.8  # the same where nearly all events lie on one narrow line
STEEP = np.concatenate([-np.geomspace(0.6, 0.004, 18), [0.0], np.geomspace(0.004, UP, 8)])
STEEPER = np.geomspace(UP, FAR_UP, 24)
NARROW = 2.5  # SDs: half the width of a line of negatives
ON_THE_LINE = 0.5  # of the bright events: so many lie on the line of a dye that is not compensated
FAR_NARROW = 0.1  # of its distance: as narrow is a line of negatives far up; positives are broader
CLOSED = 2.5  # SDs between a population of negatives and the end of the band, where the band is narrow
LOPSIDED = 1.7  # right to left of the line: more is the flank of a positive population
SHALLOW = 0.18  # two to three SDs right of the line to those on it: more, and no valley ends the population
CUT = 4.685  # Tukey's biweight, 95 % efficient
WIDER = 1.5  # times the first scale: a line that takes in more has left the negatives
ROUNDS, SCALES = 8, 3
CLOSE = 2e-4
RIDGE = 1e-9

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """The residual slope of one pair, its standard error, and how many events it rests on.

    Besides, where the line starts above the negative, and the SD about it: data units of the target.
    """

    slope: float
    error: float
    events: int
    start: float
    scale: float


@dataclass(frozen=True, eq=False)
class Bright:
    """The events that are bright in one channel, at most some 15,000 evenly spaced ones.

    Attributes
    ----------
    block : (n_channels, m)
        Their values.
    parts : (m, n_channels)
        How far each lies above the negatives of a channel; 0 where it is negative.
    """

    source: int
    block: Array = field(repr=False)
    parts: Array = field(repr=False)


def bright_events(columns: Array, source: int, at: Levels) -> Bright | None:
    """Return the events of `columns` (n_channels, n_events) that are bright in `source`; None where too few."""
    if not np.isfinite(at.bright[source]):
        return None
    index = np.flatnonzero(at.keep & (columns[source] >= at.bright[source]))
    if len(index) < FEWEST:
        return None
    block = np.take(columns, index[:: max(1, len(index) // AT_MOST)], axis=1)
    parts = np.ascontiguousarray(np.maximum(block - at.positive[:, None], 0.0).T)
    return Bright(source, block, parts)


def residual_line(bright: Bright, target: int, at: Levels) -> Line | None:
    """Fit ``target = a + b source + sum_k c_k max(k - p_k, 0)`` to events bright in the source, negative in `target`.

    The other channels take up what comes with them and not with the source (dead cells bind every antibody).
    Tukey's biweight about the densest line; b is the residual slope, with a sandwich standard error. None where
    those events are too few or do not stand apart from positives: the pair can't be assessed.
    """
    if not at.has_negative[target]:
        return None
    for up, slopes in ((UP, STEEP), (WIDER_UP * UP, STEEP), (FAR_UP, STEEPER)):
        line = _fit(bright, target, at, slopes=slopes, up=up)
        if line is not None:
            break
    else:
        return None
    if up < FAR_UP and line.slope > 3 * line.error:  # the end of the band may tilt the flank of positives
        wider = _fit(bright, target, at, slopes=slopes, up=WIDER_UP * up, near=line)
        if wider is None or abs(wider.slope - line.slope) > max(3 * line.error, 0.25 * line.slope):
            return None
    return line


def _fit(
    bright: Bright, target: int, at: Levels, *, slopes: Array, up: float, near: Line | None = None
) -> Line | None:
    """Look for the densest line among `slopes` (or take one that was found `near`), then fit it."""
    x, y = bright.block[bright.source], bright.block[target] - at.negative[target]
    width = float(at.width[target])
    index = np.flatnonzero((y >= -BAND * width - DOWN * x) & (y <= BAND * width + up * x))
    if len(index) < FEWEST:
        return None
    index = index[:: max(1, len(index) // FITTED)]
    x, y = x[index], y[index]
    slope, start, scale = (near.slope, near.start, near.scale) if near else (0.0, 0.0, 0.0)
    if near is None:
        on_line = _near((x, y), slopes, NARROW * width)
        slope = float(slopes[np.argmax(on_line)])
        if up == FAR_UP and on_line.max() < ON_THE_LINE * len(index):
            return None
        rest = y - slope * x
        start = shortest(rest, 0.2)
        scale = max(half_width_below(rest[:: _step(rest)], start), 0.7 * width)
    model = _Model(*_design(bright, target, index), y, width, up)
    beta = np.zeros(model.design.shape[1])
    beta[:2] = start, slope
    return model.fit(beta, scale)


def _near(events: tuple[Array, Array], slopes: Array, reach: float) -> NDArray[np.int64]:
    """Return for each of the ascending `slopes` how many events (x, y) lie within `reach` of ``slope x``.

    An event does for the slopes from (y - reach) / x to (y + reach) / x: two places in the list instead of a
    distance to each line. None does where x is not positive, which no bright event is.
    """
    x, y = events
    ends = len(slopes) + 1
    x = np.where(x > 0.0, x, np.nan)  # sorted behind all slopes, at both ends
    first = np.bincount(np.searchsorted(slopes, (y - reach) / x), minlength=ends)
    after = np.bincount(np.searchsorted(slopes, (y + reach) / x, side="right"), minlength=ends)
    return np.asarray(np.cumsum(first - after)[:-1])


def _design(bright: Bright, target: int, index: NDArray[np.int64]) -> tuple[Array, tuple[Array, Array]]:
    """Return the columns (m, p) of the model: 1, source, positive parts of the others that have any.

    And, of source and target, nothing else: (x, size) with the size of each column, for the solution.
    """
    parts = np.take(bright.parts, index, axis=0)
    some = np.count_nonzero(parts, axis=0) >= FEWEST // 2
    some[[bright.source, target]] = False
    x = bright.block[bright.source, index]
    design = np.column_stack([np.ones(len(index)), x, parts[:, some]])
    size = np.maximum(design.max(axis=0), 1e-9)
    return design / size, (x, size)


def _step(values: Array) -> int:
    return max(1, len(values) // SCALED)


@dataclass(frozen=True, eq=False)
class _Model:
    """A linear model of the target above its negative; columns of the design are scaled to 1 at most."""

    design: Array
    parts: tuple[Array, Array]
    y: Array
    width: float
    up: float

    def fit(self, start: Array, scale: float) -> Line | None:
        """Return the line after iterated weights from a first guess; None where it is no line of negatives."""
        from nkflow.kernels import biweight

        step: Any = biweight.biweight_normal
        spread: Any = biweight.biweight_sandwich
        x, size = self.parts
        p, beta, widest = len(size), start * size, WIDER * scale
        out, middle = np.empty((p, p + 1)), np.empty((2, p, p))
        rest = self.y - self.design @ beta
        for turn in range(ROUNDS):
            if turn < SCALES:
                found = half_width_below(rest[:: _step(rest)], 0.0)
                scale = min(max(found, 0.5 * self.width), widest)
            weights = step(self.design, self.y, beta, CUT * scale, out)
            before = beta
            if weights < FEWEST / 2:
                return None
            beta = _solved(out[:, :-1], weights) @ out[:, -1]
            if not np.isfinite(beta[1]):
                return None
            rest = self.y - self.design @ beta
            if turn >= SCALES - 1 and abs(beta[1] - before[1]) < CLOSE * size[1]:
                break
        level = float(beta[0] + beta[1] / size[1] * np.partition(x, len(x) // 10)[len(x) // 10])
        if not self._stands_apart(rest, level, scale):
            return None
        spread(self.design, self.y, before, CUT * scale, middle)
        inverse = _solved(middle[0], weights)
        error = float(np.sqrt(max((inverse @ middle[1] @ inverse)[1, 1], 0.0)))
        on_line = int(np.count_nonzero(np.abs(rest) < NARROW * scale))
        return Line(float(beta[1] / size[1]), error / float(size[1]), on_line, float(beta[0]), scale)

    def _stands_apart(self, rest: Array, level: float, scale: float) -> bool:
        """Whether the events on the line are a population of their own, not the flank of positives.

        `level` is where the line lies at the dim end of the bright events, above the negative.
        """
        place = rest / scale
        left = np.count_nonzero((place < 0) & (place > -2))
        right = np.count_nonzero((place > 0) & (place < 2))
        middle = np.count_nonzero(np.abs(place) < 0.5)
        beyond = np.count_nonzero((place > 2) & (place < 3))
        if left + right < FEWEST or right > LOPSIDED * left + 10 or beyond > SHALLOW * middle:
            return False
        if self.up == FAR_UP:
            return bool(scale < FAR_NARROW * level)
        x = self.parts[0]
        end = BAND * self.width + self.up * float(np.partition(x, len(x) // 10)[len(x) // 10])
        return bool(end - level >= CLOSED * scale)


def _solved(matrix: Array, weights: float) -> Array:
    """Return the inverse of normal equations, with a ridge too small to matter; NaN where there is none."""
    firm = matrix.copy()
    firm.flat[:: len(firm) + 1] += RIDGE * weights
    try:
        return np.asarray(np.linalg.inv(firm), dtype=np.float64)
    except np.linalg.LinAlgError:
        return np.full_like(matrix, np.nan)
