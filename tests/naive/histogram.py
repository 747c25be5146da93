"""Slow twin of `nkflow.kernels.histogram`."""

from __future__ import annotations

import math

import numpy as np

__all__ = ["fill_line", "fill_plane"]


def column(value: float, low: float, per_unit: float, n: int) -> int:
    place = (np.float64(value) - low) * per_unit
    if place <= 0:
        return 0
    return n - 1 if place >= n - 1 else math.floor(place)


def fill_line(x, count, low, per_unit, out) -> None:
    for j in range(count):
        if not math.isnan(x[j]):
            out[column(x[j], low, per_unit, len(out))] += 1


def fill_plane(x, y, count, ends, out) -> None:
    for j in range(count):
        if not math.isnan(x[j]) and not math.isnan(y[j]):
            out[column(y[j], *ends[2:], out.shape[0]), column(x[j], *ends[:2], out.shape[1])] += 1
