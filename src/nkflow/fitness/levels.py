"""Where each channel of a stained tube is negative, and from where on it is bright."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nkflow.fitness.positive import brightest

__all__ = ["Levels", "half_width_below", "levels", "shortest"]

ENOUGH = 16_000  # events
NARROW = 0.05  # of the events: the densest stretch is the negative
NEAR_ZERO = 3.5  # SDs: a densest stretch further up is no negative but a marker that every event carries
WIDE = 10.0  # times the other channels' negatives: a stretch as wide is no negative either
LIFTED, LIFTED_WIDE = 20.0, 4.0  # times them: a narrow negative that a neighbour of every event lifts
POSITIVE = 10.0  # SDs above the negative
BRIGHT = 20.0  # SDs: the median of a population that is bright enough to show a residual slope
FEWEST = 100
LOWER_PART = 0.4  # of the bright population's median: dimmer events are left out
TOP = 0.999  # of the events: how bright a control must be (CO-17)
ALL_BUT = 1  # an event that is positive in all channels but one is a bead or debris

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Levels:
    """Per channel, data units.

    Attributes
    ----------
    negative, width : (n_channels,)
        Centre and SD of the negative, the latter from its left flank.
    has_negative : (n_channels,)
        False where every event carries the marker.
    positive : (n_channels,)
        10 SDs above the negative.
    bright, median : (n_channels,)
        Lower end and median of the bright population; inf and NaN where there is none.
    top : (n_channels,)
        The 99.9 % point of the events that count; NaN where nothing can be judged.
    keep : (n_events,)
        Events that are not bright in nearly all channels, as counting beads are.
    """

    negative: Array = field(repr=False)
    width: Array = field(repr=False)
    has_negative: NDArray[np.bool_] = field(repr=False)
    positive: Array = field(repr=False)
    bright: Array = field(repr=False)
    median: Array = field(repr=False)
    top: Array = field(repr=False)
    keep: NDArray[np.bool_] = field(repr=False)


def levels(columns: Array, usable: NDArray[np.bool_] | None = None, *, merged: bool = False) -> Levels:
    """Return the levels of compensated `columns` (n_channels, n_events); NaN events are left out.

    `merged`: the brighter part counts as a bright population where none stands apart from the negative.
    """
    keep = np.ones(columns.shape[1], dtype=np.bool_)
    for row in columns:
        keep &= np.isfinite(row)
    if usable is not None:
        keep &= usable
    if not len(columns) or np.count_nonzero(keep) < FEWEST:
        return _nothing(len(columns), keep)
    index = np.flatnonzero(keep)
    some = columns[:, index[:: max(1, len(index) // ENOUGH)]]
    found = [_negative(row) for row in some]
    centre, width = np.array([pair[0] for pair in found]), np.array([pair[1] for pair in found])
    typical = float(np.median(width))
    has = (centre <= NEAR_ZERO * width) & (width <= WIDE * typical)
    if has.any():  # beads alone are bright everywhere: nothing of theirs was lifted from a negative
        has |= (centre <= LIFTED * typical) & (width <= LIFTED_WIDE * typical)
    usual = float(np.median(width[has])) if has.any() else float(np.median(width))
    centre, width = np.where(has, centre, 0.0), np.where(has, width, usual)
    positive = centre + POSITIVE * width
    if len(columns) > 3:
        keep &= _count_above(columns, positive) < len(columns) - ALL_BUT
        if np.count_nonzero(keep) < FEWEST:  # a tube of beads alone
            return _nothing(len(columns), keep)
    bright, median = np.full(len(columns), np.inf), np.full(len(columns), np.nan)
    kept = np.flatnonzero(keep)
    kept = kept[:: max(1, len(kept) // ENOUGH)]
    for k, row in enumerate(columns):
        index = np.flatnonzero(keep & (row > positive[k]))
        above = row[index[:: max(1, len(index) // ENOUGH)]]
        bright[k], median[k] = _bright(above, row[kept], (centre[k], width[k]), merged)
    top = np.quantile(columns[:, kept], TOP, axis=1)
    return Levels(centre, width, has, positive, bright, median, top, np.asarray(keep, dtype=np.bool_))


def _nothing(n: int, keep: NDArray[np.bool_]) -> Levels:
    """Return levels of which no channel can be judged."""
    none, zero = np.full(n, np.nan), np.zeros(n)
    return Levels(zero, zero, np.zeros(n, dtype=np.bool_), zero, np.full(n, np.inf), none, none, keep)


def _count_above(columns: Array, floors: Array) -> NDArray[np.uint16]:
    """Return in how many channels each event lies above the floor, (n_events,)."""
    count = np.zeros(columns.shape[1], dtype=np.uint16)
    for row, floor in zip(columns, floors, strict=True):
        count += row > floor
    return count


def shortest(values: Array, share: float, *, fewest: int = 40) -> float:
    """Return the middle of the shortest stretch that holds `share` of `values` (n,): their densest place."""
    ordered = np.sort(values)
    count = max(fewest, int(share * len(ordered)))
    if len(ordered) <= count:
        return float(np.median(ordered)) if len(ordered) else 0.0
    spans = ordered[count:] - ordered[:-count]
    first = int(np.argmin(spans))
    return float(ordered[first] + ordered[first + count]) / 2.0


def half_width_below(values: Array, centre: float) -> float:
    """Return the SD of what lies below `centre`: positives lie above and do not count."""
    below = centre - values[values < centre]
    if below.size <= 10:
        return 0.0
    place = int(0.683 * (below.size - 1))
    return float(np.partition(below, place)[place])


def _negative(values: Array) -> tuple[float, float]:
    centre = shortest(values, NARROW)
    return centre, max(half_width_below(values, centre), 1e-9)


def _bright(above: Array, values: Array, negative: tuple[float, float], merged: bool) -> tuple[float, float]:
    """Return lower end and median of the bright population of one channel."""
    nothing, (centre, width) = (float("inf"), float("nan")), negative
    if len(above) < FEWEST:
        return nothing
    found = brightest(np.concatenate([values, above]), centre, width)
    if found is None or (found.how == "brighter part" and not merged):
        return nothing
    middle = float(np.median(above[above >= found.cut])) if np.any(above >= found.cut) else 0.0
    if middle < centre + BRIGHT * width:
        return nothing
    return max(found.cut, centre + LOWER_PART * (middle - centre)), middle
