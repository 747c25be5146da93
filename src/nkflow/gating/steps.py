"""The steps of a gating program: each does one thing to a block, and says in words what it does.

A step calls a kernel on whole rows of the block; events behind the last one are in no population, so no step
needs to know how many there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nkflow.gating.axis_bins import AxisBins
from nkflow.gating.block import Block
from nkflow.kernels import bits, compensate, ellipsoid, histogram, polygon, ranges, select
from nkflow.scales import Ratio
from nkflow.scales.table import Table, fast_column

__all__ = [
    "Combine",
    "Compensate",
    "Divide",
    "Exclude",
    "FillLine",
    "FillPlane",
    "FindBins",
    "InEllipsoid",
    "InPolygon",
    "InSides",
    "Recall",
    "Select",
    "Show",
    "Side",
    "Step",
]


class Step(Protocol):
    """One thing done to a block."""

    @property
    def text(self) -> str:
        """What it does, for `nkflow template explain`."""

    def run(self, block: Block) -> None:
        """Do it to the events of `block`."""


@dataclass(frozen=True, eq=False)
class Compensate:
    """Compensate the wanted dyes from the decoded columns `rows`, into columns from `first`."""

    rows: NDArray[np.int64]
    weights: NDArray[np.float64]
    first: int
    text: str

    def run(self, block: Block) -> None:
        """Do it to the events of `block`."""
        last = self.first + len(self.weights)
        observed, out = block.columns[: self.first], block.columns[self.first : last]
        compensate.compensate_columns(observed, self.rows, self.weights, observed.shape[1], out)


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


@dataclass(frozen=True)
class Recall:
    """A population's events from bits that an earlier run left in the block's `words`."""

    population: int
    bit: int
    text: str

    def run(self, block: Block) -> None:
        """Do it to the events of `block`."""
        bits.unpack(block.words, self.bit, block.mask[self.population])


@dataclass(frozen=True)
class Side:
    """``low <= column < high`` in data units; open ends are the lowest finite number and infinity."""

    column: int
    low: float
    high: float


@dataclass(frozen=True)
class InSides:
    """The events of `parent` inside all sides: a range, a rectangle, one outcome of a quadrant."""

    population: int
    parent: int
    sides: Sequence[Side]
    text: str

    def run(self, block: Block) -> None:
        """Do it to the events of `block`."""
        out = block.mask[self.population]
        inside = block.mask[self.parent]
        for k in range(0, len(self.sides) - 1, 2):
            x, y = self.sides[k], self.sides[k + 1]
            ranges.in_rectangle(
                block.column[x.column], x.low, x.high, block.column[y.column], y.low, y.high, inside, out
            )
            inside = out
        if len(self.sides) % 2:
            x = self.sides[-1]
            ranges.in_range(block.column[x.column], x.low, x.high, inside, out)


@dataclass(frozen=True)
class Select:
    """The events of `parent`, for the steps that follow."""

    parent: int
    text: str

    def run(self, block: Block) -> None:
        """Do it to the events of `block`."""
        block.n_selected = int(select.select(block.mask[self.parent], block.index))


@dataclass(frozen=True, eq=False)
class Show:
    """The selected events of a column on a scale, into row `out`."""

    column: int
    table: Table
    out: int
    text: str

    def run(self, block: Block) -> None:
        """Do it to the events of `block`."""
        count = block.n_selected
        taken, shown = block.taken, block.shown
        select.take(block.column[self.column], block.index, count, taken)
        fast_column(self.table, taken[:count], shown[:count])
        select.put(shown, block.index, count, block.column[self.out])


@dataclass(frozen=True, eq=False)
class InPolygon:
    """The events of `parent` inside a polygon on rows `x` and `y`."""

    population: int
    parent: int
    x: int
    y: int
    vx: NDArray[np.float64]
    vy: NDArray[np.float64]
    box: NDArray[np.float64]
    cells: NDArray[np.uint8]
    text: str

    def run(self, block: Block) -> None:
        """Do it to the events of `block`."""
        polygon.mark_polygon(
            block.column[self.x], block.column[self.y], block.mask[self.parent],
            self.vx, self.vy, self.box, self.cells, block.mask[self.population],
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class InEllipsoid:
    """The selected events inside an ellipsoid on `rows`."""

    population: int
    rows: NDArray[np.int64]
    centre: NDArray[np.float64]
    form: NDArray[np.float64]
    distance_square: float
    text: str

    def run(self, block: Block) -> None:
        """Do it to the events of `block`."""
        ellipsoid.mark_ellipsoid(
            block.columns, self.rows, block.index, block.n_selected,
            self.centre, self.form, self.distance_square, block.mask[self.population],
        )  # fmt: skip


@dataclass(frozen=True)
class Combine:
    """And, or, not over other populations and their complements, inside `parent`."""

    population: int
    parent: int
    any_of: bool
    operands: Sequence[tuple[int, bool]]
    text: str

    def run(self, block: Block) -> None:
        """Do it to the events of `block`."""
        out, marks = block.mask[self.population], block.marks
        join: Any = np.logical_or if self.any_of else np.logical_and
        out[:] = not self.any_of
        for population, complement in self.operands:
            operand = block.mask[population]
            if complement:
                operand = np.logical_not(operand, out=marks)
            join(out, operand, out=out)
        np.logical_and(out, block.mask[self.parent], out=out)


@dataclass(frozen=True)
class Exclude:
    """Take the events of other populations out of one."""

    population: int
    others: Sequence[int]
    text: str

    def run(self, block: Block) -> None:
        """Do it to the events of `block`."""
        out = block.mask[self.population]
        for other in self.others:
            np.greater(out, block.mask[other], out=out)  # of truth values: the first and not the second


@dataclass(frozen=True, eq=False)
class FindBins:
    """The bins of a column, as number `out`; steps behind it that draw the same axis share them."""

    column: int
    bins: AxisBins
    out: int
    text: str

    def run(self, block: Block) -> None:
        """Do it to the events of `block`."""
        b, x, out = self.bins, block.column[self.column], block.bins[self.out]
        if b.even is not None:
            histogram.find_even_bins(x, *b.even, len(b.edges) - 1, out)
        else:
            histogram.find_bins(x, b.edges, b.guide, b.offset, b.numbers, out)


@dataclass(frozen=True)
class FillLine:
    """The bins `x` of the events of `parent` into a histogram."""

    number: int
    parent: int
    x: int
    text: str

    def run(self, block: Block) -> None:
        """Do it to the events of `block`."""
        histogram.fill_line(block.bins[self.x], block.mask[self.parent], block.histograms[self.number])


@dataclass(frozen=True)
class FillPlane:
    """The bins `x` and `y` of the events of `parent` into a two-dimensional histogram."""

    number: int
    parent: int
    x: int
    y: int
    text: str

    def run(self, block: Block) -> None:
        """Do it to the events of `block`."""
        histogram.fill_plane(
            block.bins[self.x], block.bins[self.y], block.mask[self.parent], block.histograms[self.number]
        )
