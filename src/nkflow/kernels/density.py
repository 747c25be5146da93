"""Binned densities: events into bins, smoothing, and the floor of a valley, for one density or many replicates."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from nkflow.kernels.jit import kernel

__all__ = ["drawn_counts", "fill_inside", "floor_places", "smooth_between", "smooth_rows"]


@kernel
def drawn_counts(
    u: NDArray[np.float64],
    counts: NDArray[np.int64],
    table: NDArray[np.float64],
    guide: NDArray[np.uint8],
    columns: NDArray[np.int64],
    out: NDArray[np.float64],
) -> None:
    """Turn uniform numbers `u` (n_rows, n_bins) into draws: how many entries of ``table[counts[j]]`` are <= u.

    Parameters
    ----------
    table : (n_counts, n_most)
        The cumulated probabilities of 0, 1, ... events (inversion).
    guide : (n_counts, n_parts)
        How many of them are <= 0, 1 / n_parts, ...: there the search begins (Chen & Asau 1974, guide table). n_parts is
        a power of two, so that the part of u is exact.
    columns : (n_bins,)
        Where in the rows of `out` each bin stands.
    """
    parts, most = guide.shape[1], table.shape[1]
    for i in range(u.shape[0]):
        for j in range(u.shape[1]):
            count = counts[j]
            k = np.int64(guide[count, int(u[i, j] * parts)])
            while k < most and table[count, k] <= u[i, j]:
                k += 1
            out[i, columns[j]] = k


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
                value, near = rows[i, k], weights[first - k + reach : last - k + reach + 1]
                target = out[i, first : last + 1]
                for m in range(near.shape[0]):  # over slices, whose indices can't count from the end
                    target[m] += value * near[m]


@kernel
def smooth_between(rows: NDArray[np.float64], weights: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Convolve every row (n_rows, n_bins + 2 r) with symmetric `weights` (2 r + 1,) into `out` (n_rows, n_bins).

    Only the bins that all weights reach: what stands before the first and behind the last is in `rows`. Two pairs of
    weights at a time, since reading and writing the sum costs more than adding to it.
    """
    reach = (weights.shape[0] - 1) // 2
    bins = out.shape[1]
    for i in range(rows.shape[0]):
        row, result = rows[i], out[i]
        middle, weight = row[reach : reach + bins], weights[reach]
        for j in range(bins):
            result[j] = weight * middle[j]
        d = 1
        while d < reach:
            w1, w2 = weights[reach + d], weights[reach + d + 1]
            a1, b1 = row[reach - d : reach - d + bins], row[reach + d : reach + d + bins]
            a2, b2 = row[reach - d - 1 : reach - d - 1 + bins], row[reach + d + 1 : reach + d + 1 + bins]
            for j in range(bins):
                result[j] += w1 * (a1[j] + b1[j]) + w2 * (a2[j] + b2[j])
            d += 2
        if d == reach:
            a1, b1, w1 = row[:bins], row[2 * reach : 2 * reach + bins], weights[0]
            for j in range(bins):
                result[j] += w1 * (a1[j] + b1[j])


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
