"""Slow twin of `nkflow.kernels.finite`."""

from __future__ import annotations

import math

__all__ = ["all_below", "mark_non_finite"]


def all_below(x, limit) -> bool:
    return all(-limit < value < limit for row in x for value in row)


def mark_non_finite(x, out) -> None:
    for i, value in enumerate(x):
        if not math.isfinite(value):
            out[i] = True
