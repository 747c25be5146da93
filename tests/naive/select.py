"""Slow twin of `nkflow.kernels.select`."""

from __future__ import annotations

import numpy as np

__all__ = ["select", "take"]


def select(mask, index) -> int:
    found = np.flatnonzero(mask)
    index[: len(found)] = found
    return len(found)


def take(x, index, count, out) -> None:
    for j in range(count):
        out[j] = x[index[j]]
