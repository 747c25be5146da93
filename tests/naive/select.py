"""Slow twin of `nkflow.kernels.select`."""

from __future__ import annotations

import math

import numpy as np

__all__ = ["count_true", "near", "put", "select", "take", "take_columns"]


def select(mask, index) -> int:
    found = np.flatnonzero(mask)
    index[: len(found)] = found
    return len(found)


def near(columns, axes, sides, parent, out):
    """`sides` (n_axes, 4); returns the positions."""
    found = []
    for e in range(len(out)):
        x = [columns[axis][e] for axis in axes]
        out[e] = bool(parent[e]) and all(
            a <= v < b and v > -math.inf for v, (a, b, _, _) in zip(x, sides, strict=True)
        )
        middle = bool(x) and all(c <= v < d for v, (_, _, c, d) in zip(x, sides, strict=True))
        if out[e] and not middle:
            found.append(e)
    return found


def take(x, index, count, out) -> None:
    for j in range(count):
        out[j] = x[index[j]]


def take_columns(x, rows, index, out) -> None:
    for k, row in enumerate(rows):
        for j, e in enumerate(index):
            out[k][j] = x[row][e]


def put(x, index, count, out) -> None:
    for j in range(count):
        out[index[j]] = x[j]


def count_true(masks, counts) -> None:
    for row, mask in enumerate(masks):
        counts[row] += sum(bool(value) for value in mask)
