"""Are breaches of a window reported, and only those? Two-peak densities whose true valley is known.

The window's edge lies 3 standard errors from the true valley, to either side. The densities are sums of two normal
peaks (the distance, widths, shares and numbers of events of cytometry), the true valley the minimum of the sum.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nkflow.gating.adaptive.found import Cut, NoGate
from nkflow.gating.adaptive.valley import valley
from nkflow.gating.adaptive.window import Window, allowed

__all__ = ["breaches"]

SES = 3.0


def _draw(rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Return values and the true valley between their two peaks."""
    n, share = int(10 ** rng.uniform(3.3, 5)), rng.uniform(0.05, 0.5)
    sds = rng.uniform(0.02, 0.06, 2)
    middle = 0.25 + (sds[0] + sds[1]) * rng.uniform(2.0, 3.5)
    upper = rng.random(n) < share
    values = np.where(upper, middle + sds[1] * rng.standard_normal(n), 0.25 + sds[0] * rng.standard_normal(n))
    grid = np.linspace(0.25 + sds[0], middle - sds[1], 4001)
    low = (1 - share) / sds[0] * np.exp(-0.5 * ((grid - 0.25) / sds[0]) ** 2)
    high = share / sds[1] * np.exp(-0.5 * ((grid - middle) / sds[1]) ** 2)
    return values, float(grid[np.argmin(low + high)])


def breaches(count: int, *, first: int) -> dict[str, Any]:
    """Return how often a breach is reported where the true valley lies 3 SE outside, and 3 SE inside."""
    outside: list[bool] = []
    inside: list[bool] = []
    refused = 0
    for seed in range(first, first + count):
        values, true = _draw(np.random.default_rng(seed))
        found = valley(values)
        if not isinstance(found, Cut):
            refused += 1
            continue
        for far, reported in ((SES, outside), (-SES, inside)):
            for sign in (1.0, -1.0):
                edge = true + sign * far * found.se
                window = Window(edge, edge + 0.6) if sign > 0 else Window(edge - 0.6, edge)
                answer = allowed(valley(values, window=window), window)
                reported.append(isinstance(answer, NoGate))
    return {
        "densities": count,
        "no_gate_at_all": refused,
        "reported_where_outside": float(np.mean(outside)),
        "reported_where_inside": float(np.mean(inside)),
    }
