"""Slow twin of `nkflow.kernels.select`."""

from __future__ import annotations

import numpy as np

__all__ = ["count_true", "put", "select", "take"]


def select(mask, index) -> int:
    found = np.flatnonzero(mask)
    index[: len(found)] = found
    return len(found)


def take(x, index, count, out) -> None:
    for j in range(count):
        out[j] = x[index[j]]


def put(x, index, count, out) -> None:
    for j in range(count):
        out[index[j]] = x[j]


def count_true(masks, counts) -> None:
    for row, mask in enumerate(masks):
        counts[row] += sum(bool(value) for value in mask)
