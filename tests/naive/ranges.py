"""Slow twin of `nkflow.kernels.ranges`: one event at a time."""

from __future__ import annotations

import math

__all__ = ["in_range", "in_rectangle"]


def inside(value: float, low: float, high: float) -> bool:
    return math.isfinite(value) and low <= value < high


def in_range(x, low, high, parent, out) -> None:
    for i, value in enumerate(x):
        out[i] = bool(parent[i]) and inside(value, low, high)


def in_rectangle(x, x_low, x_high, y, y_low, y_high, parent, out) -> None:
    for i in range(len(x)):
        out[i] = bool(parent[i]) and inside(x[i], x_low, x_high) and inside(y[i], y_low, y_high)
