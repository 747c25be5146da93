"""Standard errors by a seeded bootstrap: multinomial replicates of the binned density."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nkflow.gating.adaptive.density import Density
from nkflow.kernels import density as kernels

__all__ = ["REPLICATES", "replicated"]

_smooth: Any = kernels.smooth_rows

REPLICATES = 200


def replicated(
    found: Density, bins: tuple[int, int], *, seed: int, replicates: int = REPLICATES
) -> tuple[NDArray[np.float64], int]:
    """Return smoothed replicates of the bins `bins` (first, last), and the number of the first column's bin.

    Each replicate draws as many events anew: multinomial with the shares of the bins, all bins that can't
    reach `bins` through the smoothing in one. The result is (replicates, n_columns).
    """
    reach = (len(found.weights) - 1) // 2
    first = max(bins[0] - reach, 0)
    last = min(bins[1] + reach, len(found.counts) - 1)
    part = found.counts[first : last + 1]
    filled = np.flatnonzero(part)
    shares = np.append(part[filled], found.counts.sum() - part.sum()) / found.counts.sum()
    rng = np.random.Generator(np.random.PCG64(seed))
    drawn = rng.multinomial(round(float(found.counts.sum())), shares, size=replicates)
    rows = np.zeros((replicates, len(part)))
    rows[:, filled] = drawn[:, :-1]
    smoothed = np.empty_like(rows)
    _smooth(rows, found.weights, smoothed)
    return smoothed, first
