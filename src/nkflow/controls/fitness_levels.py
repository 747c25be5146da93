"""Where each channel of a stained tube is negative, and from where on it is bright."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nkflow.controls.positive import brightest

__all__ = ["Levels", "half_width_below", "levels", "shortest"]

ENOUGH = 16_000  # events
NARROW = 0.05  # of the events: the densest stretch is the negative
NEAR_ZERO = 3.5  # SDs: a densest stretch further up is no negative but a marker that every event carries
WIDE = 10.0  # times the other channels' negatives: a stretch as wide is no negative either
POSITIVE = 10.0  # SDs above the negative
BRIGHT = 20.0  # SDs: the median of a population that is bright enough to show a residual slope
FEWEST = 100
LOWER_PART = 0.4  # of the bright population's median: dimmer events are left out
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
    keep : (n_events,)
        Events that are not bright in nearly all channels, as counting beads are.
    """

    negative: Array = field(repr=False)
    width: Array = field(repr=False)
    has_negative: NDArray[np.bool_] = field(repr=False)
    positive: Array = field(repr=False)
    bright: Array = field(repr=False)
    median: Array = field(repr=False)
    keep: NDArray[np.bool_] = field(repr=False)


def levels(columns: Array, usable: NDArray[np.bool_] | None = None) -> Levels:
    """Return the levels of compensated `columns` (n_channels, n_events); NaN events are left out."""
    keep = np.isfinite(columns).all(axis=0)
    if usable is not None:
        keep &= usable
    some = columns[:, keep]
    some = some[:, :: max(1, some.shape[1] // ENOUGH)]
    found = [_negative(row) for row in some]
    centre, width = np.array([pair[0] for pair in found]), np.array([pair[1] for pair in found])
    has = (centre <= NEAR_ZERO * width) & (width <= WIDE * np.median(width))
    usual = float(np.median(width[has])) if has.any() else float(np.median(width))
    centre, width = np.where(has, centre, 0.0), np.where(has, width, usual)
    positive = centre + POSITIVE * width
    if len(columns) > 3:
        keep &= np.count_nonzero(columns > positive[:, None], axis=0) < len(columns) - ALL_BUT
    bright, median = np.full(len(columns), np.inf), np.full(len(columns), np.nan)
    for k, row in enumerate(columns):
        bright[k], median[k] = _bright(row[keep & (row > positive[k])], row[keep], centre[k], width[k])
    return Levels(centre, width, has, positive, bright, median, np.asarray(keep, dtype=np.bool_))


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
    return float(np.quantile(below, 0.683)) if below.size > 10 else 0.0


def _negative(values: Array) -> tuple[float, float]:
    centre = shortest(values, NARROW)
    return centre, max(half_width_below(values, centre), 1e-9)


def _bright(above: Array, values: Array, centre: float, width: float) -> tuple[float, float]:
    """Return lower end and median of the bright population of one channel."""
    nothing = float("inf"), float("nan")
    if len(above) < FEWEST:
        return nothing
    found = brightest(np.concatenate([values[:: max(1, len(values) // ENOUGH)], above]), centre, width)
    if found is None or found.how == "brighter part":
        return nothing
    middle = float(np.median(above[above >= found.cut])) if np.any(above >= found.cut) else 0.0
    if middle < centre + BRIGHT * width:
        return nothing
    return max(found.cut, centre + LOWER_PART * (middle - centre)), middle
