"""Slow twin of `nkflow.kernels.histogram`: look along the edges."""

from __future__ import annotations

import math

__all__ = ["fill_line", "fill_plane", "find_bins", "find_even_bins"]


def find_even_bins(x, start, step, n_bins, out) -> None:
    for j in range(len(x)):
        out[j] = math.floor(min(max((x[j] - start) * step, 0), n_bins - 1)) if math.isfinite(x[j]) else n_bins


def find_bins(x, edges, out) -> None:
    for j in range(len(x)):
        out[j] = sum(x[j] >= edge for edge in edges[1:-1]) if math.isfinite(x[j]) else len(edges) - 1


def fill_line(x, mask, out) -> None:
    for j in range(len(x)):
        out[x[j] if mask[j] else -1] += 1


def fill_plane(x, y, mask, out) -> None:
    for j in range(len(x)):
        if mask[j]:
            out[y[j], x[j]] += 1
