"""FlowJo's biexponential scale: channels 0 to 4096, linear between the entries of a table."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np

from nkflow.scales.biexponential import LN10, log_ratio
from nkflow.scales.monotone import Monotone
from nkflow.scales.parameters import LARGEST_DECADES, require, require_unit
from nkflow.scales.table import Table, build, with_starts

__all__ = ["Biex"]


@dataclass(frozen=True, repr=False)
class Biex(Monotone):
    """FlowJo 10's biex (STANDARDS 3.6, written from the formulas there), with the exact root.

    `forward` interpolates linearly in a table with one entry a channel and stops at its ends: channel 0 and
    channel `channels`, for infinities too. `inverse` interpolates the other way.

    Parameters
    ----------
    max_range
        Top of the scale, data units, > 0.
    pos, neg
        Decades above zero, > 0, and extra decades below it; a negative `neg` counts as 0.
    width_basis
        Minus the data units of the straight part, < 0. FlowJo takes widths of less than 0.5 or more than 3
        decades as 0.5, and so do we (`width_is_clamped`).
    channels
        Length of the axis, even.
    """

    max_range: float = 262144.000029
    pos: float = 4.41854
    neg: float = 0.0
    width_basis: float = -10.0
    channels: int = 4096

    def _check(self) -> None:
        require("biex", self.max_range > 0, f"max_range = {self.max_range}", "max_range > 0")
        require("biex", self.width_basis < 0, f"width_basis = {self.width_basis}", "width_basis < 0")
        even = self.channels % 2 == 0 and 2 <= self.channels <= 1 << 16
        require("biex", even, f"channels = {self.channels}", "an even number from 2 to 65536")
        object.__setattr__(self, "channels", int(self.channels))
        width = self._width
        enough = width / 2 < self.pos <= LARGEST_DECADES
        require("biex", enough, f"pos = {self.pos}, width {width:g}", "width / 2 < pos <= 300 decades")
        require("biex", self.neg <= LARGEST_DECADES, f"neg = {self.neg}", "neg <= 300 decades")
        require("biex", self._zero > 0, f"neg = {self.neg}, pos = {self.pos}", "a channel for zero above 0")
        decades = self._below * self.channels / self._zero
        require("biex", decades <= LARGEST_DECADES, f"{decades:g} decades in all", "300 decades")
        top = self.max_range * (1.0 + self._below)
        require_unit("biex", top)

    @property
    def width_is_clamped(self) -> bool:
        """Tell whether the width of `width_basis` is replaced by 0.5 decades (STANDARDS TR-17)."""
        return not 0.5 <= math.log10(-self.width_basis) <= 3.0

    @property
    def _width(self) -> float:
        """Decades of the straight part."""
        return 0.5 if self.width_is_clamped else math.log10(-self.width_basis)

    @property
    def _below(self) -> float:
        """Decades left of zero."""
        return max(self.neg, 0.0) + self._width / 2

    @property
    def _zero(self) -> int:
        """The channel of zero: truncated, and never right of the middle."""
        above = self.pos - self._width / 2
        return min(int(self._below * self.channels / (self._below + above)), self.channels // 2)

    def exact_table(self) -> Table:
        """Return the scale as arrays for kernels, to be searched."""
        return _exact(self)

    def table(self) -> Table:
        """Return the scale as arrays for kernels, with starting points instead of a search."""
        return _fast(self)


@functools.lru_cache(maxsize=512)
def _exact(scale: Biex) -> Table:
    """Return the knots above zero: those below mirror them about zero's channel.

    With p_j = e^(jP/n), q_j = s e^(-jQ/n) and p, q their values in zero's channel, the table of STANDARDS 3.6
    is ``minv (p_j - q_j - (p - q)) = minv p (expm1(P t / n) - (q / p) expm1(-Q t / n))`` at t = j - zero:
    nothing cancels. Entry by entry in the C library's functions, so that no processor changes a bit.
    """
    from nkflow.kernels.scales import BIEX

    n, zero, width = scale.channels + 1.0, scale._zero, scale._width
    below = scale._below
    decades = below * scale.channels / zero
    P, w = LN10 * decades, width / (2.0 * decades)
    Q = P * math.exp(log_ratio(w * P))
    alpha = scale.max_range / math.exp(P) * math.exp(zero * P / n)
    q = math.exp((P + Q) * (w + below / decades - zero / n))
    steps = range(int(scale.channels) - zero + 1)
    knots = [alpha * (math.expm1(P * t / n) - q * math.expm1(-Q * t / n)) for t in steps]
    return build(BIEX, scale.bounds, (float(zero), float(scale.channels)), np.array(knots))


@functools.lru_cache(maxsize=128)
def _fast(scale: Biex) -> Table:
    exact = _exact(scale)
    decade = LN10 * max(scale.pos, 1.0) / scale.channels
    return with_starts(exact, float(exact.knots[1]) / decade)
