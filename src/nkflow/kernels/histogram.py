"""Events into the bins of a plot: edges are thresholds in data units, so no event is transformed for it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nkflow.kernels.jit import kernel

__all__ = ["fill_line", "fill_plane", "find_bins", "find_even_bins"]

TILE = 512  # events whose values and pieces stay in the first-level cache
SPREAD = np.uint32(255)  # places for events that are not drawn: one place would wait for itself


@kernel
def find_even_bins(
    x: NDArray[np.float64], start: float, step: float, n_bins: int, out: NDArray[np.uint16]
) -> None:
    """Write ``floor((x - start) * step)``, held between 0 and `n_bins` - 1, to `out` (n,); `n_bins` without a number.

    Computed like this the bin never falls while x rises: so it is exact everywhere if it is exact on every edge
    and just below it, which the caller has seen.
    """
    last = float(n_bins - 1)
    for j in range(x.shape[0]):
        place = (x[j] - start) * step
        place = place if place > 0.0 else 0.0
        place = place if place < last else last
        out[j] = np.int32(place) if abs(x[j]) < np.inf else n_bins


@kernel
def find_bins(
    x: NDArray[np.float64],
    edges: NDArray[np.float64],
    guide: NDArray[np.uint16],
    offset: float,
    numbers: NDArray[np.int64],
    out: NDArray[np.uint16],
) -> None:
    """Write the bin of every `x` (n,) to `out` (n,).

    Parameters
    ----------
    edges : (n_bins + 1,)
        Ascending; bin b holds ``edges[b] <= x < edges[b + 1]``. The first is -inf, the last inf. NaN and
        infinity get n_bins, which is no bin.
    guide : (2 * n_pieces,)
        For x >= 0, then for x < 0: a bin at or below the lowest one of each piece of the axis. A piece is all x whose
        ``|x| + offset`` has the same leading bits.
    numbers : (3,)
        The leading bits of the first piece; how many bits are dropped; how many edges a piece has at most. So
        many comparisons are made for every event: a loop that ends early is guessed wrong half of the time.
    """
    n_pieces = guide.shape[0] // 2
    keys = np.empty(TILE, dtype=np.uint32)
    n_bins = np.uint16(edges.shape[0] - 1)
    for first in range(0, x.shape[0], TILE):
        values, bins = x[first : first + TILE], out[first : first + TILE]
        odd = 0
        for j in range(
            values.shape[0]
        ):  # apart from the look-up, because this loop runs eight events at once
            bits = np.float64(abs(values[j]) + offset).view(np.int64) >> numbers[1]
            key = min(bits - numbers[0], n_pieces - 1)
            keys[j] = np.uint32(key + (n_pieces if values[j] < 0.0 else 0))
            odd += not abs(values[j]) < np.inf
        _look_up(values, keys, edges, guide, numbers[2], bins)
        if odd > 0:
            for j in range(values.shape[0]):
                bins[j] = bins[j] if abs(values[j]) < np.inf else n_bins


@kernel
def _look_up(
    values: NDArray[np.float64],
    keys: NDArray[np.uint32],
    edges: NDArray[np.float64],
    guide: NDArray[np.uint16],
    n_edges: int,
    out: NDArray[np.uint16],
) -> None:
    """Write the bins of `values` (n,), whose pieces are `keys`, as if all had a number."""
    if n_edges <= 1:  # nearly all axes; the same without the loop
        for j in range(values.shape[0]):
            b = np.uint64(guide[keys[j]])
            out[j] = np.uint16(b + np.uint64(values[j] >= edges[b + np.uint64(1)]))
        return
    highest = np.uint64(edges.shape[0] - 2)
    for j in range(values.shape[0]):
        b = np.uint64(guide[keys[j]])
        for _ in range(n_edges):
            b += np.uint64(values[j] >= edges[b + np.uint64(1)])
        out[j] = np.uint16(min(b, highest))


@kernel
def fill_line(x: NDArray[np.uint16], mask: NDArray[np.bool_], out: NDArray[np.int32]) -> None:
    """Count the bins `x` (n,) of the events in `mask` (n,) in `out` (n_bins + 1,), all others in its last place.

    In four places by turns: events of one population share a few bins, and a count that was just written is slow to
    read again.
    """
    counts = np.empty((4, out.shape[0]), dtype=np.uint32)
    a, b, c, d = counts[0], counts[1], counts[2], counts[3]
    for k in range(out.shape[0]):
        a[k] = b[k] = c[k] = d[k] = 0
    bins = np.empty(TILE, dtype=np.uint16)
    nowhere = out.shape[0] - 1
    for first in range(0, x.shape[0], TILE):
        n = min(TILE, x.shape[0] - first)
        part, drawn = x[first : first + n], mask[first : first + n]
        for j in range(n):
            bins[j] = part[j] if drawn[j] else nowhere
        fours = n - n % 4
        for j in range(0, fours, 4):
            a[bins[j]] += 1
            b[bins[j + 1]] += 1
            c[bins[j + 2]] += 1
            d[bins[j + 3]] += 1
        for j in range(fours, n):
            a[bins[j]] += 1
    for k in range(out.shape[0]):
        out[k] += (a[k] + b[k]) + (c[k] + d[k])


@kernel
def fill_plane(
    x: NDArray[np.uint16],
    y: NDArray[np.uint16],
    mask: NDArray[np.bool_],
    width: int,
    out: NDArray[np.int32],
) -> None:
    """Count the pairs of bins (n,) of the events in `mask` (n,) in ``out[y * width + x]``.

    `out` holds (n_y_bins + 1) rows of `width` = n_x_bins + 1. The last row counts, anywhere, the events outside the
    mask as well.
    """
    row = np.uint32(width)
    nowhere = np.uint32(out.shape[0]) - row
    spread = row - np.uint32(1) if row <= SPREAD else SPREAD
    places = np.empty(TILE, dtype=np.uint32)
    for first in range(0, x.shape[0], TILE):
        n = min(TILE, x.shape[0] - first)
        px, py, drawn = x[first : first + n], y[first : first + n], mask[first : first + n]
        for j in range(n):
            place = np.uint32(py[j]) * row + np.uint32(px[j])
            places[j] = place if drawn[j] else nowhere + (np.uint32(j) & spread)
        for j in range(n):
            out[places[j]] += 1
