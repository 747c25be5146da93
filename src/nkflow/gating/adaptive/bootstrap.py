"""Standard errors by a seeded bootstrap: multinomial replicates of the binned density."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nkflow.gating.adaptive.density import Density
from nkflow.kernels import density as kernels

__all__ = ["GUIDE", "POISSON", "REPLICATES", "replicated"]

_draw: Any = kernels.drawn_counts
_smooth: Any = kernels.smooth_between

Array = NDArray[np.float64]
REPLICATES = 200
MANY = 25  # events in a bin: from here on its Poisson count is drawn as a normal one


def _poisson() -> Array:
    """Return the cumulated Poisson probabilities of 0, 1, ... events (MANY, 80) where 0 to `MANY` - 1 are expected."""
    k = np.arange(1, 80)
    ratios = np.arange(MANY)[:, None] / k
    terms = np.cumprod(np.hstack([np.exp(-np.arange(MANY, dtype=np.float64))[:, None], ratios]), axis=1)
    return np.cumsum(terms, axis=1)


POISSON = _poisson()
PARTS = np.arange(256) / 256
GUIDE = np.array([np.searchsorted(row, PARTS, side="right") for row in POISSON], dtype=np.uint8)


def replicated(
    found: Density,
    bins: tuple[int, int],
    *,
    seed: int,
    replicates: int = REPLICATES,
    within: tuple[int, int] | None = None,
) -> NDArray[np.float64]:
    """Return smoothed replicates of the bins `bins` (first, last, inclusive): (replicates, n_bins).

    Each replicate draws as many events anew, multinomial with the shares of the bins; all bins that can't
    reach `within` (None: `bins`) through the smoothing are one.
    """
    reach = (len(found.weights) - 1) // 2
    inner = within or bins
    first, last = max(inner[0] - reach, 0), min(inner[1] + reach, len(found.counts) - 1)
    part = found.counts[first : last + 1]
    filled = np.flatnonzero(part)
    counts = np.append(part[filled], found.counts.sum() - part.sum())
    drawn = _drawn(counts, np.random.Generator(np.random.PCG64(seed)), replicates)
    # bins before the first and behind the last of the grid hold nothing
    rows = np.zeros((replicates, bins[1] - bins[0] + 1 + 2 * reach))
    columns = filled + (first - (bins[0] - reach))
    a, b = np.searchsorted(columns, (0, rows.shape[1]))
    rows[:, columns[a:b]] = drawn[:, a:b]
    smoothed = np.empty((replicates, bins[1] - bins[0] + 1))
    _smooth(rows, found.weights, smoothed)
    return smoothed


def _drawn(counts: Array, rng: np.random.Generator, replicates: int) -> Array:
    """Return replicates (replicates, n) of multinomial `counts` (n,): Poisson counts over their sum.

    Divided by their sum they have the multinomial's means and, but for 1 in the number of events, its covariances.
    """
    drawn = np.empty((replicates, len(counts)))
    many, few = np.flatnonzero(counts >= MANY), np.flatnonzero(counts < MANY)
    normal = rng.standard_normal((replicates, len(many)))
    drawn[:, many] = np.maximum(counts[many] + np.sqrt(counts[many]) * normal, 0.0)
    _draw(rng.random((replicates, len(few))), counts[few].astype(np.int64), POISSON, GUIDE, few, drawn)
    total: float = float(counts.sum())
    drawn *= total / drawn.sum(axis=1, keepdims=True)
    return drawn
