"""What is normal in this run: the baseline of its event rate, the level of each signal, and how unsteady both are.

Baseline and levels by medians over blocks of equal time, so that faults in less than half of the run move them
little; the noise by the median difference of neighbouring short bins, in units of what counting alone explains, and
never below that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nkflow.acquisition.run import Slices

__all__ = ["RANK_VARIANCE", "Reference", "reference_of"]

Array = NDArray[np.float64]

RANK_VARIANCE = 1 / 12  # of a uniform rank
_BLOCKS, _EVENTS_IN_BLOCK, _SLICES_IN_BLOCK = 100, 100, 2
_BIN = 100  # events of the short bins by which noise is judged
_MAD = 1.4826  # SD of a normal distribution over its median absolute deviation
_STEEPEST = np.log(2.0)  # of the baseline, from end to end
_NOISIEST = 10.0


@dataclass(frozen=True, eq=False)
class Reference:
    """What is normal in one run.

    Attributes
    ----------
    expected : (n_slices,)
        Events that the baseline of the rate gives for each slice.
    drift
        Change of that baseline from begin to end of the run, relative to its middle.
    levels : (n_channels,)
        Usual mean rank.
    rate_noise
        Variance of the counts over that of Poisson counts, 1 to 10.
    noise : (n_channels,)
        Variance of mean ranks over that of events in random order, 1 to 10.
    """

    expected: Array
    drift: float
    levels: Array
    rate_noise: float
    noise: Array


def reference_of(slices: Slices) -> Reference:
    """Return what is normal in a run.

    It is found once, from the whole run: to find it again in what a search has kept would bring it nearer to
    the quietest part each time, until that is all that is left.
    """
    blocks = _blocks(slices)
    expected, drift = _baseline(slices, blocks)
    levels = _levels(slices, blocks)
    bins = _bins(slices.events)
    counted = _summed(bins, slices.events)
    due = _summed(bins, expected)
    excess = [_summed(bins, row) - level * counted for row, level in zip(slices.ranks, levels, strict=True)]
    noise = np.array([_noise(row, counted * RANK_VARIANCE) for row in excess])
    return Reference(expected, drift, levels, _noise(counted - due, due), noise)


def _blocks(slices: Slices) -> NDArray[np.int64]:
    """Return the block of equal time in which each slice begins."""
    most = min(int(slices.first[-1]) // _EVENTS_IN_BLOCK, len(slices) // _SLICES_IN_BLOCK, _BLOCKS)
    begin = slices.begin[:-1]
    share = (begin - begin[0]) / (slices.begin[-1] - begin[0])
    blocks: NDArray[np.int64] = np.minimum((share * most).astype(np.int64), most - 1)
    return blocks


def _baseline(slices: Slices, blocks: NDArray[np.int64]) -> tuple[Array, float]:
    """Return expected events of each slice, and the drift, by a line through the logarithms of block rates.

    The line is Siegel's repeated median (doi:10.1093/biomet/69.1.242): up to half of the blocks may be wrong.
    """
    time = _summed(blocks, slices.duration)
    events = _summed(blocks, slices.events)
    use = np.flatnonzero(time > 0)
    log_rate = np.log((events[use] + 0.5) / time[use])
    at = (use + 0.5) / len(time) - 0.5
    slope = _slope(at, log_rate)
    middle = float(np.median(log_rate - slope * at))
    begin = slices.begin[:-1]
    where = (begin - begin[0]) / (slices.begin[-1] - begin[0]) - 0.5
    expected = np.exp(middle + slope * where) * slices.duration
    expected[-1] = slices.events[-1]  # when the last slice would have ended is not known
    return expected, float(2 * np.sinh(slope / 2))


def _slope(x: Array, y: Array) -> float:
    """Return the repeated median slope, at most `_STEEPEST`; 0 for a single point."""
    if len(x) < 2:
        return 0.0
    others = ~np.eye(len(x), dtype=np.bool_)
    slopes = [np.median((y[k] - y[row]) / (x[k] - x[row])) for k, row in enumerate(others)]
    return float(np.clip(np.median(slopes), -_STEEPEST, _STEEPEST))


def _levels(slices: Slices, blocks: NDArray[np.int64]) -> Array:
    counted = _summed(blocks, slices.events)
    use = counted >= _EVENTS_IN_BLOCK / 4
    return np.array([np.median(_summed(blocks, row)[use] / counted[use]) for row in slices.ranks])


def _bins(events: Array) -> NDArray[np.int64]:
    """Return the short bin of each slice: successive slices of some hundred events together."""
    return np.floor((np.cumsum(events) - events) / _BIN).astype(np.int64)


def _summed(groups: NDArray[np.int64], values: Array) -> Array:
    """Return the sum of `values` in each group, from group 0 on."""
    return np.bincount(groups, weights=values).astype(np.float64, copy=False)


def _noise(excess: Array, variance: Array) -> float:
    """Return the variance of `excess` over `variance`, by the differences of neighbouring bins."""
    z = excess / np.sqrt(np.maximum(variance, 1.0))
    spread = _MAD * float(np.median(np.abs(np.diff(z)))) / np.sqrt(2.0)
    return float(np.clip(spread**2, 1.0, _NOISIEST))
