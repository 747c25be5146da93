"""Slow twin of `nkflow.kernels.histogram`: look along the edges."""

from __future__ import annotations

import math

__all__ = ["fill_line", "fill_plane", "find_bins"]


def find_bins(x, index, count, edges, out) -> None:
    for j in range(count):
        value = x[index[j]]
        out[j] = sum(value >= edge for edge in edges[1:-1]) if math.isfinite(value) else len(edges) - 1


def fill_line(x, count, out) -> None:
    for j in range(count):
        out[x[j]] += 1


def fill_plane(x, y, count, out) -> None:
    for j in range(count):
        out[y[j], x[j]] += 1
