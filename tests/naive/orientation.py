"""Slow twin of `nkflow.kernels.orientation`: rational numbers, no rounding at all."""

from __future__ import annotations

from fractions import Fraction

__all__ = ["orientation"]


def orientation(ax, ay, bx, by, px, py) -> int:
    """Return 1 left of the line a-b, -1 right of it, 0 on it."""
    ax, ay, bx, by, px, py = (Fraction(float(value)) for value in (ax, ay, bx, by, px, py))
    value = (ax - px) * (by - py) - (ay - py) * (bx - px)
    return (value > 0) - (value < 0)
