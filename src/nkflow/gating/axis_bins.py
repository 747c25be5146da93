"""The bins of a plot's axis as thresholds in data units, and the guide that finds an event's bin without a search."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nkflow.plots.axis import Axis

__all__ = ["AxisBins", "axis_bins"]

PIECES = (7, 8, 9, 10)  # bits of the mantissa that number the pieces; the first that leaves one edge in each
SLACK = 8  # units in the last place by which a piece is taken to begin earlier, against rounding
NEAREST = 64  # of the smallest bin: the offset, so that pieces near zero are no wider than half of it


@dataclass(frozen=True, eq=False)
class AxisBins:
    """What `kernels.histogram.find_bins` takes.

    Attributes
    ----------
    even
        What `kernels.histogram.find_even_bins` takes, where it gives the same bins; None elsewhere.
    """

    edges: NDArray[np.float64]
    guide: NDArray[np.uint16]
    offset: float
    numbers: NDArray[np.int64]
    even: tuple[float, float] | None = None


@functools.lru_cache(maxsize=256)
def axis_bins(axis: Axis, n_bins: int) -> AxisBins:
    """Return `n_bins` bins of equal width in display units between the ends of `axis`.

    Events beyond an end are in the bin there.
    """
    width = (axis.high - axis.low) / n_bins
    edges = np.empty(n_bins + 1)
    edges[0], edges[-1] = -np.inf, np.inf
    edges[1:-1] = axis.scale.thresholds(axis.low + np.arange(1, n_bins, dtype=np.float64) * width)
    finite = edges[np.isfinite(edges)]
    steps = np.diff(finite)
    steps = steps[steps > 0]
    reach = float(np.abs(finite).max(initial=1.0))
    offset = max(NEAREST * float(steps.min(initial=reach)), reach * 1e-9)
    for bits in PIECES:
        lowest, numbers = _guide(edges, reach, offset, 52 - bits)
        if numbers[2] <= 1:
            break
    return AxisBins(edges, lowest.astype(np.uint16), offset, numbers, _even(edges))


def _even(edges: NDArray[np.float64]) -> tuple[float, float] | None:
    """Return start and step of bins that are equally wide in data units too, None where they are not.

    That kernel's bin never falls while x rises: it is right for every x if it is right on every edge and below it.
    """
    from nkflow.kernels.histogram import find_even_bins

    inner = edges[1:-1]
    n_bins = len(edges) - 1
    if n_bins < 3 or not np.isfinite(inner).all() or not inner[0] < inner[-1]:
        return None
    step = float((n_bins - 2) / (inner[-1] - inner[0]))
    start = float(inner[0] - 1.0 / step)
    if not (np.isfinite(step) and np.isfinite(start)):
        return None
    x = np.concatenate([inner, np.nextafter(inner, -np.inf)])
    found = np.empty(len(x), dtype=np.uint16)
    find_even_bins(x, start, step, n_bins, found)
    return (start, step) if np.array_equal(found, _bins(edges, x)) else None


def _guide(
    edges: NDArray[np.float64], reach: float, offset: float, shift: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the lowest bin of each piece (2, n_pieces), and the numbers that `find_bins` takes."""
    first = int(np.float64(offset).view(np.int64) >> shift)
    last = int(np.float64(reach + offset).view(np.int64) >> shift) + 1
    starts = (np.arange(first, last + 2, dtype=np.int64) << shift).view(np.float64)
    slack = SLACK * np.spacing(starts)
    near, far = (starts - slack)[:-1] - offset, (starts + slack)[1:] - offset
    near[0], far[-1] = 0.0, np.inf
    near, far = np.maximum(near, 0.0), np.maximum(far, 0.0)
    lowest, highest = _bins(edges, np.stack([near, -far])), _bins(edges, np.stack([far, -near]))
    return lowest, np.array([first, shift, (highest - lowest).max()])


def _bins(edges: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the bin of each `x`."""
    return np.clip(np.searchsorted(edges, x, side="right") - 1, 0, len(edges) - 2)
