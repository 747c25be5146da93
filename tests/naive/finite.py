"""Slow twin of `nkflow.kernels.finite`."""

from __future__ import annotations

import math

__all__ = ["all_finite", "mark_non_finite"]


def all_finite(x) -> bool:
    return all(math.isfinite(value) for value in x)


def mark_non_finite(x, out) -> None:
    for i, value in enumerate(x):
        if not math.isfinite(value):
            out[i] = True
