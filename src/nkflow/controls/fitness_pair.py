"""The residual slope of one pair of channels: is what is negative level as its neighbour gets brighter?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nkflow.controls.fitness_levels import Levels, half_width_below, shortest

__all__ = ["Line", "residual_line"]

AT_MOST = 3_000  # events
FEWEST = 40  # that count
BAND = 8.0  # SDs of the negative, above and below
UP, DOWN = 0.06, 1.0  # slopes within which the negative is looked for; below there is no biology
WIDER_UP = 2.0  # times: where the band ends must not matter
FAR_UP = 0.8  # the same where nearly all events lie on one narrow line
STEEP = np.concatenate([-np.geomspace(0.6, 0.004, 18), [0.0], np.geomspace(0.004, UP, 8)])
STEEPER = np.geomspace(UP, FAR_UP, 24)
NARROW = 2.5  # SDs: half the width of a line of negatives
ON_THE_LINE = 0.5  # of the bright events: so many lie on the line of a dye that is not compensated
CLOSED = 2.5  # SDs between a population of negatives and the end of the band, where the band is narrow
LOPSIDED = 1.7  # right to left of the line: more is the flank of a positive population
SHALLOW = (
    0.18  # events two to three SDs right of the line, to those on it: more, and no valley ends the population
)
CUT = 4.685  # Tukey's biweight, 95 % efficient
WIDER = 1.5  # times the first scale: a line that takes in more has left the negatives
ROUNDS = 8
CLOSE = 2e-4

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """The residual slope of one pair, its standard error, and how many events it rests on."""

    slope: float
    error: float
    events: int


def residual_line(columns: Array, source: int, target: int, at: Levels) -> Line | None:
    """Fit ``target = a + b source + sum_k c_k max(k - p_k, 0)`` to events bright in `source`, negative in `target`.

    The other channels take up what comes with them and not with the source (dead cells bind every antibody).
    Tukey's biweight about the densest line; b is the residual slope, with a sandwich standard error. None where
    those events are too few or do not stand apart from positives: the pair can't be assessed.
    """
    if not (np.isfinite(at.bright[source]) and at.has_negative[target]):
        return None
    line = _fit(columns, source, target, at, slopes=STEEP, up=UP)
    if line is None:
        return _fit(columns, source, target, at, slopes=STEEPER, up=FAR_UP)
    if line.slope > 3 * line.error:  # the end of the band alone can tilt the flank of a positive population
        wider = _fit(columns, source, target, at, slopes=STEEP, up=WIDER_UP * UP)
        if wider is None or abs(wider.slope - line.slope) > max(3 * line.error, 0.25 * line.slope):
            return None
    return line


def _fit(columns: Array, source: int, target: int, at: Levels, *, slopes: Array, up: float) -> Line | None:
    index, found = _events(columns, source, target, at, up)
    if found < FEWEST:
        return None
    x, y = columns[source, index], columns[target, index] - at.negative[target]
    width = float(at.width[target])
    on_line = [np.count_nonzero(np.abs(y - slope * x) <= NARROW * width) for slope in slopes]
    best = int(np.argmax(on_line))
    steep = up == FAR_UP
    if steep and on_line[best] < ON_THE_LINE * len(index):
        return None
    slope = float(slopes[best])
    rest = y - slope * x
    start = shortest(rest, 0.2)
    scale = max(half_width_below(rest, start), 0.7 * width)
    model = _Model(columns, source, target, at, index, width)
    return model.fit(at.negative[target] + start, slope, scale, up=up)


def _events(columns: Array, source: int, target: int, at: Levels, up: float) -> tuple[NDArray[np.int64], int]:
    """Return at most 3,000 evenly spaced events that are bright in one channel and not high in the other."""
    from nkflow.kernels import controls_fitness

    pick: Any = controls_fitness.bright_not_high
    index = np.empty(columns.shape[1], dtype=np.int64)
    band = BAND * at.width[target]
    reach = np.array([at.negative[target] - band, at.negative[target] + band, DOWN, up])
    found = int(pick(columns[source], columns[target], at.keep, at.bright[source], reach, index))
    return index[:found][:: max(1, found // AT_MOST)].copy(), found


@dataclass(frozen=True, eq=False)
class _Model:
    columns: Array
    source: int
    target: int
    at: Levels
    index: NDArray[np.int64]
    width: float

    def fit(self, start: float, slope: float, scale: float, *, up: float) -> Line | None:
        """Return the line after iterated weights from a first guess; None where it is no line of negatives."""
        rows, design = self._design()
        y = self.columns[self.target, self.index]
        beta = np.zeros(len(design))
        beta[0], beta[1] = start, slope
        widest = WIDER * scale
        for _ in range(ROUNDS):
            rest = y - beta @ design
            scale = min(max(half_width_below(rest, 0.0), 0.5 * self.width), widest)
            before, beta = beta[1], self._step(rows, beta, CUT * scale)
            if not np.isfinite(beta[1]):
                return None
            if abs(beta[1] - before) < CLOSE:
                break
        rest = y - beta @ design
        if not self._stands_apart(rest, beta, scale, up):
            return None
        error = _sandwich(design, rest, CUT * scale)
        return Line(float(beta[1]), error, int(np.count_nonzero(np.abs(rest) < NARROW * scale)))

    def _design(self) -> tuple[NDArray[np.int64], Array]:
        """Return the rows of the model and its design (p + 1, m): 1, source, positive parts of the others."""
        others = [k for k in range(len(self.columns)) if k not in (self.source, self.target)]
        parts = self.columns[others][:, self.index] - self.at.positive[others, None]
        used = [k for k, part in zip(others, parts, strict=True) if np.count_nonzero(part > 0) >= FEWEST // 2]
        rows = np.array([self.source, *used], dtype=np.int64)
        parts = np.maximum(self.columns[rows][:, self.index] - self._floors(rows)[:, None], 0.0)
        return rows, np.vstack([np.ones(len(self.index)), parts])

    def _floors(self, rows: NDArray[np.int64]) -> Array:
        return np.concatenate([[0.0], self.at.positive[rows[1:]]])

    def _step(self, rows: NDArray[np.int64], beta: Array, cut: float) -> Array:
        from nkflow.kernels import controls_fitness

        normal: Any = controls_fitness.biweight_normal
        out = np.empty((len(beta), len(beta) + 1))
        weights, _, _ = normal(
            self.columns, rows, self._floors(rows), self.index, self.target, beta, cut, out
        )
        if weights < FEWEST / 2:
            return np.full(len(beta), np.nan)
        size = np.sqrt(np.maximum(np.diag(out[:, :-1]), 1e-300))
        size[size < 1e-100] = 1.0
        matrix = out[:, :-1] / size / size[:, None] + 1e-9 * np.eye(len(beta))
        return np.asarray(np.linalg.solve(matrix, out[:, -1] / size) / size)

    def _stands_apart(self, rest: Array, beta: Array, scale: float, up: float) -> bool:
        """Whether the events on the line are a population of their own, not the flank of positives."""
        left = np.count_nonzero((rest < 0) & (rest > -2 * scale))
        right = np.count_nonzero((rest > 0) & (rest < 2 * scale))
        middle = np.count_nonzero(np.abs(rest) < scale / 2)
        beyond = np.count_nonzero((rest > 2 * scale) & (rest < 3 * scale))
        if left + right < FEWEST or right > LOPSIDED * left + 10 or beyond > SHALLOW * middle:
            return False
        x = float(np.quantile(self.columns[self.source, self.index], 0.1))
        level = beta[0] + beta[1] * x - self.at.negative[self.target]
        if (
            up == FAR_UP
        ):  # nearly all events on one line: a positive population is far broader than its distance
            return bool(scale < 0.1 * level)
        return bool(BAND * self.width + up * x - level >= CLOSED * scale)


def _sandwich(design: Array, rest: Array, cut: float) -> float:
    """Return the standard error of the second coefficient: (X' psi' X)^-1 X' psi^2 X (X' psi' X)^-1."""
    kept = np.maximum(1.0 - (rest / cut) ** 2, 0.0)
    psi, derivative = rest * kept**2, kept * (5.0 * kept - 4.0)
    size = np.sqrt(np.mean(design**2, axis=1))[:, None]
    scaled = design / np.where(size > 0, size, 1.0)
    bread = (scaled * derivative) @ scaled.T + 1e-9 * len(rest) * np.eye(len(design))
    try:
        inverse = np.linalg.inv(bread)
    except np.linalg.LinAlgError:
        return float("inf")
    variance = inverse @ ((scaled * psi**2) @ scaled.T) @ inverse
    return float(np.sqrt(max(variance[1, 1], 0.0)) / size[1, 0])
