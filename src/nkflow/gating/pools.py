"""A program's steps as rows of integers, with the constants that they point to laid end to end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nkflow.kernels.program import WIDTH, Constants

__all__ = ["Coded", "Pool", "Pools", "constants_of"]

Row = tuple[int, ...]


class Pool:
    """Arrays of one type, laid end to end."""

    def __init__(self, dtype: type[np.generic]) -> None:
        self._dtype = dtype
        self._parts: list[NDArray[Any]] = []
        self._end = 0

    def put(self, *values: Any) -> int:
        """Lay down arrays and numbers one after another; return where the first one begins."""
        start = self._end
        for value in values:
            part = np.ravel(np.asarray(value, dtype=self._dtype))
            self._parts.append(part)
            self._end += part.size
        return start

    def array(self) -> NDArray[Any]:
        """Return everything in one array."""
        return np.concatenate([np.empty(0, self._dtype), *self._parts])


class Pools:
    """The pools of a program, and where its histograms begin."""

    def __init__(self, histograms: Iterable[int]) -> None:
        self.integers, self.numbers = Pool(np.int64), Pool(np.float64)
        self.guides, self.cells = Pool(np.uint16), Pool(np.uint8)
        self.histograms = list(histograms)


class Coded(Protocol):
    """A step that becomes rows of integers."""

    @property
    def text(self) -> str:
        """What it does, for `nkflow template explain`."""

    def rows(self, pools: Pools) -> Sequence[Row]:
        """Return the rows of `kernels.program.run_block`, its constants put into `pools`."""


def constants_of(steps: Iterable[Coded], histograms: Iterable[int]) -> Constants:
    """Return steps as `kernels.program.run_block` takes them; `histograms` says where each one begins."""
    pools = Pools(histograms)
    rows = [row for step in steps for row in step.rows(pools)]
    table = np.zeros((len(rows), WIDTH), dtype=np.int64)
    for k, row in enumerate(rows):
        table[k, : len(row)] = row
    constants = pools.integers.array(), pools.numbers.array(), pools.guides.array(), pools.cells.array()
    for array in (table, *constants):
        array.flags.writeable = False
    return Constants(table, *constants)
