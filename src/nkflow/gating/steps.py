"""The steps of a gating program: each does one thing to a block, and says in words what it does.

They become rows of integers that `nkflow.kernels.program` runs one after another. A step works on whole rows of the
block; events behind the last one are in no population, so no step needs to know how many there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nkflow.gating.axis_bins import AxisBins
from nkflow.gating.pools import Pools
from nkflow.kernels import program as op
from nkflow.scales.table import Table

__all__ = [
    "Combine",
    "Exclude",
    "FillLine",
    "FillPlane",
    "FindBins",
    "InEllipsoid",
    "InPolygon",
    "InSides",
    "Near",
    "Recall",
    "Select",
    "Show",
    "Side",
]

Row = tuple[int, ...]


@dataclass(frozen=True)
class Recall:
    """A population's events from bits that an earlier run left."""

    population: int
    bit: int
    text: str

    def rows(self, pools: Pools) -> Sequence[Row]:
        """Return the rows of `kernels.program.run_block`."""
        return [(op.RECALL, self.population, self.bit)]


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

    def rows(self, pools: Pools) -> Sequence[Row]:
        """Return the rows of `kernels.program.run_block`: two sides at a time."""
        found: list[Row] = []
        inside = self.parent
        for k in range(0, len(self.sides), 2):
            pair = self.sides[k : k + 2]
            at = pools.numbers.put(*((side.low, side.high) for side in pair))
            operation = op.RECTANGLE if len(pair) == 2 else op.RANGE
            found.append((operation, self.population, inside, *(side.column for side in pair), at))
            inside = self.population
        return found


@dataclass(frozen=True)
class Select:
    """The events of `parent`, for the steps that follow."""

    parent: int
    text: str

    def rows(self, pools: Pools) -> Sequence[Row]:
        """Return the rows of `kernels.program.run_block`."""
        return [(op.SELECT, self.parent)]


@dataclass(frozen=True, eq=False)
class Show:
    """The selected events of a column on a scale, into row `out`."""

    column: int
    table: Table
    out: int
    text: str

    def rows(self, pools: Pools) -> Sequence[Row]:
        """Return the rows of `kernels.program.run_block`; pieces of one number are made four wide."""
        kind, parameters, knots, pieces = self.table
        wide = np.zeros((len(pieces), 4))
        wide[:, : pieces.shape[1]] = pieces
        put = pools.numbers.put
        first, second, third = put(parameters), put(knots), put(wide)
        return [
            (
                op.SHOW,
                self.column,
                self.out,
                kind,
                first,
                len(parameters),
                second,
                len(knots),
                third,
                len(wide),
            )
        ]


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

    def rows(self, pools: Pools) -> Sequence[Row]:
        """Return the rows of `kernels.program.run_block`."""
        at = pools.numbers.put(self.vx, self.vy, self.box)
        first = pools.cells.put(self.cells)
        place = self.population, self.parent, self.x, self.y
        return [(op.POLYGON, *place, at, len(self.vx), first, len(self.cells))]


@dataclass(frozen=True)
class Near:
    """The events of `parent` in an outer box, and of them those outside an inner one, for the steps that follow."""

    population: int
    parent: int
    outer: Sequence[Side]
    inner: Sequence[Side]
    text: str

    def rows(self, pools: Pools) -> Sequence[Row]:
        """Return the rows of `kernels.program.run_block`."""
        first = pools.integers.put([side.column for side in self.outer])
        pairs = zip(self.outer, self.inner, strict=True)
        at = pools.numbers.put([(a.low, a.high, b.low, b.high) for a, b in pairs])
        return [(op.NEAR, self.population, self.parent, first, len(self.outer), at)]


@dataclass(frozen=True, eq=False)
class InEllipsoid:
    """Which of the selected events are inside an ellipsoid on `axes`; it changes nothing about the others."""

    population: int
    axes: NDArray[np.int64]
    centre: NDArray[np.float64]
    form: NDArray[np.float64]
    distance_square: float
    text: str

    def rows(self, pools: Pools) -> Sequence[Row]:
        """Return the rows of `kernels.program.run_block`."""
        first = pools.integers.put(self.axes)
        at = pools.numbers.put(self.centre, self.form, self.distance_square)
        return [(op.ELLIPSOID, self.population, first, len(self.axes), at)]


@dataclass(frozen=True)
class Combine:
    """And, or, not over other populations and their complements, inside `parent`."""

    population: int
    parent: int
    any_of: bool
    operands: Sequence[tuple[int, bool]]
    text: str

    def rows(self, pools: Pools) -> Sequence[Row]:
        """Return the rows of `kernels.program.run_block`."""
        first = pools.integers.put(*self.operands)
        return [(op.COMBINE, self.population, self.parent, int(self.any_of), first, len(self.operands))]


@dataclass(frozen=True)
class Exclude:
    """Take the events of other populations out of one."""

    population: int
    others: Sequence[int]
    text: str

    def rows(self, pools: Pools) -> Sequence[Row]:
        """Return the rows of `kernels.program.run_block`."""
        return [(op.EXCLUDE, self.population, pools.integers.put(self.others), len(self.others))]


@dataclass(frozen=True, eq=False)
class FindBins:
    """The bins of a column, as number `out`; steps behind it that draw the same axis share them."""

    column: int
    bins: AxisBins
    out: int
    text: str

    def rows(self, pools: Pools) -> Sequence[Row]:
        """Return the rows of `kernels.program.run_block`."""
        b = self.bins
        n_edges, n_pieces = len(b.edges), b.guide.size // 2
        if b.even is not None:
            return [(op.EVEN_BINS, self.column, self.out, pools.numbers.put(b.even), n_edges - 1)]
        at, guide = pools.numbers.put(b.offset, b.edges), pools.guides.put(b.guide)
        three = pools.integers.put(b.numbers)
        return [(op.FIND_BINS, self.column, self.out, at, n_edges, guide, n_pieces, three)]


@dataclass(frozen=True)
class FillLine:
    """The bins `x` of the events of `parent` into a histogram of `size` places."""

    number: int
    parent: int
    x: int
    size: int
    text: str

    def rows(self, pools: Pools) -> Sequence[Row]:
        """Return the rows of `kernels.program.run_block`."""
        return [(op.LINE, self.parent, self.x, pools.histograms[self.number], self.size)]


@dataclass(frozen=True)
class FillPlane:
    """The bins `x` and `y` of the events of `parent` into a histogram of `shape`."""

    number: int
    parent: int
    x: int
    y: int
    shape: tuple[int, ...]
    text: str

    def rows(self, pools: Pools) -> Sequence[Row]:
        """Return the rows of `kernels.program.run_block`."""
        return [(op.PLANE, self.parent, self.x, self.y, pools.histograms[self.number], *self.shape)]
