"""Slow twin of `nkflow.kernels.compensate`: one event, one sum at a time."""

from __future__ import annotations

import numpy as np

__all__ = ["add_pair", "compensate_columns"]


def compensate_columns(observed, rows, weights, count, out) -> None:
    for e in range(count):
        for k in range(weights.shape[0]):
            total = np.float64(0.0)
            for j in range(len(rows)):
                total = total + weights[k, j] * observed[rows[j], e]
            out[k, e] = total


def add_pair(observed, first, rows, v, w, one, two) -> None:
    """The sums of two dyes, from event `first`; float32 values are widened before anything is done to them."""
    shown = observed[:, first : first + len(one)].astype(np.float64)
    compensate_columns(shown, rows, np.stack([v, w]), len(one), sums := np.empty((2, len(one))))
    one[:], two[:] = sums
