"""The linear scale (Gating-ML flin) and the ratio of two channels (fratio)."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nkflow.scales.monotone import Monotone
from nkflow.scales.parameters import checked_bounds, number, require
from nkflow.scales.table import Table, build

__all__ = ["Linear", "Ratio"]


@dataclass(frozen=True, repr=False)
class Linear(Monotone):
    """``y = (x + A) / (T + A)``: -A is 0, T is 1 (STANDARDS 3.2).

    Parameters
    ----------
    T
        Top of the scale, data units, > 0.
    A
        How far the scale reaches below zero, data units, 0 <= A <= T.
    """

    T: float
    A: float = 0.0

    def _check(self) -> None:
        require("linear", self.T > 0, f"T = {self.T}", "T > 0")
        require("linear", 0 <= self.A <= self.T, f"A = {self.A}", "0 <= A <= T")
        require("linear", math.isfinite(self.T + self.A), f"T + A = {self.T + self.A}", "a finite T + A")

    def exact_table(self) -> Table:
        """Return the scale as arrays for kernels."""
        return _table(self)

    def table(self) -> Table:
        """Return the scale as arrays for kernels; a straight line needs no pieces."""
        return _table(self)


@functools.lru_cache(maxsize=512)
def _table(scale: Linear) -> Table:
    from nkflow.kernels.scales import LINEAR

    return build(LINEAR, scale.bounds, (scale.A, scale.T + scale.A))


@dataclass(frozen=True)
class Ratio:
    """``y = A (x1 - B) / (x2 - C)`` of two channels (Gating-ML fratio); it has no inverse.

    Parameters
    ----------
    A
        Factor.
    B, C
        Offsets of the numerator's and the denominator's channel, data units.
    bounds
        The result is clipped to these; either may be infinite.
    """

    A: float
    B: float
    C: float
    bounds: tuple[float, float] = field(default=(-math.inf, math.inf), kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "bounds", checked_bounds(self.bounds))
        for name in ("A", "B", "C"):
            object.__setattr__(self, name, number("ratio", name, getattr(self, name)))

    def forward(
        self, x1: NDArray[np.float64], x2: NDArray[np.float64], out: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """Return the ratio of the columns `x1` and `x2` (n_events,), in `out` where it is given.

        A denominator of 0 gives an infinity or NaN, and NaN is outside every gate (STANDARDS TR-05).
        """
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            result = np.subtract(x1, self.B, out=out)
            result = np.multiply(result, self.A, out=out)
            result = np.divide(result, x2 - self.C, out=out)
            return np.clip(result, *self.bounds, out=out)
