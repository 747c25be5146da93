"""Is the matrix the wrong way round? The stained tube tells: its transpose would leave the negatives level."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nkflow.compensation import Spillover
from nkflow.fitness.residual import Fitness, fitness

__all__ = ["is_transposed"]

FAR_BETTER = 0.3  # of what the residual slopes add up to: the other orientation is the right one
FEWEST = 2  # pairs that both orientations tell something about


def is_transposed(
    matrix: Spillover,
    found: Fitness,
    observed: NDArray[np.float64],
    *,
    usable: NDArray[np.bool_] | None = None,
) -> bool:
    """Tell whether the transpose of `matrix` compensates the stained tube far better than `found`.

    `observed` (n_events, n_detectors) are uncompensated values in the order of the matrix. A transposed matrix
    passes every other test, and gives wrong numbers without an error (CO-01).
    """
    if len(found.wrong) < FEWEST or not matrix.is_square:
        return False
    turned = replace(matrix, matrix=matrix.matrix.T)
    other = fitness(turned.apply(observed), matrix.names, usable=usable)
    both = np.isfinite(found.slopes) & np.isfinite(other.slopes)
    if both.sum() < FEWEST or len(found.wrong) <= len(other.wrong):
        return False
    mine, theirs = (float(np.sum(one.slopes[both] ** 2)) for one in (found, other))
    return theirs < FAR_BETTER * mine
