"""Slow twin of `nkflow.kernels.ellipsoid`: the same sums, one event at a time."""

from __future__ import annotations

import numpy as np

__all__ = ["mark_ellipsoid"]


@np.errstate(invalid="ignore")
def mark_ellipsoid(points, rows, index, count, centre, form, distance_square, out) -> None:
    for j in range(count):
        difference = [points[row, index[j]] - centre[a] for a, row in enumerate(rows)]
        total = np.float64(0.0)
        for a in range(len(rows)):
            along = np.float64(0.0)
            for b in range(len(rows)):
                along = along + form[a, b] * difference[b]
            total = total + along * difference[a]
        out[index[j]] = bool(total <= distance_square)
