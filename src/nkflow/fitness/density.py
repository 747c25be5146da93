"""Smoothed histograms and their modes: where a population is, without asking how many there are."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["Density", "density", "smooth"]

Array = NDArray[np.float64]


def smooth(counts: Array, bins: float) -> Array:
    """Return `counts` (any shape) smoothed along every axis with a Gaussian of SD `bins`."""
    reach = int(np.ceil(4 * bins))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / bins) ** 2)
    weights /= weights.sum()
    result = np.asarray(counts, dtype=np.float64)
    for axis in range(result.ndim):
        padding = [(reach, reach) if k == axis else (0, 0) for k in range(result.ndim)]
        windows = np.lib.stride_tricks.sliding_window_view(np.pad(result, padding), len(weights), axis=axis)
        result = windows @ weights
    return result


@dataclass(frozen=True, eq=False)
class Density:
    """The smoothed histogram of one variable.

    Attributes
    ----------
    at : (n_bins,)
        Middles of the bins.
    height : (n_bins,)
        Events per bin, smoothed.
    """

    at: Array = field(repr=False)
    height: Array = field(repr=False)

    def modes(self) -> NDArray[np.int64]:
        """Return the bins of the local maxima, ascending."""
        middle = self.height[1:-1]
        return 1 + np.flatnonzero((middle > self.height[:-2]) & (middle >= self.height[2:]))

    def valley_below(self, mode: int, *, rise: float = 1.5) -> int | None:
        """Return the bin of the valley to the left of `mode`; None where nothing rises again beyond it.

        The density must rise to `rise` times the valley and by 2 % of the mode: less is noise.
        """
        lowest = mode
        for k in range(mode, -1, -1):
            if self.height[k] < self.height[lowest]:
                lowest = k
            elif self.height[k] > rise * self.height[lowest] + 0.02 * self.height[mode]:
                return lowest
        return None

    def half_width_below(self, mode: int, *, bandwidth: float) -> float:
        """Return the SD of the left flank of `mode`: where the density falls to exp(-1/2), smoothing taken out."""
        below = np.flatnonzero(self.height[: mode + 1] <= np.exp(-0.5) * self.height[mode])
        step = float(self.at[1] - self.at[0])
        seen = (mode - below[-1]) * step if below.size else (mode + 1) * step
        return float(np.sqrt(max(seen**2 - bandwidth**2, (0.5 * step) ** 2)))


def density(values: Array, *, step: float, bandwidth: float) -> Density:
    """Return the histogram of `values` (n,) in bins of width `step`, smoothed with SD `bandwidth`."""
    margin = 4 * bandwidth + step
    low = float(values.min()) - margin
    count = int(np.ceil((float(values.max()) + margin - low) / step))
    heights = np.bincount(((values - low) / step).astype(np.int64), minlength=count).astype(np.float64)
    at = low + step * (np.arange(len(heights), dtype=np.float64) + 0.5)
    return Density(np.asarray(at, dtype=np.float64), smooth(heights, bandwidth / step))
