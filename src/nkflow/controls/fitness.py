"""Fitness of a compensation on the stained tube itself: residual slopes of all pairs of channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nkflow.controls.fitness_levels import Levels, levels
from nkflow.controls.fitness_pair import residual_line
from nkflow.errors import InvalidValueError
from nkflow.fcs.findings import Finding

__all__ = ["Fitness", "Judgement", "Pair", "fitness"]

ERRORS = (
    4.0  # standard errors of the interval; of some 50 pairs of a right matrix none lies outside by chance
)
TOLERANCE = 0.005  # of a coefficient: autofluorescence and cell size alone make residual slopes of this size

Judgement = Literal["well", "under", "over", "unclear", "not assessable"]
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Pair:
    """What the tube says about the spillover of `source` into `target`.

    Attributes
    ----------
    slope, low, high
        Residual slope and its interval (4 standard errors): data units of `target` per data unit of `source`.
        Positive: under-compensated. NaN where the pair can't be assessed.
    events
        Events bright in `source` and negative in `target` that it rests on.
    shift
        Slope times the median of the bright population: how far it lies off, data units of `target`.
    judgement
        ``well``: the interval lies within 0.015; ``under``, ``over``: it lies beyond 0.005 on one side;
        ``unclear``: neither; ``not assessable``.
    """

    source: str
    target: str
    slope: float
    low: float
    high: float
    events: int
    shift: float
    judgement: Judgement


@dataclass(frozen=True, eq=False)
class Fitness:
    """The residual slopes of one tube.

    Attributes
    ----------
    names
        The channels.
    slopes, errors : (n, n)
        Row: the bright channel; column: the one that should stay level. NaN where not assessable.
    events : (n, n)
        What each slope rests on.
    levels
        Negative and bright population of each channel.
    """

    names: tuple[str, ...]
    slopes: Array = field(repr=False)
    errors: Array = field(repr=False)
    events: NDArray[np.int64] = field(repr=False)
    levels: Levels = field(repr=False)

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """Every ordered pair of channels."""
        n = len(self.names)
        return tuple(self.pair(i, j) for i in range(n) for j in range(n) if i != j)

    @property
    def wrong(self) -> tuple[Pair, ...]:
        """The over- and under-compensated pairs, the largest slope first."""
        found = [pair for pair in self.pairs if pair.judgement in ("under", "over")]
        return tuple(sorted(found, key=lambda pair: -abs(pair.slope)))

    @property
    def assessable(self) -> int:
        """How many pairs the tube says something about."""
        return int(np.isfinite(self.slopes).sum())

    def pair(self, source: int, target: int) -> Pair:
        """Return what the tube says about one pair, by position."""
        slope, reach = float(self.slopes[source, target]), ERRORS * float(self.errors[source, target])
        low, high = slope - reach, slope + reach
        return Pair(
            self.names[source], self.names[target], slope, low, high, int(self.events[source, target]),
            slope * float(self.levels.median[source]), _judge(low, high),
        )  # fmt: skip

    def findings(self, where: str = "") -> tuple[Finding, ...]:
        """Return one finding per over- or under-compensated pair."""
        return tuple(
            Finding(
                f"{pair.judgement}-compensated",
                "warning",
                f"{pair.target} is {pair.judgement}-compensated for {pair.source}: residual slope {pair.slope:+.4f} "
                f"({pair.low:+.4f} to {pair.high:+.4f})",
                where,
                f"events bright in {pair.source} lie {pair.shift:+.0f} off in {pair.target}",
            )
            for pair in self.wrong
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the assessable pairs as plain values."""
        rows = [vars(pair) for pair in self.pairs if pair.judgement != "not assessable"]
        return {"channels": list(self.names), "pairs": rows, "assessable": self.assessable}


def fitness(values: Array, names: Sequence[str], *, usable: NDArray[np.bool_] | None = None) -> Fitness:
    """Judge a compensation by the events it was applied to; no control is needed.

    Parameters
    ----------
    values : (n_events, n_channels)
        Compensated values in linear data units (or uncompensated ones, to see what compensation would have to
        do). Events with a NaN are left out. Not transformed, not clipped.
    names
        Of the channels: fluorescence only.
    usable : (n_events,) bool
        Events to look at; leave out saturated ones. None: all.

    Raises
    ------
    InvalidValueError
        Where the shapes don't fit.
    """
    names = tuple(names)
    if (
        values.ndim != 2
        or values.shape[1] != len(names)
        or (usable is not None and len(usable) != len(values))
    ):
        raise InvalidValueError(
            "values and names don't fit", found=f"an array of shape {values.shape}, {len(names)} names",
            expected="(n_events, n_channels), one name per channel",
        )  # fmt: skip
    columns = np.ascontiguousarray(values.T, dtype=np.float64)
    n = len(names)
    slopes, errors = np.full((n, n), np.nan), np.full((n, n), np.nan)
    events = np.zeros((n, n), dtype=np.int64)
    at = levels(columns, usable)
    for source in range(n):
        for target in range(n):
            line = None if source == target else residual_line(columns, source, target, at)
            if line is not None:
                slopes[source, target], errors[source, target] = line.slope, line.error
                events[source, target] = line.events
    return Fitness(names, slopes, errors, events, at)


def _judge(low: float, high: float) -> Judgement:
    if not np.isfinite(low + high):
        return "not assessable"
    if low > TOLERANCE:
        return "under"
    if high < -TOLERANCE:
        return "over"
    return "well" if low >= -3 * TOLERANCE and high <= 3 * TOLERANCE else "unclear"
