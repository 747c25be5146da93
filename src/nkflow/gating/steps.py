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

from nkflow.gating.block import Block
from nkflow.kernels import bits, compensate, ellipsoid, histogram, polygon, ranges, select
from nkflow.scales import Ratio, Scale

__all__ = [
    "Combine",
    "Compensate",
    "Divide",
    "Exclude",
    "FillLine",
    "FillPlane",
    "InEllipsoid",
    "InPolygon",
    "InSides",
    "Points",
    "Recall",
    "Side",
    "Step",
]

# a compiled kernel takes what the function takes; the type checker sees the compiler's decorator
_compensate: Any = compensate.compensate_columns
_fill_line: Any = histogram.fill_line
_fill_plane: Any = histogram.fill_plane
_in_range: Any = ranges.in_range
_in_rectangle: Any = ranges.in_rectangle
_mark_ellipsoid: Any = ellipsoid.mark_ellipsoid
_mark_polygon: Any = polygon.mark_polygon
_select: Any = select.select
_take: Any = select.take
_unpack: Any = bits.unpack


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
        _compensate(observed, self.rows, self.weights, observed.shape[1], out)


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
        _unpack(block.words, self.bit, block.mask[self.population])


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
            _in_rectangle(
                block.column[x.column], x.low, x.high, block.column[y.column], y.low, y.high, inside, out
            )
            inside = out
        if len(self.sides) % 2:
            x = self.sides[-1]
            _in_range(block.column[x.column], x.low, x.high, inside, out)


@dataclass(frozen=True)
class Points:
    """The events of `parent`, and their display units: row k from (column, scale) k."""

    parent: int
    rows: Sequence[tuple[int, Scale | None]]
    text: str

    def run(self, block: Block) -> None:
        """Do it to the events of `block`."""
        index = block.index
        count = block.n_points = _select(block.mask[self.parent], index)
        scratch = block.scratch
        for point, (column, scale) in zip(block.point, self.rows, strict=False):
            if scale is None:
                _take(block.column[column], index, count, point)
            else:
                _take(block.column[column], index, count, scratch)
                scale.column(scratch[:count], point[:count])


@dataclass(frozen=True, eq=False)
class InPolygon:
    """The points (rows `x`, `y`) inside a polygon."""

    population: int
    x: int
    y: int
    vx: NDArray[np.float64]
    vy: NDArray[np.float64]
    box: NDArray[np.float64]
    cells: NDArray[np.uint8]
    text: str

    def run(self, block: Block) -> None:
        """Do it to the events of `block`."""
        _mark_polygon(
            block.point[self.x], block.point[self.y], block.index, block.n_points,
            self.vx, self.vy, self.box, self.cells, block.mask[self.population],
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class InEllipsoid:
    """The points (`rows`) inside an ellipsoid."""

    population: int
    rows: NDArray[np.int64]
    centre: NDArray[np.float64]
    whitening: NDArray[np.float64]
    distance_square: float
    text: str

    def run(self, block: Block) -> None:
        """Do it to the events of `block`."""
        _mark_ellipsoid(
            block.points, self.rows, block.index, block.n_points,
            self.centre, self.whitening, self.distance_square, block.mask[self.population],
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


@dataclass(frozen=True)
class FillLine:
    """The points (row `x`) into the bins of a histogram."""

    number: int
    x: int
    low: float
    per_unit: float
    text: str

    def run(self, block: Block) -> None:
        """Do it to the events of `block`."""
        _fill_line(
            block.point[self.x], block.n_points, self.low, self.per_unit, block.histograms[self.number]
        )


@dataclass(frozen=True, eq=False)
class FillPlane:
    """The points (rows `x`, `y`) into the bins of a two-dimensional histogram."""

    number: int
    x: int
    y: int
    ends: NDArray[np.float64]
    text: str

    def run(self, block: Block) -> None:
        """Do it to the events of `block`."""
        _fill_plane(
            block.point[self.x], block.point[self.y], block.n_points, self.ends, block.histograms[self.number]
        )
