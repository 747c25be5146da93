"""The working memory of one thread, and what it has counted so far."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["SIZE", "Block"]

# Events; a multiple of 64, because eight masks' bytes are packed at once. No power of two: the columns of such a
# block would share a few sets of the cache.
SIZE = 8256


class Block:
    """Buffers for `SIZE` events, used again for every block.

    Rows of arrays are kept in lists, because slicing an array costs as much as a small kernel.

    Attributes
    ----------
    columns : (n_columns, SIZE)
        Data units: decoded, then compensated, then ratios; then display units, set for some events only.
    masks : (n_populations + 1, SIZE)
        Who is inside; the last row is root, so that index -1 finds it.
    lanes : (n_populations + 1, SIZE / 8)
        The masks seen as 64-bit words, eight truth values in each.
    words : (n_events, n_words)
        Membership of this block's events in an earlier run.
    index : (SIZE + 1,), n_selected
        The events of one population.
    bins : (n_bins, SIZE)
        Bins of all events on the axes of plots.
    counts, non_finite : (n_populations + 1,)
        Events so far; the last is root's.
    n_non_finite
        Events so far with a value that is no number in any column.
    histograms
        Bins so far, by number.
    """

    def __init__(
        self, *, columns: int, populations: int, bins: int = 0, histograms: Sequence[tuple[int, ...]] = ()
    ) -> None:
        self.columns = np.zeros((columns, SIZE))
        self.masks = np.zeros((populations + 1, SIZE), dtype=np.bool_)
        self.column = list(self.columns)
        self.mask = list(self.masks)
        self.bins = [np.zeros(SIZE, dtype=np.uint16) for _ in range(bins)]
        self.lanes = self.masks.view(np.uint64)
        self.index = np.zeros(SIZE + 1, dtype=np.uint32)
        self.taken, self.shown = np.zeros(SIZE), np.zeros(SIZE)
        self.bytes = np.zeros((8, SIZE), dtype=np.uint8)
        self.byte_lanes = self.bytes.view(np.uint64)
        self.marks = np.zeros(SIZE, dtype=np.bool_)
        self.n_selected = 0
        self.words = np.zeros((0, 1), dtype=np.uint64)
        self.counts = np.zeros(populations + 1, dtype=np.int64)
        self.non_finite = np.zeros(populations + 1, dtype=np.int64)
        self.n_non_finite = 0
        self.histograms = [np.zeros(shape, dtype=np.int32) for shape in histograms]

    def begin(self, count: int) -> None:
        """Make root the first `count` events; what stands behind them belongs to no population."""
        root = self.mask[-1]
        root[:count] = True
        root[count:] = False
