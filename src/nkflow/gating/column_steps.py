"""The steps that fill the columns of a block: compensated dyes and ratios, before any gate.

A step calls a kernel on whole rows of the block, also on what stands behind its last event. A gating program does the
compensations itself, in its one call, where no ratio waits for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nkflow.gating.block import Block
from nkflow.gating.pools import Pools
from nkflow.kernels import compensate
from nkflow.kernels import program as op
from nkflow.scales import Ratio

__all__ = ["ColumnStep", "Compensate", "Divide"]


class ColumnStep(Protocol):
    """One thing done to the columns of a block."""

    @property
    def text(self) -> str:
        """What it does, for `nkflow template explain`."""

    def run(self, block: Block) -> None:
        """Do it to the events of `block`."""


@dataclass(frozen=True, eq=False)
class Compensate:
    """Compensate the wanted dyes from the decoded columns `detectors`, into columns from `first`."""

    detectors: NDArray[np.int64]
    weights: NDArray[np.float64]
    first: int
    text: str

    def run(self, block: Block) -> None:
        """Do it to the events of `block`."""
        last = self.first + len(self.weights)
        observed, out = block.columns[: self.first], block.columns[self.first : last]
        compensate.compensate_columns(observed, self.detectors, self.weights, observed.shape[1], out)

    def rows(self, pools: Pools) -> Sequence[tuple[int, ...]]:
        """Return the row of `kernels.program.run_block` that does the same."""
        at, weights = pools.integers.put(self.detectors), pools.numbers.put(self.weights)
        return [(op.COMPENSATE, self.first, len(self.weights), at, len(self.detectors), weights)]


@dataclass(frozen=True)
class Divide:
    """The ratio of two columns, into column `out`."""

    top: int
    bottom: int
    ratio: Ratio
    out: int
    text: str

    def run(self, block: Block) -> None:
        """Do it to the events of `block`."""
        self.ratio.forward(block.column[self.top], block.column[self.bottom], block.column[self.out])
