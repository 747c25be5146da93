"""From a bound template to its program: columns first, then each population after what it needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from nkflow.gating.bind import Binding, Reading, Source
from nkflow.gating.compile_gate import combined, ellipsoid, polygon, sides
from nkflow.gating.drawing import Drawing, axis_of
from nkflow.gating.gates import Boolean, Ellipsoid, Gate, Polygon, Quadrant
from nkflow.gating.program import Loss, Program
from nkflow.gating.steps import (
    Compensate,
    Divide,
    Exclude,
    FillLine,
    FillPlane,
    InSides,
    Points,
    Recall,
    Step,
)
from nkflow.gating.tree import ROOT, Node
from nkflow.scales import Scale

__all__ = ["compile_program"]

Row = tuple[int, Scale | None]


def compile_program(binding: Binding, *, draw: bool = True, changed: frozenset[int] | None = None) -> Program:
    """Return the program of a bound template.

    Parameters
    ----------
    draw
        Fill the histograms of all drawn gates.
    changed
        Populations to evaluate; all others are recalled from the bits of an earlier run. None: all.

    Raises
    ------
    GateError
        Where an ellipsoid is flat on its scales.
    """
    return _Compiler(binding, draw, changed).program()


@dataclass
class _Compiler:
    binding: Binding
    draw: bool
    changed: frozenset[int] | None
    columns: dict[object, int] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    drawings: list[Drawing] = field(default_factory=list)
    n_points: int = 0

    def program(self) -> Program:
        template = self.binding.template
        self.nodes, self.order = template.tree.nodes, template.tree.order
        self.gates = [population.gate for population in template.populations]
        self.not_evaluable = self._not_evaluable()
        known = set(self.order) - set(self.not_evaluable)
        self.todo = known if self.changed is None else known & self.changed
        self.sources = {
            entry: tuple(self.binding.source(dimension) for dimension in self.gates[entry].dimensions)
            for entry in dict.fromkeys(self.nodes[index].entry for index in sorted(self.todo))
        }
        decode = self._load()
        recalled = {need for index in self.todo for need in self.nodes[index].needs if need >= 0} - self.todo
        recalled |= known - self.todo  # bits of all populations are packed again
        self.steps += [Recall(index, index, f"recall {self.nodes[index].path}") for index in sorted(recalled)]
        self._finished(-1)
        for index in self.order:
            if index in self.todo:
                self._evaluate(index)
            if index in known:
                self._finished(index)
        return Program(
            binding=self.binding,
            decode=decode,
            columns=tuple(self.labels),
            steps=tuple(self.steps),
            n_points=self.n_points,
            drawings=tuple(self.drawings),
            losses=tuple(self._losses()),
            evaluated=frozenset(self.todo),
            not_evaluable=self.not_evaluable,
        )

    def _not_evaluable(self) -> dict[int, str]:
        """Return population -> why, for those that need a channel or a population that is not there."""
        found: dict[int, str] = {}
        for index in self.order:
            node = self.nodes[index]
            reasons = [self.binding.lacks(dimension) for dimension in self.gates[node.entry].dimensions]
            reasons += [found[need] for need in node.needs if need in found]
            why = next(filter(None, reasons), "")
            if why:
                found[index] = why
        return found

    def _load(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Number the block's columns, add the steps that fill them, and return the file columns to decode."""
        sources = list(dict.fromkeys(source for entry in self.sources.values() for source in entry))
        readings = [reading for source in sources for reading in (source.reading, source.per) if reading]
        dyes = list(dict.fromkeys(reading.dye for reading in readings if reading.dye is not None))
        raw = {reading.channel for reading in readings if reading.dye is None}
        decode = sorted(raw | set(self.binding.detectors if dyes else ()))
        for channel in decode:
            self._number(Reading(channel), self.binding.channels[channel].name)
        matrix = self.binding.spillover
        if dyes and matrix is not None:
            rows = np.array(
                [self.columns[Reading(channel)] for channel in self.binding.detectors], dtype=np.int64
            )
            text = (
                f"compensate {', '.join(dyes)} from {len(rows)} detectors ({matrix.source or 'given matrix'})"
            )
            self.steps.append(Compensate(rows, matrix.weights(dyes), len(decode), text))
            for dye in dyes:
                self._number(dye, f"{dye} compensated")
        for source in sources:
            if source.per is not None and source.ratio is not None and source not in self.columns:
                top, bottom = self._column_of(source.reading), self._column_of(source.per)
                out = self._number(source, source.label)
                self.steps.append(Divide(top, bottom, source.ratio, out, f"divide {source.label}"))
        return np.array(decode, dtype=np.int64)

    def _number(self, key: object, label: str) -> int:
        self.columns[key] = len(self.labels)
        self.labels.append(label)
        return self.columns[key]

    def _column_of(self, reading: Reading) -> int:
        return self.columns[reading.dye if reading.dye is not None else reading]

    def _column(self, source: Source) -> int:
        return self.columns[source] if source.per is not None else self._column_of(source.reading)

    def _evaluate(self, index: int) -> None:
        """Add the steps of one population whose parent is finished; shapes on a scale were done with the parent."""
        node = self.nodes[index]
        gate = self.gates[node.entry]
        if isinstance(gate, Boolean):
            self.steps.append(combined(index, node, gate, self.nodes))
        elif not isinstance(gate, Polygon | Ellipsoid):
            columns = [self._column(source) for source in self.sources[node.entry]]
            kept, words = sides(gate, node.outcome, self.sources[node.entry], columns)
            self.steps.append(InSides(index, node.parent, kept, f"{self._place(node)}: {words}"))
        if node.exclude:
            names = ", ".join(self.nodes[other].name for other in node.exclude)
            self.steps.append(Exclude(index, node.exclude, f"{node.path}: without {names}"))

    def _finished(self, parent: int) -> None:
        """Add what needs the events of `parent` on scales: polygons and ellipsoids below it, and its histograms."""
        below = [index for index in self.binding.template.tree.children[parent] if index in self.todo]
        entries = dict.fromkeys(self.nodes[index].entry for index in below)
        drawn = self._drawings(parent, entries) if self.draw else []
        shapes = [
            index for index in below if isinstance(self.gates[self.nodes[index].entry], Polygon | Ellipsoid)
        ]
        rows: dict[Row, int] = {}
        for entry in entries:
            if isinstance(self.gates[entry], Polygon | Ellipsoid):
                for source in self.sources[entry]:
                    rows.setdefault((self._column(source), source.scale), len(rows))
        for _, axes in drawn:
            for row in axes:
                rows.setdefault(row, len(rows))
        if not rows:
            return
        self.n_points = max(self.n_points, len(rows))
        self.steps.append(Points(parent, tuple(rows), self._points_text(parent, rows)))
        for index in shapes:
            self._shape(index, rows)
        for drawing, axes in drawn:
            self._fill(drawing, [rows[row] for row in axes])

    def _shape(self, index: int, rows: dict[Row, int]) -> None:
        node = self.nodes[index]
        sources = self.sources[node.entry]
        places = [rows[self._column(source), source.scale] for source in sources]
        gate = self.gates[node.entry]
        if isinstance(gate, Polygon):
            self.steps.append(polygon(index, gate, sources, places, text=self._place(node)))
        elif isinstance(gate, Ellipsoid):
            self.steps.append(ellipsoid(index, gate, sources, places, text=self._place(node)))

    def _drawings(self, parent: int, entries: Iterable[int]) -> list[tuple[Drawing, list[Row]]]:
        """Return what is drawn of the gates `entries` below `parent`; gates on the same axes share a drawing."""
        found: dict[tuple[Row, ...], tuple[list[int], list[Source]]] = {}
        for entry in entries:
            sources = list(self.sources[entry][:2])
            if sources:
                axes = [axis_of(source, self._channel(source)) for source in sources]
                rows = tuple((self._column(s), axis.scale) for s, axis in zip(sources, axes, strict=True))
                found.setdefault(rows, ([], sources))[0].append(entry)
        result = []
        for rows, (names, sources) in found.items():
            axes = [axis_of(source, self._channel(source)) for source in sources]
            y = axes[1] if len(axes) > 1 else None
            result.append((Drawing(parent, tuple(names), axes[0], y), list(rows)))
        return result

    def _channel(self, source: Source):  # type: ignore[no-untyped-def]
        single = source.per is None and source.reading.channel >= 0
        return self.binding.channels[source.reading.channel] if single else None

    def _fill(self, drawing: Drawing, places: list[int]) -> None:
        number, ends = len(self.drawings), drawing.ends
        self.drawings.append(drawing)
        if drawing.y is None:
            text = f"histogram of {drawing.x.label}"
            self.steps.append(FillLine(number, places[0], float(ends[0]), float(ends[1]), text))
        else:
            text = f"histogram of {drawing.x.label} x {drawing.y.label}"
            self.steps.append(FillPlane(number, places[0], places[1], ends, text))

    def _losses(self) -> Iterable[Loss]:
        children = self.binding.template.tree.children
        below: dict[int, set[int]] = {}
        for index in (*reversed(self.order), -1):
            below[index] = {d for child in children[index] for d in (child, *below.get(child, ()))}
        for index in range(-1, len(self.nodes)):
            entries = {self.nodes[d].entry for d in below[index] if d in self.todo}
            columns = {self._column(source) for entry in entries for source in self.sources[entry]}
            leaves = [d for d in below[index] if not children[d] and d not in self.not_evaluable]
            if columns:
                yield Loss(index, tuple(sorted(leaves)), tuple(sorted(columns)))

    def _place(self, node: Node) -> str:
        parent = ROOT if node.parent < 0 else self.nodes[node.parent].name
        return f"{node.name} in {parent}"

    def _points_text(self, parent: int, rows: dict[Row, int]) -> str:
        name = ROOT if parent < 0 else self.nodes[parent].name
        words = [
            f"{self.labels[column]} as it is" if scale is None else f"{self.labels[column]} on {scale}"
            for column, scale in rows
        ]
        return f"scale the events of {name}: {'; '.join(words)}"
