"""Fitness of a compensation on the stained tube itself: residual slopes of all pairs of channels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from nkflow.errors import InvalidValueError
from nkflow.fitness.levels import Levels, levels
from nkflow.fitness.line import bright_events, residual_line
from nkflow.fitness.picture import picture
from nkflow.fitness.state import State

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from nkflow.plots.matrix import Matrix

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
    state
        Whether the events had the matrix before; None where no square matrix was applied.
    """

    names: tuple[str, ...]
    slopes: Array = field(repr=False)
    errors: Array = field(repr=False)
    events: NDArray[np.int64] = field(repr=False)
    levels: Levels = field(repr=False)
    state: State | None = None

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
    def silent(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Channels of whose spill nothing can be said, and others into which nothing can be said to spill.

        The first have too few bright events; the second have no negative among the bright events of any other, as
        CD45 has none where every event carries it.
        """
        known = np.isfinite(self.slopes)
        dark = [name for name, row in zip(self.names, known, strict=True) if not row.any()]
        full = [name for name, column in zip(self.names, known.T, strict=True) if not column.any()]
        return tuple(dark), tuple(full) if known.any() else ()

    @property
    def assessable(self) -> int:
        """How many pairs the tube says something about."""
        return int(np.isfinite(self.slopes).sum())

    def summary(self) -> str:
        """Return in one line what the tube says of its compensation."""
        number = Counter(pair.judgement for pair in self.pairs)
        parts = [f"{number[word]} {word}" for word in ("well", "under", "over", "unclear") if number[word]]
        said = {
            "compensated already": "; the events were compensated already",
            "not compensated": "; the events were not compensated before",
            "unclear": "",
        }
        state = "" if self.state is None else said[self.state.word]
        judged = ", ".join(parts) or "none"
        dark, full = self.silent
        state += f"; too few bright events: {', '.join(dark)}" if dark else ""
        state += (
            f"; no negatives, so that nothing is known of what spills into it: {', '.join(full)}"
            if full
            else ""
        )
        return f"of {len(self.pairs)} pairs of channels {self.assessable} can be assessed: {judged}{state}"

    def pair(self, source: int, target: int) -> Pair:
        """Return what the tube says about one pair, by position."""
        slope, reach = float(self.slopes[source, target]), ERRORS * float(self.errors[source, target])
        low, high = slope - reach, slope + reach
        return Pair(
            self.names[source], self.names[target], slope, low, high, int(self.events[source, target]),
            slope * float(self.levels.median[source]), _judge(low, high),
        )  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        """Return the assessable pairs as plain values: slopes to six decimals, shifts to one."""
        rows = [
            {
                "source": pair.source,
                "target": pair.target,
                **{key: round(getattr(pair, key), 6) for key in ("slope", "low", "high")},
                "events": pair.events,
                "shift": round(pair.shift, 1),
                "judgement": pair.judgement,
            }
            for pair in self.pairs
            if pair.judgement != "not assessable"
        ]
        state = None if self.state is None else self.state.as_dict()
        return {"channels": list(self.names), "assessable": self.assessable, "state": state, "pairs": rows}

    def figure(self) -> go.Figure:
        """Return the N x N picture of the residual slopes as a plotly figure; not shown."""
        from nkflow.plots.matrix import matrix_figure

        return matrix_figure(self.picture())

    def svg(self) -> str:
        """Return the same picture as one SVG element."""
        from nkflow.plots.matrix import matrix_svg

        return matrix_svg(self.picture())

    def picture(self) -> Matrix:
        """Return the N x N picture: colour is the residual slope, a sign where it is judged wrong."""
        n = len(self.names)
        pairs = [(i, j) for i in range(n) for j in range(n) if i != j]
        return picture(self.names, self.slopes, {pair: self.pair(*pair).judgement for pair in pairs})


def fitness(
    values: Array, names: Sequence[str], *, usable: NDArray[np.bool_] | None = None, merged: bool = False
) -> Fitness:
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
    merged
        Look at channels too whose bright events do not stand apart; their slopes are rough.

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
    at = levels(columns, usable, merged=merged)
    for source in range(n):
        bright = bright_events(columns, source, at)
        for target in range(n) if bright is not None else ():
            line = residual_line(bright, target, at) if bright is not None and target != source else None
            if line is not None and np.isfinite(line.slope) and np.isfinite(line.error):
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
