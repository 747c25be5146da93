"""From a bound template to its program: columns first, then each population after what it needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from nkflow.fcs.channels import Channel
from nkflow.gating.axis_bins import axis_bins
from nkflow.gating.bind import Binding, Source
from nkflow.gating.columns import Columns, columns_for
from nkflow.gating.compile_gate import at_population, combined, ellipsoid, near, polygon, scale_for, sides
from nkflow.gating.drawing import BINS, Drawing, axis_of
from nkflow.gating.gates import Boolean, Ellipsoid, Polygon
from nkflow.gating.pools import Coded
from nkflow.gating.program import Loss, Program
from nkflow.gating.steps import Exclude, FillLine, FillPlane, FindBins, InSides, Recall, Select, Show
from nkflow.gating.tree import ROOT, Node
from nkflow.plots.axis import Axis
from nkflow.scales import Scale

__all__ = ["compile_program"]

Row = tuple[int, Scale]  # a column and the scale it is shown on


def compile_program(
    binding: Binding,
    *,
    recalled: Mapping[int, int] | None = None,
    draw_below: Iterable[int] | None = None,
    only: Iterable[int] | None = None,
    columns: Columns | None = None,
) -> Program:
    """Return the program of a bound template.

    Parameters
    ----------
    recalled
        Populations that are not evaluated but read from an earlier run, with their bit there.
    draw_below
        Populations (-1: root) whose gates are drawn, that is whose events are counted into histograms; None: all.
    only
        Populations to evaluate, where all that they need is among them or recalled; None: all that are not recalled.
    columns
        Where everything that is read stands in a block; None: what is decoded and compensated for it.

    Raises
    ------
    GateError
        Where an outline has no place on its scales.
    """
    nodes = range(-1, len(binding.template.tree.nodes))
    draw = frozenset(nodes if draw_below is None else draw_below)
    wanted = frozenset(nodes if only is None else only)
    return _Compiler(binding, dict(recalled or {}), draw, wanted, columns).program()


class _Compiler:
    """The state of `compile_program`: what is known of the columns, and the steps so far."""

    def __init__(
        self,
        binding: Binding,
        recalled: dict[int, int],
        draw: frozenset[int],
        wanted: frozenset[int],
        columns: Columns | None,
    ) -> None:
        self.binding, self.recalled, self.draw = binding, recalled, draw
        self.tree = binding.template.tree
        self.nodes = self.tree.nodes
        self.gates = [population.gate for population in binding.template.populations]
        self.todo = wanted & set(self.tree.order) - set(self.not_evaluable) - set(recalled)
        self.steps: list[Coded] = []
        self.drawings: list[Drawing] = []
        self.bins: dict[tuple[int, Axis], int] = {}
        self.n_shown = 0
        if columns is not None:
            self.columns = columns

    def program(self) -> Program:
        for index, bit in self.recalled.items():
            self.steps.append(Recall(index, bit, f"recall {self.nodes[index].path}"))
        self._finished(-1)
        for index in self.tree.order:
            if index in self.todo:
                self._evaluate(index)
            if index not in self.not_evaluable:
                self._finished(index)
        return Program(
            binding=self.binding,
            columns=self.columns,
            steps=tuple(self.steps),
            n_shown=self.n_shown,
            n_bins=len(self.bins),
            drawings=tuple(self.drawings),
            find_losses=self._losses,
            not_evaluable=self.not_evaluable,
            evaluated=self.todo,
        )

    @cached_property
    def not_evaluable(self) -> dict[int, str]:
        """Population -> why, for those that need a channel or a population that is not there."""
        found: dict[int, str] = {}
        for index in self.tree.order:
            node = self.nodes[index]
            reasons = [self.binding.template.document.populations[node.entry].not_found]
            reasons += [self.binding.lacks(dimension) for dimension in self.gates[node.entry].dimensions]
            reasons += [found[need] for need in node.needs if need in found]
            why = next(filter(None, reasons), "")
            if why:
                found[index] = why
        return found

    @cached_property
    def sources(self) -> dict[int, tuple[Source, ...]]:
        """Entry -> what its dimensions read, for every gate that is evaluated or drawn."""
        drawn = {child for parent in self.draw for child in self.tree.children[parent]}
        entries = {self.nodes[index].entry for index in (self.todo | drawn) - set(self.not_evaluable)}
        return {
            entry: tuple(self.binding.source(dimension) for dimension in self.gates[entry].dimensions)
            for entry in sorted(entries)
        }

    @cached_property
    def columns(self) -> Columns:
        """The columns of the block."""
        return columns_for(self.binding, (source for entry in self.sources.values() for source in entry))

    def _evaluate(self, index: int) -> None:
        """Add the steps of one population; polygons and ellipsoids were done when their parent was."""
        node = self.nodes[index]
        gate = self.gates[node.entry]
        if isinstance(gate, Boolean):
            self.steps.append(combined(index, node, gate, self.nodes))
        elif not isinstance(gate, Polygon | Ellipsoid):
            sources = self.sources[node.entry]
            found, words = sides(gate, node.outcome, sources, [self.columns.of(source) for source in sources])
            self.steps.append(InSides(index, node.parent, found, f"{self._place(node)}: {words}"))
        if node.exclude:
            names = ", ".join(self.nodes[other].name for other in node.exclude)
            self.steps.append(Exclude(index, node.exclude, f"{node.name}: without {names}"))

    def _finished(self, parent: int) -> None:
        """Add what begins as soon as the events of `parent` are known: outlines below it, and its histograms."""
        below = [index for index in self.tree.children[parent] if index in self.todo]
        gates = {index: self.gates[self.nodes[index].entry] for index in below}
        polygons = {index: gate for index, gate in gates.items() if isinstance(gate, Polygon)}
        ellipsoids = {index: gate for index, gate in gates.items() if isinstance(gate, Ellipsoid)}
        if any(scale is not None for index in polygons for _, scale in self._axes(index)):
            self.steps.append(Select(parent, f"select the events of {self._name(parent)}"))
        rows: dict[Row, int] = {}
        for index, gate in polygons.items():
            with at_population(self.nodes[index].path):
                self._polygon(index, gate, rows)
        for index, shape in ellipsoids.items():
            with at_population(self.nodes[index].path):
                self._ellipsoid(index, shape)
        if parent in self.draw:
            for drawing, sources in self._drawings(parent):
                self._draw(drawing, sources)

    def _axes(self, index: int) -> list[tuple[int, Scale | None]]:
        """Return column and scale of each axis of an outline; no scale where it is straight in data units."""
        entry = self.nodes[index].entry
        gate = self.gates[entry]
        assert isinstance(gate, Polygon | Ellipsoid)  # _finished chose them
        return [(self.columns.of(source), scale_for(gate, source)) for source in self.sources[entry]]

    def _polygon(self, index: int, gate: Polygon, rows: dict[Row, int]) -> None:
        """Add the steps of a polygon; what was shown of the parent for another one is in `rows`."""
        node, text = self.nodes[index], self._place(self.nodes[index])
        places, shows = self._shown(node, self._axes(index), rows)
        shape = polygon((index, node.parent), gate, self.sources[node.entry], places, text=text)
        self.steps += [*shows, shape]

    def _ellipsoid(self, index: int, gate: Ellipsoid) -> None:
        """Add the steps of an ellipsoid, which is asked only about the events near its surface."""
        node, text = self.nodes[index], self._place(self.nodes[index])
        axes = self._axes(index)
        places, shows = self._shown(node, axes, {})
        sources = self.sources[node.entry]
        ahead = near((index, node.parent), gate, sources, [column for column, _ in axes], text=text)
        self.steps += [ahead, *shows, ellipsoid(index, gate, sources, places, text=text)]

    def _shown(
        self, node: Node, axes: Sequence[tuple[int, Scale | None]], rows: dict[Row, int]
    ) -> tuple[list[int], list[Coded]]:
        """Return the row of each axis of an outline, and the steps that fill those which are not in `rows` yet."""
        places, shows = [], list[Coded]()
        for column, scale in axes:
            if scale is None:
                places.append(column)
                continue
            if (column, scale) not in rows:
                rows[column, scale] = len(self.columns.labels) + len(rows)
                text = f"show {self.columns.labels[column]} of {self._name(node.parent)} on {scale}"
                shows.append(Show(column, scale.table(), rows[column, scale], text))
            places.append(rows[column, scale])
        self.n_shown = max(self.n_shown, len(rows))
        return places, shows

    def _drawings(self, parent: int) -> Iterator[tuple[Drawing, tuple[Source, ...]]]:
        """Return what is drawn of the gates below `parent`; gates on the same axes share a drawing."""
        children = [index for index in self.tree.children[parent] if index not in self.not_evaluable]
        found: dict[tuple[Source, ...], list[int]] = {}
        for entry in dict.fromkeys(self.nodes[index].entry for index in children):
            sources = self.sources[entry][:2]
            if sources:
                found.setdefault(sources, []).append(entry)
        for sources, entries in found.items():
            axes = [axis_of(source, self._channel(source)) for source in sources]
            yield Drawing(parent, tuple(entries), axes[0], axes[1] if len(axes) > 1 else None), sources

    def _channel(self, source: Source) -> Channel | None:
        single = source.per is None and source.reading.channel >= 0
        return self.binding.channels[source.reading.channel] if single else None

    def _draw(self, drawing: Drawing, sources: Sequence[Source]) -> None:
        """Add the steps that count the events of a population into a histogram."""
        number = len(self.drawings)
        self.drawings.append(drawing)
        places = []
        for source, axis in zip(sources, (drawing.x, drawing.y), strict=False):
            assert axis is not None  # there are as many axes as sources
            key = (self.columns.of(source), axis)
            if key not in self.bins:
                self.bins[key] = len(self.bins)
                text = f"bins of {axis.label} on {axis.scale}"
                self.steps.append(FindBins(key[0], axis_bins(axis, BINS), self.bins[key], text))
            places.append(self.bins[key])
        text = f"{self._name(drawing.parent)}: histogram"
        if drawing.y is None:
            self.steps.append(
                FillLine(number, drawing.parent, places[0], drawing.shape[0], f"{text} of {drawing.x.label}")
            )
        else:
            text = f"{text} of {drawing.x.label} x {drawing.y.label}"
            self.steps.append(FillPlane(number, drawing.parent, places[0], places[1], drawing.shape, text))

    def _losses(self) -> Iterator[Loss]:
        children = self.tree.children
        below: dict[int, set[int]] = {}
        for index in (*reversed(self.tree.order), -1):
            below[index] = {d for child in children[index] for d in (child, *below.get(child, ()))}
        for index, descendants in below.items():
            entries = {self.nodes[d].entry for d in descendants} & set(self.sources)
            columns = {self.columns.of(source) for entry in entries for source in self.sources[entry]}
            leaves = [d for d in descendants if not children[d] and d not in self.not_evaluable]
            if columns:
                yield Loss(index, tuple(sorted(leaves)), tuple(sorted(columns)))

    def _name(self, index: int) -> str:
        return ROOT if index < 0 else self.nodes[index].name

    def _place(self, node: Node) -> str:
        return f"{node.name} in {self._name(node.parent)}"
