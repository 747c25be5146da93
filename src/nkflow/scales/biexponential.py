"""Logicle and hyperlog: the two scales that are straight round zero and logarithmic far from it."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

from nkflow.scales.monotone import Monotone
from nkflow.scales.parameters import LARGEST_DECADES, require, require_unit
from nkflow.scales.table import Table, build, with_pieces

__all__ = ["Hyperlog", "Logicle", "log_ratio"]

LN10 = math.log(10.0)
STEEPEST = 1e250  # times the slope of the exponential part alone


@dataclass(frozen=True, repr=False)
class _Biexponential(Monotone):
    """Four parameters: top of the scale, width of the straight part, decades, extra decades below zero."""

    T: float
    W: float
    M: float
    A: float = 0.0

    def _check(self) -> None:
        kind, T, W, M, A = self.kind, self.T, self.W, self.M, self.A
        require(kind, T > 0, f"T = {T}", "T > 0")
        require(kind, 0 < M <= LARGEST_DECADES, f"M = {M}", f"0 < M <= {LARGEST_DECADES:g}")
        require(kind, 0 <= W <= M / 2, f"W = {W}, M = {M}", "0 <= W <= M / 2")
        require(kind, -W <= A <= M - 2 * W, f"A = {A}, W = {W}, M = {M}", "-W <= A <= M - 2 W")
        try:
            alpha, b, q, d, h = self._curve
        except ZeroDivisionError:  # of numbers too small to be divided by
            alpha = b = q = d = h = 0.0
        require_unit(kind, alpha)
        # `curve_root` takes the straight part as nothing beside the exponential one far from zero
        steep = (q * d + h) / b
        require(kind, steep <= STEEPEST, f"W = {W}, M = {M}", f"a slope round zero of {STEEPEST:g} at most")

    @property
    def _curve(self) -> tuple[float, float, float, float, float]:
        """The parameters alpha, b, q, d, h of `kernels.scales_curve`."""
        raise NotImplementedError

    def exact_table(self) -> Table:
        """Return the scale as arrays for kernels, without pieces."""
        return _exact(self)

    def table(self) -> Table:
        """Return the scale as arrays for kernels, with pieces up to 4 T on both sides."""
        return _fast(self)


@dataclass(frozen=True, repr=False)
class Logicle(_Biexponential):
    """The logicle scale of Parks, Roederer and Moore (doi:10.1002/cyto.a.20258, 10.1002/cyto.a.22030).

    Gating-ML form: T is 1; the inverse is ``a e^(by) - c e^(-dy) + f`` above zero's place
    ``x1 = (A + W) / (M + A)`` and odd about it. With W = 0 it is the arcsinh scale.

    Parameters
    ----------
    T
        Top of the scale, data units, > 0; one for a project (`$PnR`), never the maximum of a sample.
    W
        Decades of the straight part, 0 <= W <= M / 2.
    M
        Decades, > 0.
    A
        Extra decades below zero, -W <= A <= M - 2 W.
    """

    @property
    def _curve(self) -> tuple[float, float, float, float, float]:
        # with r = d / b the root equation of the paper reads 2 ln r + W ln10 (1 + r) = 0, and because the
        # second derivative vanishes in zero, q = c e^(-d x1) / (a e^(b x1)) = r^-2
        log_r = log_ratio(self.W * LN10)
        b = (self.M + self.A) * LN10
        d, q = b * math.exp(log_r), math.exp(-2.0 * log_r)
        top = (self.M - self.W) / (self.M + self.A)
        alpha = self.T / (math.expm1(b * top) - q * math.expm1(-d * top))
        return alpha, b, q, d, 0.0


@dataclass(frozen=True, repr=False)
class Hyperlog(_Biexponential):
    """The hyperlog scale of Bagwell (doi:10.1002/cyto.a.20114) in Gating-ML's form, STANDARDS 3.4.

    T is 1; the inverse is ``a e^(by) + c y - f`` above zero's place and odd about it.

    Parameters
    ----------
    T
        Top of the scale, data units, > 0.
    W
        Decades of the straight part, 0 < W <= M / 2.
    M
        Decades, > 0.
    A
        Extra decades below zero, -W <= A <= M - 2 W.
    """

    def _check(self) -> None:
        require(self.kind, self.W > 0, f"W = {self.W}", "W > 0")
        super()._check()

    @property
    def _curve(self) -> tuple[float, float, float, float, float]:
        # c / (a e^(b x1)) = e^(b (x0 - x1)) / w = 10^W (M + A) / W
        b = (self.M + self.A) * LN10
        h = 10.0**self.W * (self.M + self.A) / self.W
        top = (self.M - self.W) / (self.M + self.A)
        return self.T / (math.expm1(b * top) + h * top), b, 0.0, b, h


def log_ratio(k: float) -> float:
    """Return ln r for the root r in (0, 1] of ``2 ln r + k (1 + r) = 0`` with k >= 0.

    Newton's steps in s = ln r from s = 0, where the function is convex and not negative: they fall steadily.
    """
    s = 0.0
    for _ in range(100):
        step = (2.0 * s + k * (1.0 + math.exp(s))) / (2.0 + k * math.exp(s))
        s -= step
        if abs(step) <= 1e-16 * (1.0 + abs(s)):
            break
    return s


@functools.lru_cache(maxsize=512)
def _exact(scale: _Biexponential) -> Table:
    from nkflow.kernels.scales import CURVE

    return build(CURVE, scale.bounds, ((scale.A + scale.W) / (scale.M + scale.A), *scale._curve))


@functools.lru_cache(maxsize=128)
def _fast(scale: _Biexponential) -> Table:
    alpha, b, q, d, h = scale._curve
    return with_pieces(_exact(scale), alpha * (b + q * d + h) / b, 0.0, 4.0 * scale.T)
