"""The bins of a plot's axis as thresholds in data units, and the guide that finds an event's bin without a search."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nkflow.plots.axis import Axis
from nkflow.scales import pull_back

__all__ = ["AxisBins", "axis_bins"]

PIECES = (7, 8, 9, 10)  # bits of the mantissa that number the pieces; the first that leaves one edge in each
SLACK = 8  # units in the last place by which a piece is taken to begin earlier, against rounding
NEAREST = 64  # of the smallest bin: the offset, so that pieces near zero are no wider than half of it


@dataclass(frozen=True, eq=False)
class AxisBins:
    """What `kernels.histogram.find_bins` takes."""

    edges: NDArray[np.float64]
    guide: NDArray[np.uint16]
    offset: float
    numbers: NDArray[np.int64]


@functools.lru_cache(maxsize=256)
def axis_bins(axis: Axis, n_bins: int) -> AxisBins:
    """Return `n_bins` bins of equal width in display units between the ends of `axis`.

    Events beyond an end are in the bin there.
    """
    width = (axis.high - axis.low) / n_bins
    inner = [pull_back(axis.scale, axis.low + k * width) for k in range(1, n_bins)]
    edges = np.array([-np.inf, *inner, np.inf])
    finite = edges[np.isfinite(edges)]
    steps = np.diff(finite)
    steps = steps[steps > 0]
    reach = float(np.abs(finite).max(initial=1.0))
    offset = max(NEAREST * float(steps.min(initial=reach)), reach * 1e-9)
    for bits in PIECES:
        lowest, numbers = _guide(edges, reach, offset, 52 - bits)
        if numbers[2] <= 1:
            break
    return AxisBins(edges, lowest.astype(np.uint16), offset, numbers)


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
