"""What one pass over the events found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Totals"]


@dataclass(frozen=True, eq=False)
class Totals:
    """Numbers by population, in the order of the template's tree; arrays are read-only.

    Attributes
    ----------
    counts, non_finite : (n_populations + 1,)
        Events, and those that a value without a number kept out of every population below; the last is root's.
    n_non_finite
        Events with a NaN or an infinity in any gated column.
    histograms
        Bins of each drawing.
    words : (n_events, n_words), or None
        Membership: population p is bit ``p % 64`` of word ``p // 64``.
    """

    counts: NDArray[np.int64]
    non_finite: NDArray[np.int64]
    n_non_finite: int
    histograms: tuple[NDArray[np.int32], ...]
    words: NDArray[np.uint64] | None

    def __post_init__(self) -> None:
        arrays: list[NDArray[Any]] = [self.counts, self.non_finite, *self.histograms]
        for array in [*arrays, *([] if self.words is None else [self.words])]:
            array.flags.writeable = False
