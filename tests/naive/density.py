"""Slow twin of `nkflow.kernels.density`."""

from __future__ import annotations

import math

import numpy as np

__all__ = ["drawn_counts", "fill_inside", "floor_places", "smooth_between", "smooth_rows"]


def drawn_counts(u, counts, table, guide, columns, out) -> None:
    for j, count in enumerate(counts):
        out[:, columns[j]] = np.searchsorted(table[count], u[:, j], side="right")


def fill_inside(x, low, per_unit, out) -> int:
    outside = 0
    for value in x:
        place = (np.float64(value) - low) * per_unit
        if math.isnan(place) or place < 0 or place >= len(out):
            outside += 1
        else:
            out[math.floor(place)] += 1
    return outside


def smooth_rows(rows, weights, out) -> None:
    for i, row in enumerate(rows):
        full = np.convolve(row, weights, mode="full")
        reach = (len(weights) - 1) // 2
        out[i] = full[reach : reach + len(row)]


def smooth_between(rows, weights, out) -> None:
    for i, row in enumerate(rows):
        out[i] = np.convolve(row, weights, mode="valid")


def floor_places(rows, noise, rise, first, last, out) -> None:
    for i, row in enumerate(rows):
        part = list(row[first : last + 1])
        top = min(part) + rise * math.sqrt(noise * (min(part) + noise))
        out[i] = np.mean([first + k for k, height in enumerate(part) if height <= top])
