"""`Template` -> Gating-ML 2.0 (ISAC, doi:10.1002/cyto.a.22690), valid by its schema.

Ids are XML names; the name of each population stands in ``custom_info`` where it is no XML name. What came in as
``custom_info`` goes out again. Coordinates keep their space: ends in data units have no transformation, outlines
are in display units of their scales, since their edges are straight there.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from nkflow.compensation import Spillover
from nkflow.errors import Problem, TemplateError
from nkflow.exchange.files import write_whole
from nkflow.exchange.gatingml_axes import Axes, Axis, Dialect, UncarriedError
from nkflow.exchange.gatingml_elements import add, add_matrix, add_ratio, add_transformation
from nkflow.exchange.gatingml_gates_out import GateWriter
from nkflow.exchange.gatingml_names import NKFLOW, identifier
from nkflow.exchange.gatingml_nodes import DATA, GATING, TRANSFORMS
from nkflow.exchange.imported import ImportedTemplate
from nkflow.exchange.xml import parse_xml
from nkflow.fcs.sample import Sample
from nkflow.gating.bind import Binding, bind
from nkflow.gating.gates import Boolean, Gate, Quadrant
from nkflow.gating.template import Template
from nkflow.gating.tree import Node
from nkflow.scales import Scale

if TYPE_CHECKING:
    from lxml.etree import _Element

__all__ = ["GatingMLDocument", "write_gatingml"]

_TAGS: Mapping[str, str] = {
    "Range": "RectangleGate",
    "Rectangle": "RectangleGate",
    "Polygon": "PolygonGate",
    "Ellipsoid": "EllipsoidGate",
    "Boolean": "BooleanGate",
    "Quadrant": "QuadrantGate",
}


def write_gatingml(
    path: str | os.PathLike[str],
    template: Template,
    *,
    sample: Sample | None = None,
    spillover: Spillover | None = None,
    force: bool = False,
) -> Path:
    """Write `template` as Gating-ML 2.0 and return the path.

    Parameters
    ----------
    sample
        The tube it is written for: channels go by their ``$PnN`` and the matrix that is applied stands in the
        document. None: by the names of the template, and ``FCS`` for the file's own matrix.
    spillover
        The matrix, as for `gate`; needs `sample`.
    force
        Replace an existing file.

    Raises
    ------
    TemplateError
        With every gate that Gating-ML can't hold, and why.
    OutputError
        Where the file exists, or can't be written.
    """
    binding = None if sample is None else bind(sample, template, spillover=spillover)
    document = GatingMLDocument(template, binding)
    if document.uncarried:
        keys = template.tree.keys
        raise TemplateError(
            f"{template.name} can't be written as Gating-ML 2.0",
            [
                Problem(Path(path).name, None, keys[index], why, "what Gating-ML 2.0 can say")
                for index, why in document.uncarried.items()
            ],
        )
    return write_whole(path, document.xml(), force=force)


class GatingMLDocument:
    """A template as a Gating-ML document.

    Attributes
    ----------
    ids
        Population (by number) -> its id in the document.
    quadrant_ids
        Entry with a quadrant gate -> the id of the gate itself.
    uncarried
        Population (by number) -> why it, or something it needs, is not in the document.
    """

    def __init__(
        self, template: Template, binding: Binding | None = None, *, dialect: Dialect = "standard"
    ) -> None:
        from lxml import etree

        self.template, self.axes = template, Axes(template, binding, dialect)
        self.ids: dict[int, str] = {}
        self.quadrant_ids: dict[int, str] = {}
        self.uncarried: dict[int, str] = {} if binding is None else self._not_bound(binding)
        self._taken: set[str] = {"uncompensated", "FCS"}
        self._scales: dict[Scale, str] = {}
        self._ratios: dict[Axis, str] = {}
        self._kept: list[tuple[_Element, tuple[str, ...]]] = []
        self.root = etree.Element(
            f"{{{GATING}}}Gating-ML", nsmap={"gating": GATING, "transforms": TRANSFORMS, "data-type": DATA}
        )
        self._name_populations()
        self._matrices = self._named_matrices()
        ids = {key: id_ for key, (id_, _) in self._matrices.items()}
        self._writer = GateWriter(self.axes, self._scale_id, self._ratio_id, ids)
        self._build()

    def xml(self) -> bytes:
        """Return the document in UTF-8."""
        from lxml import etree

        return etree.tostring(self.root, encoding="utf-8", xml_declaration=True)

    def _not_bound(self, binding: Binding) -> dict[int, str]:
        """Return the populations whose markers the sample does not have, and why."""
        found = {}
        for index, node in enumerate(self.template.tree.nodes):
            gate = self.template.populations[node.entry].gate
            why = next(filter(None, map(binding.lacks, gate.dimensions)), "")
            if why:
                found[index] = why
        return found

    def _name_populations(self) -> None:
        known = self.template.ids if isinstance(self.template, ImportedTemplate) else {}
        for index, (key, node) in enumerate(
            zip(self.template.tree.keys, self.template.tree.nodes, strict=True)
        ):
            self.ids[index] = self._new_id(known.get(node.path, key))

    def _named_matrices(self) -> dict[str, tuple[str, Spillover]]:
        """Return the compensation of an `Axis` -> id and matrix, for the matrices of the document."""
        main = self.axes.spillover
        found = {} if main is None else {"matrix": (self._new_id("spillover"), main)}
        for name, further in self.template.compensation.further.items():
            found[f"matrix:{name}"] = (self._new_id(name), further.spillover())
        return found

    def _build(self) -> None:
        """Gates in an order in which each comes after what it needs; definitions behind them (GM-13)."""
        self._add_custom(self.root, -1)
        nodes = self.template.tree.nodes
        members: dict[int, list[int]] = {}
        for index, node in enumerate(nodes):
            members.setdefault(node.entry, []).append(index)
        done: set[int] = set()
        for index in self.template.tree.order:
            entry = nodes[index].entry
            missing = [other for other in nodes[index].needs if other in self.uncarried]
            if missing:
                self.uncarried.setdefault(index, f"it needs {self.template.tree.keys[missing[0]]}")
            if entry in done or index in self.uncarried:
                continue
            done.add(entry)
            self._carry(members[entry])
        for scale, id_ in self._scales.items():
            add_transformation(self.root, id_, scale)
        for axis, id_ in self._ratios.items():
            assert axis.ratio is not None
            add_ratio(self.root, id_, axis.ratio, axis.names)
        for id_, matrix in self._matrices.values():
            add_matrix(self.root, id_, matrix)
        self._put_back()

    def _put_back(self) -> None:
        """Put the ``custom_info`` that came in first in its elements, blanks and all."""
        from lxml import etree

        etree.indent(self.root)
        for made, texts in self._kept:
            for number, text in enumerate(texts):
                custom = parse_xml(text.encode(), name="custom_info", error=TemplateError)
                custom.tail = "\n"
                made.insert(number, custom)

    def _carry(self, members: list[int]) -> None:
        """Append the gate of one entry, or note why it can't be."""
        count = len(self.root)
        try:
            self._check_matrices(self.template.tree.nodes[members[0]].entry)
            self._add(members)
        except UncarriedError as problem:
            del self.root[count:]
            for index in members:
                self.uncarried[index] = str(problem)

    def _check_matrices(self, entry: int) -> None:
        if self.axes.dialect == "flowkit":
            for dimension in self.template.populations[entry].gate.dimensions:
                found = self._matrices.get(self.axes.of(dimension).compensation)
                if found is not None and not found[1].is_square:
                    raise UncarriedError("FlowKit applies square matrices only")

    def _add(self, members: list[int]) -> None:
        index = members[0]
        node = self.template.tree.nodes[index]
        population = self.template.populations[node.entry]
        gate = population.gate
        if isinstance(gate, Quadrant):
            self._quadrant(gate, members)
            return
        whole = self._before_exclusion(index)
        made = self._element(gate, whole, node)
        if isinstance(gate, Boolean):
            self._boolean(made, gate.operation, node.references)
        else:
            self._writer.add(made, gate)
        if node.exclude:
            made = self._exclusion(index, whole)
        self._add_custom(made, node.entry, node.name)

    def _quadrant(self, gate: Quadrant, members: list[int]) -> None:
        nodes = self.template.tree.nodes
        node = nodes[members[0]]
        id_ = self._new_id(f"quadrants-{node.entry + 1}")
        made = self._element(gate, id_, node)
        ids = [self._before_exclusion(index) for index in members]
        if node.exclude:
            for index, whole in zip(members, ids, strict=True):
                self._add_custom(self._exclusion(index, whole), -2, nodes[index].name)
        else:
            self.quadrant_ids[node.entry] = id_
            self._add_custom(made, node.entry, {self.ids[i]: nodes[i].name for i in members})
        dividers = [self._new_id(f"{id_}-{k + 1}") for k in range(len(gate.dividers))]
        self._writer.add_quadrant(made, gate, ids, dividers)

    def _before_exclusion(self, index: int) -> str:
        """Return the id of a population, or of what it is before others are taken out of it."""
        excludes = self.template.tree.nodes[index].exclude
        return self._new_id(f"{self.ids[index]}-with-excluded") if excludes else self.ids[index]

    def _exclusion(self, index: int, whole: str) -> _Element:
        """Append the population itself: the gate `whole` without what is excluded."""
        node = self.template.tree.nodes[index]
        made = self._element(Boolean("not", [""]), self.ids[index], node)
        operation = add(made, GATING, "and")
        add(operation, GATING, "gateReference", ref=whole)
        for other in node.exclude:
            self._reference(operation, other, complement=True)
        return made

    def _element(self, gate: Gate, id_: str, node: Node) -> _Element:
        made = add(self.root, GATING, _TAGS[type(gate).__name__], id=id_)
        if node.parent >= 0:
            made.set(f"{{{GATING}}}parent_id", self.ids[node.parent])
        return made

    def _boolean(self, made: _Element, operation: str, references: tuple[tuple[int, bool], ...]) -> None:
        part = add(made, GATING, operation)
        for index, complement in references:
            self._reference(part, index, complement=complement and operation != "not")

    def _reference(self, parent: _Element, index: int, *, complement: bool) -> None:
        reference = add(parent, GATING, "gateReference", ref=self.ids[index])
        if complement:
            reference.set(f"{{{GATING}}}use-as-complement", "true")

    def _add_custom(self, made: _Element, entry: int, names: str | Mapping[str, str] = "") -> None:
        """Say the names that the ids don't say, unless what came in does."""
        from lxml import etree

        kept = self.template.custom_info if isinstance(self.template, ImportedTemplate) else {}
        if kept.get(entry):
            self._kept.append((made, kept[entry]))
            return
        id_ = made.get(f"{{{GATING}}}id")
        if isinstance(names, str):
            if names and names != id_:
                custom = self._custom(made)
                etree.SubElement(custom, f"{{{NKFLOW}}}population", nsmap={"nkflow": NKFLOW}).set(
                    "name", names
                )
            return
        if any(own != name for own, name in names.items()):
            custom = self._custom(made)
            for own, name in names.items():
                part = etree.SubElement(custom, f"{{{NKFLOW}}}quadrant", nsmap={"nkflow": NKFLOW})
                part.set("id", own)
                part.set("name", name)

    def _custom(self, made: _Element) -> _Element:
        """Return a new ``custom_info``, which stands first in its element."""
        from lxml import etree

        custom = etree.Element(f"{{{DATA}}}custom_info")
        made.insert(0, custom)
        return custom

    def _new_id(self, name: str) -> str:
        return identifier(name, self._taken)

    def _scale_id(self, scale: Scale) -> str:
        if scale not in self._scales:
            self._scales[scale] = self._new_id(f"{scale.kind}-{len(self._scales) + 1}")
        return self._scales[scale]

    def _ratio_id(self, axis: Axis) -> str:
        key = Axis(axis.names, "", None, axis.ratio)
        if key not in self._ratios:
            self._ratios[key] = self._new_id(f"ratio-{len(self._ratios) + 1}")
        return self._ratios[key]
