"""The events on which cuts are found: all of them, or evenly spaced runs; compensated, and gated so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nkflow.fcs.sample import Sample
from nkflow.gating.bind import Binding, Source
from nkflow.gating.block import SIZE, Block
from nkflow.gating.columns import columns_for
from nkflow.gating.compile_gate import ellipsoid, polygon, scale_for, sides
from nkflow.gating.gates import Boolean, Dimension, Ellipsoid, Gate, Polygon
from nkflow.gating.tree import Node
from nkflow.scales import Scale

__all__ = ["MOST", "Events"]

MOST = 200_000

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(eq=False)
class Events:
    """Columns of one tube and who is in which population, as far as its gates are known.

    Attributes
    ----------
    gates
        One an entry; the caller replaces a gate before it asks for a population that needs it.
    columns
        What a dimension reads -> values in data units (n,).
    n
        Events here, of `of` in the tube.
    """

    binding: Binding
    gates: list[Gate]
    columns: dict[Source, Array]
    n: int
    of: int
    _masks: dict[int, Mask] = field(default_factory=dict)

    @classmethod
    def read(cls, sample: Sample, binding: Binding, gates: list[Gate], extra: Sequence[Dimension]) -> Events:
        """Read the columns of all gates and of the dimensions `extra`."""
        dimensions = [dimension for gate in gates for dimension in gate.dimensions] + list(extra)
        sources = list(dict.fromkeys(binding.source(d) for d in dimensions if not binding.lacks(d)))
        runs = _runs(sample.n_events)
        n = sum(count for _, count in runs)
        columns = columns_for(binding, sources)
        block = Block(columns=len(columns.labels), populations=0)
        values = {source: np.empty(n) for source in sources}
        done = 0
        with sample.open() as reader:
            for first, count in runs:
                reader.read(first, count, columns.decode, block.columns)
                for step in columns.steps:
                    step.run(block)
                for source in sources:
                    values[source][done : done + count] = block.column[columns.of(source)][:count]
                done += count
        return cls(binding, gates, values, n, sample.n_events)

    def values(self, dimension: Dimension) -> Array:
        """Return the values of all events (n,), data units."""
        return self.columns[self.binding.source(dimension)]

    def display(self, dimension: Dimension, population: int) -> Array:
        """Return the values of a population's events on the template's scale."""
        values = self.values(dimension)[self.mask(population)]
        scale = self.scale(dimension)
        return values if scale is None else scale.column(values)

    def scale(self, dimension: Dimension) -> Scale | None:
        """Return the scale of a dimension."""
        return self.binding.source(dimension).scale

    def mask(self, population: int) -> Mask:
        """Return who is in a population (-1: root), (n,)."""
        if population < 0:
            return np.ones(self.n, dtype=np.bool_)
        if population not in self._masks:
            self._masks[population] = self._inside(self.binding.template.tree.nodes[population], population)
        return self._masks[population]

    def part(self, chosen: NDArray[np.int64], gates: list[Gate]) -> Events:
        """Return the events at the positions `chosen`, to be gated with other gates."""
        columns = {source: values[chosen] for source, values in self.columns.items()}
        return Events(self.binding, gates, columns, len(chosen), self.of)

    def regated(self, gates: list[Gate]) -> Events:
        """Return the same events, to be gated with other gates."""
        return Events(self.binding, gates, self.columns, self.n, self.of)

    def _inside(self, node: Node, population: int) -> Mask:
        gate = self.gates[node.entry]
        inside: Mask = self.mask(node.parent).copy()
        match gate:
            case Boolean():
                inside &= self._combined(node, gate)
            case Polygon() | Ellipsoid():
                inside &= self._outlined(gate, inside, population)
            case _:
                sources = [self.binding.source(d) for d in gate.dimensions]
                ends, _ = sides(gate, node.outcome, sources, range(len(sources)))
                for side, source in zip(ends, sources, strict=True):
                    inside &= (self.columns[source] >= side.low) & (self.columns[source] < side.high)
        for other in node.exclude:
            inside &= ~self.mask(other)
        return inside

    def _combined(self, node: Node, gate: Boolean) -> Mask:
        operands = [self.mask(index) ^ complement for index, complement in node.references]
        if gate.operation == "not":
            return ~operands[0]
        join = np.logical_or if gate.operation == "or" else np.logical_and
        result: Mask = join.reduce(operands)
        return result

    def _outlined(self, gate: Polygon | Ellipsoid, parent: Mask, population: int) -> Mask:
        """Return who of `parent` is inside an outline (n,)."""
        sources = [self.binding.source(dimension) for dimension in gate.dimensions]
        points = []
        for source in sources:
            scale, values = scale_for(gate, source), self.columns[source][parent]
            points.append(values if scale is None else scale.column(values))
        inside = np.zeros(self.n, dtype=np.bool_)
        rows = range(len(sources))
        if isinstance(gate, Polygon):
            shape = polygon(population, gate, sources, rows, text="")
            inside[parent] = _in_polygon(points[0], points[1], shape.vx, shape.vy)
        else:
            round_ = ellipsoid(population, gate, sources, rows, text="")
            away = np.array(points).T - round_.centre
            inside[parent] = np.einsum("ij,jk,ik->i", away, round_.form, away) <= round_.distance_square
        return inside


def _in_polygon(x: Array, y: Array, vx: Array, vy: Array) -> Mask:
    """Return who is inside by the even-odd rule; a point on an edge may fall on either side."""
    inside = np.zeros(len(x), dtype=np.bool_)
    for k in range(len(vx)):
        x0, y0, x1, y1 = vx[k - 1], vy[k - 1], vx[k], vy[k]
        if y0 != y1:
            crosses = (y0 > y) != (y1 > y)
            inside ^= crosses & (x < x0 + (y - y0) * ((x1 - x0) / (y1 - y0)))
    return inside


def _runs(n_events: int) -> list[tuple[int, int]]:
    """Return (first, count) of the blocks to read: all, or as many evenly spaced ones as `MOST` holds."""
    blocks = [(first, min(SIZE, n_events - first)) for first in range(0, n_events, SIZE)]
    if n_events <= MOST:
        return blocks
    wanted = MOST // SIZE
    return [blocks[k * len(blocks) // wanted] for k in range(wanted)]
