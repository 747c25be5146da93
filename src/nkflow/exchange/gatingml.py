"""Gating-ML 2.0 -> `Template` (ISAC, doi:10.1002/cyto.a.22690; STANDARDS 5.1, GM-01 to GM-14).

Gates stay in display space with the transformations of the document, bit for bit. What a template can't say is
refused with its line, never left out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from nkflow.documents import validate
from nkflow.errors import Problem, TemplateError
from nkflow.exchange.gatingml_gates import GATES, OWN, UNCOMPENSATED, Definitions, gate
from nkflow.exchange.gatingml_nodes import GATING, TRANSFORMS, MistakeError, local, optional_text, text
from nkflow.exchange.gatingml_scales import matrix, transformation
from nkflow.exchange.xml import read_xml
from nkflow.gating.document import TemplateDocument
from nkflow.gating.gate_document import gate_document
from nkflow.gating.template import Template
from nkflow.gating.tree import ROOT

if TYPE_CHECKING:
    from lxml.etree import _Element

    from nkflow.compensation import Spillover

__all__ = ["read_gatingml"]

T = TypeVar("T")


def read_gatingml(path: str | os.PathLike[str]) -> Template:
    """Return the template of the Gating-ML 2.0 document at `path`.

    Populations are called by the ids of their gates (and quadrants). ``FCS`` compensation takes the matrix of the
    file, or the one given to `gate`; a spectrum matrix stands in the template. ``custom_info`` is passed over.

    Raises
    ------
    TemplateError
        With every mistake (line, path in the document, found, expected): not Gating-ML 2.0, unknown or circular
        references, illegal parameters, more than one matrix for the gates of one document.
    """
    name = Path(path).name
    root = read_xml(path, error=TemplateError)
    if root.tag != f"{{{GATING}}}Gating-ML":
        found = f"the root element {str(root.tag)[:120]!a}"
        raise TemplateError(
            f"{name} is not Gating-ML 2.0", [Problem(name, 1, "", found, f"{{{GATING}}}Gating-ML")]
        )
    reader = _Reader(name)
    document = reader.document(root)
    if reader.problems:
        count = len(reader.problems)
        raise TemplateError(f"{name} has {count} mistake{'s' if count != 1 else ''}", reader.problems)
    return Template(validate(document, TemplateDocument, name=name, error=TemplateError))


class _Reader:
    """The work of `read_gatingml`: definitions first, since they may stand behind the gates (GM-13)."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.problems: list[Problem] = []
        self._seen: set[str] = set()

    def document(self, root: _Element) -> dict[str, Any]:
        """Return the template document as plain values; mistakes are in `problems`."""
        definitions = Definitions(
            self._named(root, TRANSFORMS, "transformation", transformation),
            self._named(root, TRANSFORMS, "spectrumMatrix", matrix),
        )
        nodes = list(root.iter(*(f"{{{GATING}}}{kind}" for kind in GATES)))
        if not nodes:
            self.problems.append(Problem(self.name, None, "", "no gate", "at least one"))
        populations = [entry for node in nodes for entry in self._kept(_population, node, definitions)]
        for node in nodes:
            self._check_ids(node)
        return {
            "nkflow": "template/1",
            "name": Path(self.name).stem.replace("/", "_"),
            "description": f"Gating-ML 2.0, {self.name}",
            "compensation": self._policy(nodes, definitions),
            "populations": populations,
        }

    def _kept(self, function: Callable[..., T], node: _Element, *arguments: object) -> Iterator[T]:
        """Yield what `function` makes of `node`, or keep its mistake."""
        try:
            yield function(node, *arguments)
        except MistakeError as mistake:
            self.problems.append(mistake.problem(self.name))

    def _named(
        self, root: _Element, namespace: str, kind: str, function: Callable[[_Element], T]
    ) -> dict[str, T]:
        found = {}
        for node in root.iter(f"{{{namespace}}}{kind}"):
            for name in self._kept(lambda node: text(node, namespace, "id"), node):
                self._take_id(node, name)
                for value in self._kept(function, node):
                    found[name] = value
        return found

    def _check_ids(self, node: _Element) -> None:
        """Ids of gates, quadrants, transformations and matrices share one space (GM-04, GM-06)."""
        for part in (node, *node.iter(f"{{{GATING}}}Quadrant")):
            name = part.get(f"{{{GATING}}}id")
            if name:
                self._take_id(part, name)

    def _take_id(self, node: _Element, name: str) -> None:
        if name in self._seen:
            self.problems.append(
                MistakeError(node, f"the id {name} twice", "an id of its own").problem(self.name)
            )
        self._seen.add(name)

    def _policy(self, nodes: list[_Element], definitions: Definitions) -> dict[str, Any]:
        """Return the compensation of the template: the matrix that the gates of the document refer to."""
        references = {
            part.get(f"{{{GATING}}}compensation-ref"): part
            for node in nodes
            for part in node.iter(f"{{{GATING}}}dimension", f"{{{GATING}}}divider")
        }
        used = [name for name in references if name not in (None, UNCOMPENSATED)]
        if len(used) > 1:
            next_step = "Split the document: one matrix each."
            several = MistakeError(
                references[used[1]], f"compensation by {', '.join(used)}", "one matrix", next_step
            )
            self.problems.append(several.problem(self.name))
        if not used:
            return {"policy": "none"}
        if used[0] == OWN:
            return {"policy": "file-or-none"}
        found = definitions.matrices.get(used[0])
        return {"policy": "template", "matrix": {} if found is None else _matrix_document(found)}


def _population(node: _Element, definitions: Definitions) -> dict[str, Any]:
    """Return one entry of the template document."""
    name, parent = text(node, GATING, "id"), optional_text(node, GATING, "parent_id")
    found = gate_document(gate(node, definitions))
    entry = {
        "parent": parent or ROOT,
        "gate": found.model_dump(mode="json", by_alias=True, exclude_defaults=True),
    }
    return entry if local(node) == "QuadrantGate" else {"name": name, **entry}


def _matrix_document(spillover: Spillover) -> dict[str, Any]:
    return {
        "dyes": list(spillover.names),
        "detectors": list(spillover.detectors),
        "rows": spillover.matrix.tolist(),
    }
