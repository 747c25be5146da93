"""The working memory of one thread, and what it has counted so far."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from nkflow.kernels.program import Memory

__all__ = ["SIZE", "Block"]

# Events; a multiple of 64, because eight masks' bytes are packed at once. No power of two: the columns of such a
# block would share a few sets of the cache.
SIZE = 8256


class Block:
    """Buffers for `size` events, a multiple of 64, used again for every block.

    Rows of arrays are kept in lists, because slicing an array costs as much as a small kernel.

    Attributes
    ----------
    columns : (n_columns, size)
        Data units: decoded, then compensated, then ratios; then display units, set for some events only.
    masks : (n_populations + 1, size)
        Who is inside; the last row is root, so that index -1 finds it.
    memory
        The same arrays, the masks also as 64-bit words (eight truth values in each), and working memory: what
        `kernels.program.run_block` takes.
    marks : (size,), mark_lanes : (size / 8,)
        Working memory for what is asked about single events, seen in two ways.
    bins : (n_bins, size)
        Bins of all events on the axes of plots.
    counts, non_finite : (n_populations + 1,)
        Events so far; the last is root's.
    n_non_finite
        Events so far with a value that is no number in any column.
    histograms
        Bins so far, by number.
    """

    def __init__(
        self,
        *,
        columns: int,
        populations: int,
        bins: int = 0,
        histograms: Sequence[tuple[int, ...]] = (),
        size: int = SIZE,
    ) -> None:
        self.columns = np.zeros((columns, size))
        self.masks = np.zeros((populations + 1, size), dtype=np.bool_)
        self.column = list(self.columns)
        self.mask = list(self.masks)
        self.marks = np.zeros(size, dtype=np.bool_)
        self.mark_lanes = self.marks.view(np.uint64)
        self.counts = np.zeros(populations + 1, dtype=np.int64)
        self.non_finite = np.zeros(populations + 1, dtype=np.int64)
        self.n_non_finite = 0
        self._count = -1
        sizes = [math.prod(shape) for shape in histograms]
        flat = np.zeros(sum(sizes), dtype=np.int32)
        parts = np.split(flat, np.cumsum(sizes)[:-1]) if sizes else []
        self.histograms = [part.reshape(shape) for part, shape in zip(parts, histograms, strict=True)]
        bytes_ = np.zeros((8, size), dtype=np.uint8)
        self.memory = Memory(
            columns=self.columns,
            masks=self.masks,
            lanes=self.masks.view(np.uint64),
            chosen=np.zeros(size + 1, dtype=np.uint32),
            taken=np.zeros(size),
            shown=np.zeros(size),
            bins=np.zeros((bins, size), dtype=np.uint16),
            histograms=flat,
            counts=self.counts,
            byte_lanes=bytes_.view(np.uint64),
            bytes=bytes_,
        )

    def begin(self, count: int) -> None:
        """Make root the first `count` events; what stands behind them belongs to no population."""
        if count != self._count:  # as of most blocks
            root = self.mask[-1]
            root[:count] = True
            root[count:] = False
            self._count = count
