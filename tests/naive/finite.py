"""Slow twin of `nkflow.kernels.finite`."""

from __future__ import annotations

import math

__all__ = ["all_finite", "mark_non_finite"]


def all_finite(x, rows) -> bool:
    return all(math.isfinite(value) for row in x[:rows] for value in row)


def mark_non_finite(x, out) -> None:
    for i, value in enumerate(x):
        if not math.isfinite(value):
            out[i] = True
