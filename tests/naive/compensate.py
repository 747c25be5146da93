"""Slow twin of `nkflow.kernels.compensate`: one event, one sum at a time."""

from __future__ import annotations

import numpy as np

__all__ = ["compensate_columns"]


def compensate_columns(observed, rows, weights, count, out) -> None:
    for e in range(count):
        for k in range(weights.shape[0]):
            total = np.float64(0.0)
            for j in range(len(rows)):
                total = total + weights[k, j] * observed[rows[j], e]
            out[k, e] = total
