"""Values whose best cut is known."""

from __future__ import annotations

import numpy as np

__all__ = ["two_peaks", "valley_of_two"]


def two_peaks(
    n: int,
    *,
    share: float = 0.3,
    at: tuple[float, float] = (0.25, 0.65),
    sd: tuple[float, float] = (0.06, 0.06),
    seed: int,
) -> np.ndarray:
    """Return two normal peaks; `share` is that of the upper one."""
    rng = np.random.default_rng(seed)
    upper = rng.random(n) < share
    return np.where(upper, rng.normal(at[1], sd[1], n), rng.normal(at[0], sd[0], n))


def valley_of_two(share: float, at: tuple[float, float], sd: tuple[float, float]) -> float:
    """Return where the density of `two_peaks` is lowest between the peaks."""
    x = np.linspace(*at, 200_001)
    height = sum(
        weight / width * np.exp(-0.5 * ((x - middle) / width) ** 2)
        for weight, middle, width in zip((1 - share, share), at, sd, strict=True)
    )
    return float(x[np.argmin(height)])
