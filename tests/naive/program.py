"""Slow twin of `nkflow.kernels.program`: each row read aloud, each step by its own slow twin."""

from __future__ import annotations

import numpy as np

from naive import bits, compensate, ellipsoid, finite, histogram, logic, polygon, ranges, select
from nkflow.kernels import program as op
from nkflow.kernels import scales_pieces

__all__ = ["run_block"]


def run_block(constants, memory, before, n_decoded, first_ratio, n_columns, limit, out):
    rows, integers, numbers, guides, cells = constants
    del guides
    columns, masks, bins = memory.columns, memory.masks, memory.bins
    selected = []
    for row in rows.tolist():
        match row:
            case [op.RECALL, population, bit, *_]:
                bits.unpack(before, bit, masks[population])
            case [op.RANGE, population, parent, x, at, *_]:
                ranges.in_range(columns[x], *numbers[at : at + 2], masks[parent].copy(), masks[population])
            case [op.RECTANGLE, population, parent, x, y, at, *_]:
                low, high, bottom, top = numbers[at : at + 4]
                inside = masks[parent].copy()
                ranges.in_rectangle(columns[x], low, high, columns[y], bottom, top, inside, masks[population])
            case [op.COMBINE, population, parent, any_of, at, n, *_]:
                logic.combine(masks, parent, any_of, integers[at : at + 2 * n], masks[population])
            case [op.EXCLUDE, population, at, n, *_]:
                logic.exclude(masks, integers[at : at + n], masks[population])
            case [op.SELECT, parent, *_]:
                selected = [e for e in range(masks.shape[1]) if masks[parent][e]]
            case [op.NEAR, population, parent, axes, n, at, *_]:
                sides = numbers[at : at + 4 * n].reshape(n, 4)
                where = columns, integers[axes : axes + n], sides, masks[parent].copy(), masks[population]
                selected = select.near(*where)
            case [op.SHOW, x, to, kind, at, n, knots, n_knots, pieces, n_pieces]:
                table = kind, numbers[at : at + n], numbers[knots : knots + n_knots]
                cubics = numbers[pieces : pieces + 4 * n_pieces].reshape(n_pieces, 4)
                for e in selected:  # one value at a time; the kernel of the scale has its own twin
                    value = np.empty(1)
                    assert scales_pieces.column(*table, cubics, columns[x][e : e + 1].copy(), value) == 0
                    columns[to][e] = value[0] if np.isfinite(columns[x][e]) else np.nan
            case [op.POLYGON, population, parent, x, y, at, n, *_]:
                vx, vy = numbers[at : at + n], numbers[at + n : at + 2 * n]
                polygon.mark_polygon(columns[x], columns[y], masks[parent].copy(), vx, vy, masks[population])
            case [op.ELLIPSOID, population, axes, n, at, *_]:
                centre, form = numbers[at : at + n], numbers[at + n : at + n + n * n].reshape(n, n)
                where = list(integers[axes : axes + n]), selected, len(selected)
                square = numbers[at + n + n * n]
                ellipsoid.mark_ellipsoid(columns, *where, centre, form, square, masks[population])
            case [op.COMPENSATE, first, n, at, n_detectors, weights, *_]:
                square = numbers[weights : weights + n * n_detectors].reshape(n, n_detectors)
                places, count = integers[at : at + n_detectors], columns.shape[1]
                compensate.compensate_columns(columns, places, square, count, columns[first : first + n])
            case [op.EVEN_BINS, x, to, at, n, *_]:
                histogram.find_even_bins(columns[x], *numbers[at : at + 2], n, bins[to])
            case [op.FIND_BINS, x, to, at, n, *_]:
                histogram.find_bins(columns[x], numbers[at + 1 : at + 1 + n], bins[to])
            case [op.LINE, parent, x, at, size, *_]:
                histogram.fill_line(bins[x], masks[parent], memory.histograms[at : at + size])
            case [op.PLANE, parent, x, y, at, height, width, *_]:
                plane = memory.histograms[at : at + height * width].reshape(height, width)
                histogram.fill_plane(bins[x], bins[y], masks[parent], plane)
            case _:
                raise AssertionError(row)
    memory.counts[:] += np.count_nonzero(masks, axis=1)
    if len(out):
        bits.pack(masks[:-1], out)
    plain = finite.all_below(columns[:n_decoded], limit)
    return 0, plain and finite.all_below(columns[first_ratio:n_columns], np.inf)
