"""Slow twin of `nkflow.kernels.scales_curve`: fifty digits, bisection."""

from __future__ import annotations

from mpmath import mp, mpf

__all__ = ["curve_root", "curve_value"]

mp.dps = 50


def curve_value(t, alpha, b, q, d, h):
    t, alpha, b, q, d, h = map(mpf, (t, alpha, b, q, d, h))
    return alpha * (mp.expm1(b * t) - q * mp.expm1(-d * t) + h * t)


def curve_root(v, alpha, b, q, d, h):
    low, high = mpf(0), mpf(1)
    while curve_value(high, alpha, b, q, d, h) < v:
        high *= 2
    while curve_value(high / 2, alpha, b, q, d, h) >= v:
        high /= 2
    for _ in range(165):
        middle = (low + high) / 2
        if curve_value(middle, alpha, b, q, d, h) < v:
            low = middle
        else:
            high = middle
    return (low + high) / 2
