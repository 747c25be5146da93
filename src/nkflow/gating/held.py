"""Columns of gates that are edited more than once stay in memory: the next edit reads and compensates nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from nkflow.gating.bind import Reading, Source

__all__ = ["Held", "HeldReader", "Key"]

Key = Reading | Source  # of `columns.Columns.places`
MOST = 1 << 27  # bytes that are held


class Held:
    """What a chain of gatings of one sample by edited templates shares.

    Attributes
    ----------
    values
        Column -> data units of all events (n_events,), the last one held last; replaced as a whole, so that any thread
        may look.
    """

    def __init__(self) -> None:
        self.values: Mapping[Key, NDArray[np.float64]] = {}
        self._edited: frozenset[Key] = frozenset()

    def room(self, keys: Sequence[Key], n_events: int) -> dict[Key, NDArray[np.float64]]:
        """Return empty columns for `keys`; none where one is edited for the first time, or they are too large."""
        again, fits = self._edited >= set(keys), len(keys) * n_events * 8 <= MOST
        self._edited |= set(keys)
        return {key: np.empty(n_events) for key in keys} if again and fits else {}

    def keep(self, columns: Mapping[Key, NDArray[np.float64]]) -> None:
        """Hold these columns too; those that were held first go where there is no room for all."""
        values = {key: column for key, column in self.values.items() if key not in columns} | dict(columns)
        while sum(column.nbytes for column in values.values()) > MOST:
            del values[next(iter(values))]
        self.values = values


class HeldReader:
    """Copies blocks of held columns, as a :class:`~nkflow.fcs.blocks.BlockReader` those of a sample."""

    def __init__(self, values: Sequence[NDArray[np.float64]]) -> None:
        self._values = values

    def read(self, first: int, count: int, columns: NDArray[np.int64], out: NDArray[np.float64]) -> None:
        """Fill ``out[k, :count]`` with column k of events first .. first + count - 1."""
        for row, values in enumerate(self._values):  # `columns` are all of them
            out[row, :count] = values[first : first + count]
