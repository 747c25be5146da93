"""The density of one channel on its scale, and the peaks in it that counting noise does not explain."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nkflow.kernels import density as kernels

__all__ = ["MIN_EVENTS", "Density", "Peak", "density"]

# a compiled kernel takes what the function takes; the type checker sees the compiler's decorator
_fill: Any = kernels.fill_inside
_smooth: Any = kernels.smooth_rows

MIN_EVENTS = 100  # STANDARDS section 6: below, no method answers
BINS = 768
NARROW, WIDE = 0.006, 0.03  # of the bandwidth, in parts of the grid's unit
PEAK_Z = 2.5  # a peak rises above its saddle by so many SDs of counting
PEAK_RISE = 1.15  # and by this factor
PEAK_EVENTS = 15  # and holds so many events

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Peak:
    """A peak: its bin, and the bins of the valleys on either side (the grid's ends where there is none)."""

    bin: int
    left: int
    right: int


@dataclass(frozen=True, eq=False)
class Density:
    """Events per bin and the same smoothed.

    Attributes
    ----------
    low, step
        Left end of the first bin and width of a bin, in display units.
    counts, height : (n_bins,)
        Events per bin as they are, and smoothed with a Gaussian of SD `bandwidth` (display units).
    n, outside
        Events on the grid and beside it.
    """

    low: float
    step: float
    counts: Array = field(repr=False)
    height: Array = field(repr=False)
    bandwidth: float
    n: int
    outside: int

    @cached_property
    def weights(self) -> Array:
        """The smoothing weights, (2 r + 1,), sum 1."""
        return _weights(self.bandwidth / self.step)

    @cached_property
    def noise(self) -> float:
        """Sum of the squared weights: a smoothed height h of counted events has variance ``noise * h``."""
        return float((self.weights**2).sum())

    def place(self, position: float) -> float:
        """Return the display value of the middle of a bin; `position` may be fractional."""
        return self.low + self.step * (position + 0.5)

    def bin(self, value: float) -> int:
        """Return the bin of a display value; beyond an end the last one there."""
        return min(max(int((value - self.low) / self.step), 0), len(self.height) - 1)

    def quantiles(self, *parts: float, between: tuple[int, int] | None = None) -> tuple[float, ...]:
        """Return where these `parts` of the events lie below, to a fraction of a bin; of the bins `between` alone."""
        first, last = between or (0, len(self.counts) - 1)
        below = np.concatenate([[0.0], np.cumsum(self.counts[first : last + 1])])
        ends = first + np.interp([part * below[-1] for part in parts], below, np.arange(len(below)))
        return tuple(float(self.low + self.step * end) for end in ends)

    @cached_property
    def peaks(self) -> tuple[Peak, ...]:
        """The peaks that noise does not explain, from left to right.

        Local extremes in pairs (a peak and the valley beside it) are taken out, the least significant first,
        until every peak rises above the valleys beside it by `PEAK_Z` SDs of counting and by `PEAK_RISE`.
        """
        tops, valleys = _extremes(self.height)
        if not tops:
            return ()
        rise = cache(self._rise)  # most pairs stay from one round to the next
        while len(tops) > 1:
            rises = [rise(tops[k + side], valleys[k]) for k in range(len(valleys)) for side in (0, 1)]
            weakest = rises.index(min(rises))
            if rises[weakest] >= 1.0:
                break
            k, side = divmod(weakest, 2)
            del valleys[k], tops[k + side]
        return self._large(tops, valleys)

    def _rise(self, top: int, valley: int) -> float:
        """Return how far a peak rises above a valley, in parts of what is asked for; 1 suffices."""
        high, low, noise = float(self.height[top]), float(self.height[valley]), self.noise
        z = (high - low) / math.sqrt(noise * (high + low + 2 * noise))
        return min(z / PEAK_Z, (high / low if low > 0 else math.inf) / PEAK_RISE)

    def _large(self, tops: list[int], valleys: list[int]) -> tuple[Peak, ...]:
        """Return the peaks that hold enough events; a small one joins the neighbour behind the higher valley."""
        while len(tops) > 1:
            ends = [0, *valleys, len(self.height) - 1]
            masses = [float(self.counts[a : b + 1].sum()) for a, b in itertools.pairwise(ends)]
            smallest = int(np.argmin(masses))
            if masses[smallest] >= PEAK_EVENTS:
                break
            beside = [k for k in (smallest - 1, smallest) if 0 <= k < len(valleys)]
            del valleys[max(beside, key=lambda k: self.height[valleys[k]])], tops[smallest]
        ends = [0, *valleys, len(self.height) - 1]
        return tuple(Peak(top, a, b) for top, a, b in zip(tops, ends[:-1], ends[1:], strict=True))


def density(values: Array, *, adjust: float = 1.0, span: tuple[float, float] | None = None) -> Density:
    """Return the density of `values` (n,) in display units; non-finite ones are beside the grid.

    Parameters
    ----------
    adjust
        Factor on the bandwidth bw.nrd0.
    span
        Ends of the grid; None: those of the data, without the outermost 0.01 % on either side.
    """
    inside = np.isfinite(values)
    finite = values if inside.all() else values[inside]
    coarse = _Coarse.of(finite)
    low, high = coarse.span() if span is None else span
    unit = high - low
    step = unit / BINS
    counts = np.zeros(BINS)
    outside = int(_fill(finite, low, 1.0 / step, counts)) + len(values) - len(finite)
    width = min(max(coarse.bandwidth() * adjust, NARROW * unit), WIDE * unit)
    height = np.empty((1, BINS))
    _smooth(counts[None, :], _weights(width / step), height)
    for array in (counts, height):
        array.flags.writeable = False
    return Density(low, step, counts, height[0], width, len(values) - outside, outside)


@dataclass(frozen=True, eq=False)
class _Coarse:
    """All values in 4096 bins from the lowest to the highest: a sort of 200,000 would take longer than all else."""

    low: float
    step: float
    counts: Array

    @classmethod
    def of(cls, values: Array) -> _Coarse:
        low, high = (float(values.min()), float(values.max())) if len(values) else (0.5, 0.5)
        if low == high:
            return cls(low - 0.5, 1 / 4096, _spike(float(len(values))))
        step = (high - low) / 4095
        counts = np.zeros(4096)
        _fill(values, low, 1.0 / step, counts)
        return cls(low, step, counts)

    @cached_property
    def below(self) -> Array:
        """Values up to the end of each bin."""
        return np.cumsum(self.counts)

    def quantile(self, p: float) -> float:
        """Return where `p` of the values lie below, to a bin."""
        return self.low + self.step * (float(np.searchsorted(self.below, p * self.below[-1])) + 0.5)

    def span(self) -> tuple[float, float]:
        """Return the ends of a grid that leaves out the outermost 0.01 % on either side."""
        low, high = self.quantile(1e-4), self.quantile(1 - 1e-4)
        margin = max(0.05 * (high - low), 2 * self.step)
        return low - margin, high + margin

    def bandwidth(self) -> float:
        """Return bw.nrd0 (Silverman 1986, eq. 3.31): ``0.9 min(sd, IQR / 1.34) n^(-1/5)``."""
        n = float(self.counts.sum())
        if n < 2:
            return 0.0
        at = self.low + self.step * (np.arange(4096) + 0.5)
        mean = float((self.counts * at).sum()) / n
        sd = math.sqrt(float((self.counts * (at - mean) ** 2).sum()) / (n - 1))
        iqr = self.quantile(0.75) - self.quantile(0.25)
        return float(0.9 * min((spread for spread in (sd, iqr / 1.34) if spread > 0), default=0.0) * n**-0.2)


def _spike(count: float) -> Array:
    counts = np.zeros(4096)
    counts[2048] = count
    return counts


def _weights(bins: float) -> Array:
    reach = max(1, math.ceil(4 * bins))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / max(bins, 1e-9)) ** 2)
    weights /= weights.sum()
    return weights


def _extremes(height: Array) -> tuple[list[int], list[int]]:
    """Return the bins of local maxima and, between each two of them, of the lowest place."""
    above = np.concatenate([[0.0], height, [0.0]])
    tops = np.flatnonzero((above[1:-1] > above[:-2]) & (above[1:-1] >= above[2:])).tolist()
    valleys = [int(a + np.argmin(height[a:b])) for a, b in itertools.pairwise(tops)]
    return tops, valleys
