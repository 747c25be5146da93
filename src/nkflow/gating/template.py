"""A gating template: how to gate, without events. Frozen; an edit is a new template."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import fields as fields_of
from functools import cached_property
from typing import Any

import rfc8785
from pydantic import BaseModel

from nkflow.acquisition.settings import AcquisitionChecks
from nkflow.documents import dump, validate
from nkflow.errors import GateError, ScaleError, TemplateError
from nkflow.gating.document import MarkerDocument, MatrixPolicy, ReferenceDocument, TemplateDocument
from nkflow.gating.gate_document import gate_document
from nkflow.gating.gates import Gate, Quadrant, Range
from nkflow.gating.tree import ROOT, Tree
from nkflow.scales import Scale
from nkflow.scales.document import scale_document

__all__ = ["Population", "Template"]


@dataclass(frozen=True)
class Population:
    """The events inside a gate and all its parents: one entry of a template.

    ``name`` is "" for a quadrant, which names its outcomes. ``exclude`` takes whole populations out again.
    """

    gate: Gate
    name: str = ""
    parent: str = ROOT
    exclude: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The populations it makes."""
        return tuple(self.gate.outcomes.values()) if isinstance(self.gate, Quadrant) else (self.name,)


@dataclass(frozen=True)
class Template:
    """How to gate a tube: what `document` says, with its gates as objects and its names resolved.

    Made by `load_template`, by `Template.of`, or from another template by `with_gate`. Two templates are
    equal where their documents are.
    """

    document: TemplateDocument

    @classmethod
    def of(
        cls,
        *gates: Gate | Population,
        name: str = "template",
        scales: Mapping[str, Scale] | None = None,
        compensation: str = "file-or-none",
        panel: Sequence[str] = (),
    ) -> Template:
        """Return a template of gates written in code.

        Parameters
        ----------
        gates
            Gates with ``name=`` and ``parent=`` (None: all events), or whole populations. A range with one
            end and no name is called by its channel and ``+`` or ``-``.
        scales
            Channel -> scale, for polygons, ellipsoids, ``space="display"`` and plots.
        compensation
            ``"file-or-none"`` (the file's own matrix where it has one, unless another is given to `gate`),
            ``"file"``, ``"given"`` or ``"none"``.
        panel
            Markers that must be found even where no gate uses them.

        Raises
        ------
        TemplateError
            With every mistake: a gate without a name, unknown or circular parents, ...
        GateError, ScaleError
            Where something is no gate, or no scale.
        """
        _refuse_strangers(gates, scales or {})
        populations = [gate if isinstance(gate, Population) else _population(gate) for gate in gates]
        document = {
            "nkflow": "template/1",
            "name": name,
            "panel": {marker: {} for marker in panel},
            "compensation": {"policy": compensation},
            "scales": {channel: _plain(scale_document(scale)) for channel, scale in (scales or {}).items()},
            "populations": [_entry(population) for population in populations],
        }
        return cls(_validated(document))

    @property
    def name(self) -> str:
        """What the template is called."""
        return self.document.name

    @property
    def version(self) -> str:
        """Its version."""
        return self.document.version

    @property
    def reference(self) -> ReferenceDocument | None:
        """The instrument and settings that fixed cuts were set on."""
        return self.document.reference

    @property
    def panel(self) -> Mapping[str, MarkerDocument]:
        """Marker -> how to find it."""
        return self.document.panel

    @property
    def compensation(self) -> MatrixPolicy:
        """Where the matrix comes from."""
        return self.document.compensation

    @property
    def acquisition(self) -> AcquisitionChecks | None:
        """What counts as a fault of the run; None: the usual figures of `nkflow.acquisition`."""
        return self.document.acquisition

    @cached_property
    def scales(self) -> Mapping[str, Scale]:
        """Channel -> scale."""
        return {channel: scale.scale() for channel, scale in self.document.scales.items()}

    @cached_property
    def populations(self) -> tuple[Population, ...]:
        """The entries with their gates, in the order of the document."""
        return tuple(
            Population(entry.gate.gate(), entry.name or "", entry.parent, entry.exclude)
            for entry in self.document.populations
        )

    @cached_property
    def tree(self) -> Tree:
        """Every population in its place, quadrants by their outcomes."""
        return self.document.tree

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 (64 hex digits) of the document's canonical JSON (RFC 8785); comments don't count."""
        return hashlib.sha256(rfc8785.dumps(_plain(self.document))).hexdigest()

    def to_yaml(self) -> str:
        """Return the document as YAML, which `load_template` reads back equal."""
        return dump(self.document)

    def with_gate(self, population: str, **changes: Any) -> Template:
        """Return a new template with the gate of `population` changed: ``with_gate("viable", high=3200)``.

        Parameters
        ----------
        population
            A name (or path); any outcome of a quadrant stands for the quadrant.
        changes
            Fields of the gate (``low``, ``high``, ``vertices``, ``x_cut``...), of the old one or of a whole new
            ``gate=``. An outcome of a quadrant with one divider takes ``low`` or ``high`` too; its neighbour moves
            with it. Names and parents stay as they are.

        Raises
        ------
        TemplateError
            Where there is no such population, or the changed template would not be valid.
        GateError
            Where the gate has no such field, the value is not allowed, or a new gate says another name or parent.
        """
        entry = self._entry_of(population)
        old = self.populations[entry]
        gate = changes.pop("gate", old.gate)
        if gate is not old.gate:
            self._refuse_elsewhere(gate, population, entry)
        if changes:
            gate = _changed(gate, population.rpartition("/")[2], changes)
        document = _plain(self.document)
        document["populations"][entry]["gate"] = _plain(gate_document(gate))
        document["populations"][entry].pop("not_found", None)  # a person's gate stands
        return Template(_validated(document))

    def changed(self, document: Mapping[str, Any]) -> Template:
        """Return the template of a changed document, checked like any other.

        Raises
        ------
        TemplateError
            With every mistake in it.
        """
        return Template(_validated(dict(document)))

    @property
    def is_adaptive(self) -> bool:
        """Tell whether some of its numbers are found in each tube; `nkflow.gate` resolves it first."""
        return bool(self.document.cuts)

    def resolved(self, gates: Sequence[Gate], not_found: Mapping[int, str]) -> Template:
        """Return the ordinary fixed template with these gates, one an entry, and no cuts to find.

        `not_found`: entry -> why it has no gate; its populations are not evaluable.
        """
        document = _plain(self.document)
        document.pop("cuts", None)
        for number, (entry, gate) in enumerate(zip(document["populations"], gates, strict=True)):
            entry["gate"] = _plain(gate_document(gate))
            if number in not_found:
                entry["not_found"] = not_found[number]
        return Template(_validated(document))

    def __repr__(self) -> str:
        count = len(self.tree.nodes)
        return f"<Template {self.name} {self.version}: {count} populations, sha256 {self.sha256[:12]}>"

    def _refuse_elsewhere(self, gate: object, population: str, entry: int) -> None:
        """Raise `GateError` unless `gate` is a gate that says nothing else of its name and parent than the entry."""
        if not isinstance(gate, Gate):
            raise GateError("this is no gate", where=population, found=repr(gate), expected="Range(...), ...")
        old = self.populations[entry]
        parent = old.parent if gate.parent is None else gate.parent
        moved = self.tree.find(parent) != self.tree.find(old.parent)
        if moved or gate.name not in (None, old.name or None):
            found = f"{gate.name or old.name} in {parent}"
            expected = f"{old.name or population} in {old.parent}"
            raise GateError(
                "a changed gate keeps its name and place", where=population, found=found, expected=expected
            )

    def _entry_of(self, population: str) -> int:
        found = self.tree.find(population)
        if len(found) != 1 or found[0] < 0:
            raise TemplateError(
                f"'{population}' is not one population of {self.name}",
                next_step=f"There are {', '.join(self.tree.keys)}.",
            )
        return self.tree.nodes[found[0]].entry


def _refuse_strangers(gates: Sequence[object], scales: Mapping[str, object]) -> None:
    """Raise `GateError` for what is neither a gate nor a population, `ScaleError` for what is no scale."""
    for gate in gates:
        if not isinstance(gate, Population | Gate):
            raise GateError("this is neither a gate nor a population", found=repr(gate))
    for channel, scale in scales.items():
        if not isinstance(scale, Scale):
            raise ScaleError(
                "this is no scale", where=channel, found=repr(scale), expected="Logicle(...), ..."
            )


def _changed(gate: Gate, name: str, changes: Mapping[str, Any]) -> Gate:
    if isinstance(gate, Quadrant) and len(gate.dividers) == 1 and set(changes) <= {"low", "high"}:
        return gate.with_ends(name, changes)
    fields = {field.name for field in fields_of(gate)} - {"name", "parent"}
    unknown = sorted(set(changes) - fields)
    if unknown:
        expected = ", ".join(sorted(fields))
        raise GateError("no such field", where=name, found=", ".join(unknown), expected=expected)
    return replace(gate, **changes)


def _population(gate: Gate) -> Population:
    name = gate.name or ""
    if isinstance(gate, Range) and not name and (gate.low is None or gate.high is None):
        name = gate.dimensions[0].channel + ("+" if gate.high is None else "-")
    return Population(gate, name, gate.parent or ROOT)


def _entry(population: Population) -> dict[str, Any]:
    entry = {
        "parent": population.parent,
        "gate": _plain(gate_document(population.gate)),
        "exclude": list(population.exclude),
    }
    return entry | ({"name": population.name} if population.name else {})


def _plain(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _validated(document: dict[str, Any]) -> TemplateDocument:
    return validate(document, TemplateDocument, name=str(document["name"]), error=TemplateError)
