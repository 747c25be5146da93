"""Runs of slices whose evidence adds up: one-sided CUSUM, and the best run of a window."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nkflow.kernels.jit import kernel

__all__ = ["best_run", "excursions"]


@kernel
def excursions(
    sums: NDArray[np.float64],
    weights: NDArray[np.float64],
    slope: float,
    toll: float,
    threshold: float,
    runs: NDArray[np.int64],
) -> int:
    """Find the runs of slices whose scores ``slope * sums - toll * weights`` add up to `threshold` or more.

    The sum restarts where it falls to zero or below. A run ends at its highest sum, once the sum has fallen
    from there by `threshold` or to zero: as much evidence against it as it takes to find one.

    Parameters
    ----------
    sums, weights : (n_slices,)
    runs : (m, 2)
        Receives first slice and the one after the last; m runs at most.

    Returns
    -------
    int
        How many runs were found.
    """
    found = 0
    total, peak = 0.0, 0.0
    begin, end = 0, 0
    n = sums.shape[0]
    j = 0
    while j < n:
        if total <= 0.0:
            total, peak = 0.0, 0.0
            begin, end = j, j
        total += slope * sums[j] - toll * weights[j]
        if total > peak:
            peak = total
            end = j + 1
        j += 1
        if peak >= threshold and (total <= peak - threshold or total <= 0.0 or j == n):
            if found == runs.shape[0]:
                break
            runs[found, 0] = begin
            runs[found, 1] = end
            found += 1
            total = 0.0
            j = end  # what came after the peak may begin the next run
    return found


@kernel
def best_run(score: NDArray[np.float64], run: NDArray[np.int64]) -> float:
    """Write first and one-after-last of the run with the highest sum of `score` (n,); return that sum.

    Nothing positive: an empty run, and 0.
    """
    best, total = 0.0, 0.0
    begin = 0
    run[0] = 0
    run[1] = 0
    for j in range(score.shape[0]):
        if total <= 0.0:
            total = 0.0
            begin = j
        total += score[j]
        if total > best:
            best = total
            run[0] = begin
            run[1] = j + 1
    return best
