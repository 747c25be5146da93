"""A quantile of a population (AG-04), and of a control that lacks the marker (AG-05, FMO)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from nkflow.gating.adaptive.bootstrap import REPLICATES
from nkflow.gating.adaptive.density import MIN_EVENTS, density
from nkflow.gating.adaptive.found import Cut, Found, NoGate

__all__ = ["BEYOND", "quantile"]

BEYOND = 10  # events beyond the cut, AG-05


def quantile(values: NDArray[np.float64], p: float, *, n_min: int = MIN_EVENTS, seed: int = 0) -> Found:
    """Return the quantile `p` of `values` (n,), type 7, in display units.

    At least `BEYOND` events must lie beyond it: with 5,000 events there is no 99.9 % point. A bootstrap
    replicate of a quantile is the order statistic of a binomial rank, so that no event is drawn twice over.
    Quality is the number of events beyond.
    """
    finite = values[np.isfinite(values)]
    n = len(finite)
    needed = max(n_min, math.ceil(BEYOND / min(p, 1 - p) - 1e-9))
    if n < needed:
        text = f"{n} events, {needed} are needed for the {100 * p:g} % point"
        return NoGate("too-few-events", text, "quantile", n)
    rng = np.random.Generator(np.random.PCG64(seed))
    ranks = np.clip(rng.binomial(n, p, size=REPLICATES), 0, n - 1)
    near = int(p * (n - 1))
    first, last = min(int(ranks.min()), near), min(max(int(ranks.max()), near + 1), n - 1)
    placed = np.partition(finite, (first, last))  # the ranks between them only are sorted
    placed[first : last + 1].sort()
    at = float(np.quantile(placed[near : near + 2], p * (n - 1) - near))
    return Cut(
        at=at,
        se=float(np.std(placed[ranks], ddof=1)),
        floor=(at, at),
        method="quantile",
        quality=n * min(p, 1 - p),
        measure="events beyond the cut",
        n=n,
        candidates=(at,),
        density=density(finite),
    )
