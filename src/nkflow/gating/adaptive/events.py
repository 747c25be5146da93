"""The events on which cuts are found: all of them, or evenly spaced runs; compensated, and gated so far."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nkflow.fcs.sample import Sample
from nkflow.gating.bind import Binding, Source
from nkflow.gating.block import SIZE, Block
from nkflow.gating.columns import columns_for
from nkflow.gating.compile_gate import ellipsoid, polygon, scale_for, thresholds
from nkflow.gating.gates import Boolean, Dimension, Ellipsoid, Gate, Polygon
from nkflow.gating.tree import Node
from nkflow.kernels import ellipsoid as ellipsoids
from nkflow.kernels import polygon as polygons
from nkflow.kernels.ranges import in_range
from nkflow.kernels.select import put, select, take
from nkflow.scales import Scale

__all__ = ["MOST", "Events"]

MOST = 200_000

# a compiled kernel takes what the function takes; the type checker sees the compiler's decorator
_mark_polygon: Any = polygons.mark_polygon
_mark_ellipsoid: Any = ellipsoids.mark_ellipsoid

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
    _found: dict[int, NDArray[np.uint32]] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def read(
        cls,
        sample: Sample,
        binding: Binding,
        gates: list[Gate],
        extra: Sequence[Dimension],
        *,
        most: int = MOST,
    ) -> Events:
        """Read the columns of all gates and of the dimensions `extra`; of more than `most` events a part."""
        dimensions = [dimension for gate in gates for dimension in gate.dimensions] + list(extra)
        sources = list(dict.fromkeys(binding.source(d) for d in dimensions if not binding.lacks(d)))
        runs = _runs(sample.n_events, most)
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
        inside, scale = self.inside(dimension, population), self.scale(dimension)
        return inside if scale is None else scale.column(inside)

    def inside(self, dimension: Dimension, population: int) -> Array:
        """Return the values of a population's events, data units; of root the column itself."""
        values = self.values(dimension)
        return values if population < 0 else _taken(values, self._places(population))

    def _places(self, population: int) -> NDArray[np.uint32]:
        """Return the positions of a population's events."""
        if population not in self._found:
            found = np.empty(self.n + 1, dtype=np.uint32)
            self._found[population] = found[: select(self.mask(population), found)]
        return self._found[population]

    def shown(self, dimension: Dimension) -> Array:
        """Return the values of all events (n,) on the template's scale."""
        values, scale = self.values(dimension), self.scale(dimension)
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

    @property
    def known(self) -> Collection[int]:
        """The populations that were asked for so far."""
        return self._masks.keys()

    def part(self, chosen: NDArray[np.int64], gates: list[Gate], known: Collection[int] = ()) -> Events:
        """Return the events at the positions `chosen`, to be gated with other gates; see `regated` for `known`."""
        columns = {source: values[chosen] for source, values in self.columns.items()}
        masks = {population: self.mask(population)[chosen] for population in known}
        return Events(self.binding, gates, columns, len(chosen), self.of, masks)

    def regated(self, gates: list[Gate], known: Collection[int] = ()) -> Events:
        """Return the same events, to be gated with other gates; the populations `known` stay as they are."""
        masks = {population: self.mask(population) for population in known}
        return Events(self.binding, gates, self.columns, self.n, self.of, masks)

    def _inside(self, node: Node, population: int) -> Mask:
        gate, inside = self.gates[node.entry], self.mask(node.parent)
        match gate:
            case Boolean():
                inside = inside & self._combined(node, gate)
            case Polygon() | Ellipsoid():
                inside = inside & self._outlined(gate, node.parent, population)
            case _:
                sources = [self.binding.source(d) for d in gate.dimensions]
                ends = thresholds(gate, node.outcome, sources)
                for (low, high), source in zip(ends, sources, strict=True):
                    # the kernel takes six times as long where it writes over what it reads
                    above, inside = inside, np.empty(self.n, dtype=np.bool_)
                    in_range(self.columns[source], low, high, above, inside)
        for other in node.exclude:
            inside = inside & ~self.mask(other)
        return inside

    def _combined(self, node: Node, gate: Boolean) -> Mask:
        operands = [self.mask(index) ^ complement for index, complement in node.references]
        if gate.operation == "not":
            return ~operands[0]
        join = np.logical_or if gate.operation == "or" else np.logical_and
        result: Mask = join.reduce(operands)
        return result

    def _outlined(self, gate: Polygon | Ellipsoid, parent: int, population: int) -> Mask:
        """Return who of the population `parent` is inside an outline (n,)."""
        sources = [self.binding.source(dimension) for dimension in gate.dimensions]
        points = [self._on_scale(source, scale_for(gate, source), parent) for source in sources]
        inside, rows = np.zeros(self.n, dtype=np.bool_), range(len(sources))
        if isinstance(gate, Polygon):
            s = polygon((population, -1), gate, sources, rows, text="")
            _mark_polygon(points[0], points[1], self.mask(parent), s.vx, s.vy, s.box, s.cells, inside)
        else:
            e, places = ellipsoid(population, gate, sources, rows, text=""), self._places(parent)
            _mark_ellipsoid(
                np.array(points),
                e.axes,
                places,
                len(places),
                e.centre,
                e.form.ravel(),
                e.distance_square,
                inside,
            )
        return inside

    def _on_scale(self, source: Source, scale: Scale | None, population: int) -> Array:
        """Return a column (n,) on `scale`, set for the events of a population at least."""
        values = self.columns[source]
        if scale is None:
            return values
        places, shown = self._places(population), np.empty(self.n)
        put(scale.column(_taken(values, places)), places, len(places), shown)
        return shown


def _taken(values: Array, places: NDArray[np.uint32]) -> Array:
    """Return the values at some positions; boolean indices take longer."""
    taken = np.empty(len(places))
    take(values, places, len(places), taken)
    return taken


def _runs(n_events: int, most: int) -> list[tuple[int, int]]:
    """Return (first, count) of the blocks to read: all, or as many evenly spaced ones as `most` holds."""
    blocks = [(first, min(SIZE, n_events - first)) for first in range(0, n_events, SIZE)]
    if n_events <= most:
        return blocks
    wanted = most // SIZE
    return [blocks[k * len(blocks) // wanted] for k in range(wanted)]
