"""The populations of one FlowJo sample as entries of a template (WS-08, WS-09)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nkflow.exchange.flowjo_axes import Channels
from nkflow.exchange.flowjo_gates import FlowJoGate, read_gate
from nkflow.exchange.flowjo_nodes import FlowJoError, attribute, children, tag, usable
from nkflow.fcs.findings import Finding
from nkflow.gating.gate_document import gate_document
from nkflow.gating.gates import Boolean, Gate
from nkflow.gating.tree import ROOT
from nkflow.scales import Biex

if TYPE_CHECKING:
    from lxml.etree import _Element

__all__ = ["PopulationTree", "Refusal"]

_BOOLEAN = {"AndNode": "and", "OrNode": "or", "NotNode": "not"}
_POPULATIONS = ("Population", *_BOOLEAN)
_SILENT = ("Graph", "Gate", "Dependents", "Subpopulations", "Annotations")
Binned = Callable[[FlowJoGate], list[Gate] | None]


@dataclass(frozen=True)
class Refusal:
    """A population that can't be carried over."""

    path: str
    error: FlowJoError


@dataclass
class PopulationTree:
    """Reads the populations below a ``SampleNode``, parents first.

    Attributes
    ----------
    binned
        Makes the outlines that FlowJo's grid sees of an outline; None: as it is drawn.
    entries
        Of the template document.
    stored_counts
        Path -> FlowJo's count, where it has one.
    ids
        Path -> FlowJo's id of the gate.
    """

    channels: Channels
    binned: Binned | None = None
    entries: list[dict[str, Any]] = field(default_factory=list)
    stored_counts: dict[str, int] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    _paths: dict[str, str] = field(default_factory=dict)
    _booleans: list[tuple[_Element, str, str]] = field(default_factory=list)
    _clamped: set[str] = field(default_factory=set)

    def read(self, sample_node: _Element) -> None:
        """Read all populations; boolean ones last, since they may refer to any (WS-09)."""
        self._below(sample_node, "", "")
        waiting = self._booleans
        while waiting:
            self._booleans = []
            ready = [item for item in waiting if self._boolean(*item)]
            if not ready and not self._booleans:
                self._refuse_unresolved(waiting)
                return
            waiting = [item for item in waiting if item not in ready] + self._booleans

    def _below(self, node: _Element, path: str, raw: str) -> None:
        for group in children(node, "Subpopulations"):
            for child in group.iterchildren("*"):
                if tag(child) in _POPULATIONS:
                    self._population(child, path, raw)
                elif tag(child) not in _SILENT:
                    self._note_other(child, path)

    def _note_other(self, node: _Element, path: str) -> None:
        kind = tag(node)
        code = "statistic-not-carried" if kind == "Statistic" else "node-not-carried"
        text = f"{kind} {attribute(node, 'name', '')[:80]} of {path or ROOT}".replace("  ", " ")
        self.findings.append(Finding(code, "info", text, path or ROOT, "not carried over"))

    def _population(self, node: _Element, above: str, raw: str) -> None:
        name, shown = self._name(node, above)
        path = f"{above}/{shown}" if above else shown
        raw_path = f"{raw}/{name}" if raw else name
        if tag(node) in _BOOLEAN:
            self._booleans.append((node, path, raw_path))
            return
        gates = list(children(node, "Gate"))
        try:
            if len(gates) != 1:
                raise FlowJoError(node, f"{len(gates)} gates", "one")
            self._add(node, path, read_gate(gates[0], self.channels))
        except FlowJoError as problem:
            self._refuse(node, path, problem)
            return
        self._taken(node, path, raw_path)

    def _name(self, node: _Element, above: str) -> tuple[str, str]:
        name = attribute(node, "name", "")
        shown = usable(name)
        taken = (
            set(self._paths.values())
            | {path for _, path, _ in self._booleans}
            | {r.path for r in self.refusals}
        )
        candidate, k = shown, 2
        while (f"{above}/{candidate}" if above else candidate) in taken:
            candidate, k = f"{shown} ({k})", k + 1
        if candidate != name:
            text = f"the population {name[:80]!a} is called {candidate!a} here"
            self.findings.append(Finding("population-renamed", "info", text, above or ROOT))
        return name, candidate

    def _taken(self, node: _Element, path: str, raw_path: str) -> None:
        self._paths[raw_path] = path
        text = attribute(node, "count", "-1").strip()
        if text.isdigit():
            self.stored_counts[path] = int(text)
        for gate in children(node, "Gate"):
            self.ids[path] = attribute(gate, "id", "")
        self._below(node, path, raw_path)

    def _add(self, node: _Element, path: str, found: FlowJoGate) -> None:
        """Append the entries of a population: FlowJo's inverted gate is the complement of a gate beside it."""
        parent, _, name = path.rpartition("/")
        gates = [found.gate]
        if self.binned is not None and found.resolution:
            gates = self.binned(found) or gates
            if gates[0] is found.gate:
                text = f"FlowJo's grid for {path} is not known"
                self.findings.append(Finding("not-binned", "info", text, path, "its exact outline is used"))
        self._notes(path, found)
        if len(gates) == 1 and not found.inverted:
            self.entries.append(_entry(name, parent, gates[0]))
            return
        parts = [f"{name} (part {k})" for k in range(1, len(gates) + 1)]
        if len(gates) == 1:
            parts = [f"{name} (not inverted)"]
        self.entries.extend(_entry(part, parent, gate) for part, gate in zip(parts, gates, strict=True))
        operands = [f"{parent}/{part}" if parent else part for part in parts]
        if len(operands) == 1:
            whole = Boolean("not", operands)
        elif found.inverted:
            inside = f"{name} (not inverted)"
            self.entries.append(_entry(inside, parent, Boolean("or", operands)))
            whole = Boolean("not", [f"{parent}/{inside}" if parent else inside])
        else:
            whole = Boolean("or", operands)
        self.entries.append(_entry(name, parent, whole))

    def _notes(self, path: str, found: FlowJoGate) -> None:
        """Note what FlowJo does with a gate or its axes besides what they say (WS-05, TR-17)."""
        if found.touches:
            text = f"the gate of {path} touches the end of an axis"
            consequence = "events beyond that end are inside, as in FlowJo"
            self.findings.append(Finding("edge-extended", "info", text, path, consequence))
        for axis in found.axes:
            if (
                isinstance(axis.scale, Biex)
                and axis.scale.width_is_clamped
                and axis.channel not in self._clamped
            ):
                self._clamped.add(axis.channel)
                text = f"the biex axis of {axis.channel} has the width {axis.scale.width_basis:g}"
                consequence = "0.5 decades are used instead, as in FlowJo"
                self.findings.append(Finding("width-clamped", "info", text, axis.channel, consequence))

    def _boolean(self, node: _Element, path: str, raw_path: str) -> bool:
        """Append a boolean population once all it depends on is known; tell whether it was."""
        above = raw_path.rpartition("/")[0]
        operands = []
        for name in _dependents(node):
            found = self._paths.get(name) or self._paths.get(f"{above}/{name}" if above else name)
            if found is None:
                return False
            operands.append(found)
        parent, _, name = path.rpartition("/")
        operation = _BOOLEAN[tag(node)]
        if operation != "not" and len(operands) == 1:
            operands *= 2
        try:
            if not operands or (operation == "not" and len(operands) != 1):
                raise FlowJoError(node, f"{len(operands)} dependents", "one for not, else at least one")
            gate = Boolean("and" if operation == "and" else "or" if operation == "or" else "not", operands)
        except FlowJoError as problem:
            self._refuse(node, path, problem)
            return True
        self.entries.append(_entry(name, parent, gate))
        self._taken(node, path, raw_path)
        return True

    def _refuse(self, node: _Element, path: str, problem: FlowJoError) -> None:
        self.refusals.append(Refusal(path, problem))
        for below in _descendants(node):
            self.refusals.append(
                Refusal(
                    f"{path}/{usable(attribute(below, 'name', ''))}",
                    FlowJoError(below, "its parent is left out", ""),
                )
            )

    def _refuse_unresolved(self, waiting: list[tuple[_Element, str, str]]) -> None:
        for node, path, _ in waiting:
            missing = ", ".join(_dependents(node))[:200]
            self._refuse(
                node, path, FlowJoError(node, f"a population made of {missing}", "populations there are")
            )


def _dependents(node: _Element) -> list[str]:
    return [
        attribute(dependent, "name", "")
        for group in children(node, "Dependents")
        for dependent in children(group, "Dependent")
    ]


def _descendants(node: _Element) -> Iterator[_Element]:
    return (below for below in node.iterdescendants("*") if tag(below) in _POPULATIONS)


def _entry(name: str, parent: str, gate: Gate) -> dict[str, Any]:
    document = gate_document(gate)
    return {
        "name": name,
        "parent": parent or ROOT,
        "gate": document.model_dump(mode="json", by_alias=True, exclude_defaults=True),
    }
