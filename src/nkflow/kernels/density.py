"""Binned densities: events into bins, smoothing, and the floor of a valley, for one density or many replicates."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from nkflow.kernels.jit import kernel

__all__ = ["fill_inside", "floor_places", "smooth_rows"]


@kernel
def fill_inside(x: NDArray[np.float64], low: float, per_unit: float, out: NDArray[np.float64]) -> int:
    """Add the values of `x` to the bins `out` (n_bins,); return how many lie outside. NaN is outside.

    Bin k holds ``low + k / per_unit <= x < low + (k + 1) / per_unit``.
    """
    outside = 0
    last = out.shape[0]
    for j in range(x.shape[0]):
        place = (x[j] - low) * per_unit
        if place >= 0.0 and place < last:
            out[int(place)] += 1.0
        else:
            outside += 1
    return outside


@kernel
def smooth_rows(rows: NDArray[np.float64], weights: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Convolve every row (n_rows, n_bins) with symmetric `weights` (2 r + 1,); beyond the ends stands nothing."""
    reach = (weights.shape[0] - 1) // 2
    bins = rows.shape[1]
    for i in range(rows.shape[0]):
        for k in range(bins):
            out[i, k] = 0.0
        for k in range(bins):
            if rows[i, k] != 0.0:
                first = max(k - reach, 0)
                last = min(k + reach, bins - 1)
                for m in range(first, last + 1):
                    out[i, m] += rows[i, k] * weights[m - k + reach]


@kernel
def floor_places(
    rows: NDArray[np.float64],
    noise: float,
    rise: float,
    first: int,
    last: int,
    out: NDArray[np.float64],
) -> None:
    """Write the middle of the floor of each row's valley between the bins `first` and `last` (inclusive).

    The floor are the bins that don't rise above the lowest one by more than counting explains,
    ``rise sqrt(noise (lowest + noise))``; its middle is the mean of their positions, in bins. `noise` is the
    sum of the squared smoothing weights, so that ``noise * height`` is the variance of a smoothed height.
    """
    for i in range(rows.shape[0]):
        lowest = rows[i, first]
        for k in range(first, last + 1):
            lowest = min(lowest, rows[i, k])
        top = lowest + rise * math.sqrt(noise * (lowest + noise))
        total = 0.0
        count = 0
        for k in range(first, last + 1):
            if rows[i, k] <= top:
                total += k
                count += 1
        out[i] = total / count
