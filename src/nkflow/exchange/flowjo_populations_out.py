"""The populations of a template below a ``SampleNode``: gates, and the boolean nodes that FlowJo has for the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nkflow.exchange.flowjo_elements import plain
from nkflow.exchange.flowjo_gates_out import FlowJoGates, Outline, Side
from nkflow.exchange.gatingml_axes import UncarriedError
from nkflow.gating.gates import Boolean, Ellipsoid, Polygon, Quadrant, Range, Rectangle
from nkflow.gating.template import Template
from nkflow.gating.tree import Node

if TYPE_CHECKING:
    from lxml.etree import _Element

__all__ = ["PopulationWriter"]

_TAGS = {"and": "AndNode", "or": "OrNode", "not": "NotNode"}
_MOST = 2  # dimensions of a rectangle in FlowJo


@dataclass(eq=False)
class PopulationWriter:
    """Writes one sample's populations.

    Attributes
    ----------
    counts
        Path -> events, where they are known.
    uncarried
        Population (by number) -> why it is not in the workspace.
    """

    template: Template
    gates: FlowJoGates
    counts: Mapping[str, int] = field(default_factory=dict)
    uncarried: dict[int, str] = field(default_factory=dict)
    _made: dict[int, Outline | list[Side]] = field(default_factory=dict)
    _complements: dict[str, str] = field(default_factory=dict)
    _numbers: int = 0

    @property
    def _nodes(self) -> tuple[Node, ...]:
        return self.template.tree.nodes

    def plan(self) -> None:
        """Find out what axes the gates need: outlines first, since ranges fit on any axis."""
        for outlines in (True, False):
            for index in self.template.tree.order:
                gate = self.template.populations[self._nodes[index].entry].gate
                try:
                    if outlines and isinstance(gate, Polygon | Ellipsoid):
                        self._made[index] = self.gates.outline(gate)
                    elif not outlines and isinstance(gate, Range | Rectangle | Quadrant):
                        self._made[index] = self.gates.sides(gate, self._nodes[index].outcome)
                except UncarriedError as problem:
                    self.uncarried.setdefault(index, str(problem))
        for index in self.template.tree.order:
            missing = [other for other in self._nodes[index].needs if other in self.uncarried]
            if missing:
                self.uncarried.setdefault(index, f"it needs {self._nodes[missing[0]].path}")

    def write(self, root: _Element) -> None:
        """Append everything below the ``SampleNode`` `root`."""
        below = plain(root, "Subpopulations")
        self._below(below, -1, "")
        for path, name in self._complements.items():
            self._boolean(below, "not", name, [path])

    def _below(self, group: _Element, parent: int, above: str) -> None:
        for index in self.template.tree.children[parent]:
            if index not in self.uncarried:
                self._population(group, index, above)

    def _population(self, group: _Element, index: int, above: str) -> None:
        node = self._nodes[index]
        gate = self.template.populations[node.entry].gate
        name = f"{node.name} (with excluded)" if node.exclude else node.name
        made, id_ = self._gate(group, index, gate, name, above)
        if node.exclude:
            beside = node.path.rpartition("/")[0]
            whole = f"{beside}/{name}" if beside else name
            others = [self._complement(self._nodes[other].path) for other in node.exclude]
            made, id_ = self._boolean(group, "and", node.name, [whole, *others]), ""
        if node.path in self.counts:
            made.set("count", str(self.counts[node.path]))
        if any(child not in self.uncarried for child in self.template.tree.children[index]):
            self._below(plain(made, "Subpopulations"), index, id_)

    def _gate(self, group: _Element, index: int, gate: object, name: str, above: str) -> tuple[_Element, str]:
        if isinstance(gate, Boolean):
            paths = [
                self._complement(self._nodes[other].path)
                if complement and gate.operation != "not"
                else self._nodes[other].path
                for other, complement in self._nodes[index].references
            ]
            return self._boolean(group, gate.operation, name, paths), ""
        found = self._made[index]
        if isinstance(found, Outline) or len(found) <= _MOST:
            return self._drawn(group, found, name, above)
        parts: list[str] = []
        beside = self._nodes[index].path.rpartition("/")[0]
        for first in range(0, len(found), _MOST):
            part = f"{name} (part {len(parts) + 1})"
            self._drawn(group, found[first : first + _MOST], part, above)
            parts.append(f"{beside}/{part}" if beside else part)
        return self._boolean(group, "and", name, parts), ""

    def _drawn(
        self, group: _Element, found: Outline | list[Side], name: str, above: str
    ) -> tuple[_Element, str]:
        made = plain(group, "Population", name=name, annotation="", owningGroup="", count="-1")
        self._numbers += 1
        id_ = f"ID{self._numbers}"
        if isinstance(found, Outline):
            self.gates.add_outline(made, found, id_, above)
        else:
            self.gates.add_sides(made, found, id_, above)
        return made, id_

    def _boolean(self, group: _Element, operation: str, name: str, paths: Sequence[str]) -> _Element:
        made = plain(group, _TAGS[operation], name=name, annotation="", owningGroup="", count="-1")
        listed = plain(made, "Dependents")
        for path in paths:
            plain(listed, "Dependent", name=path)
        return made

    def _complement(self, path: str) -> str:
        """Return the name of a population of its own that holds all events outside `path`."""
        if path not in self._complements:
            self._complements[path] = f"not {path.replace('/', '_')}"
        return self._complements[path]
