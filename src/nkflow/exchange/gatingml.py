"""Gating-ML 2.0 -> `Template` (ISAC, doi:10.1002/cyto.a.22690; STANDARDS 5.1, GM-01 to GM-16).

Gates stay in display space with the transformations of the document, bit for bit. What a template can't say is
refused with its line, never left out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from nkflow.documents import validate
from nkflow.errors import Problem, TemplateError
from nkflow.exchange.gatingml_gates import GATES, OWN, UNCOMPENSATED, Definitions, gate
from nkflow.exchange.gatingml_names import paths_of, tailored_file
from nkflow.exchange.gatingml_nodes import DATA, GATING, TRANSFORMS, MistakeError, local, optional_text, text
from nkflow.exchange.gatingml_scales import matrix, transformation
from nkflow.exchange.gatingml_sets import put_under_parents
from nkflow.exchange.gatingml_tailored import for_file
from nkflow.exchange.imported import ImportedTemplate
from nkflow.exchange.xml import read_xml
from nkflow.fcs.findings import Finding
from nkflow.gating.document import TemplateDocument
from nkflow.gating.gate_document import gate_document
from nkflow.gating.gates import Boolean, Gate, Not, Quadrant
from nkflow.gating.tree import ROOT

if TYPE_CHECKING:
    from lxml.etree import _Element

    from nkflow.compensation import Spillover

__all__ = ["read_gatingml"]

T = TypeVar("T")


def read_gatingml(path: str | os.PathLike[str], *, file: str = "") -> ImportedTemplate:
    """Return the template of the Gating-ML 2.0 document at `path`.

    Populations go by the names that nkflow and Cytobank write beside the ids of gates and quadrants, else by the
    ids. ``FCS`` compensation takes the matrix of the file, or the one given to `gate`; spectrum matrices stand
    in the template, and each dimension keeps its own. ``custom_info`` is kept as it stands, and written again by
    `write_gatingml`.

    Parameters
    ----------
    file
        FCS file name: of the gates that Cytobank tailored for single files, those of this one count.

    Raises
    ------
    TemplateError
        With every mistake (line, path in the document, found, expected): not Gating-ML 2.0, unknown or circular
        references, illegal parameters.
    """
    name = Path(path).name
    root = read_xml(path, error=TemplateError)
    if root.tag != f"{{{GATING}}}Gating-ML":
        found = f"the root element {str(root.tag)[:120]!a}"
        raise TemplateError(
            f"{name} is not Gating-ML 2.0", [Problem(name, 1, "", found, f"{{{GATING}}}Gating-ML")]
        )
    reader = _Reader(name, file)
    document = reader.document(root)
    if reader.problems:
        count = len(reader.problems)
        raise TemplateError(f"{name} has {count} mistake{'s' if count != 1 else ''}", reader.problems)
    return ImportedTemplate(
        validate(document, TemplateDocument, name=name, error=TemplateError),
        findings=tuple(reader.findings),
        custom_info=reader.custom_info,
        ids=reader.ids,
    )


class _Reader:
    """The work of `read_gatingml`: definitions first, since they may stand behind the gates (GM-13)."""

    def __init__(self, name: str, file: str) -> None:
        self.name, self.file = name, file
        self.problems: list[Problem] = []
        self.findings: list[Finding] = []
        self.custom_info: dict[int, tuple[str, ...]] = {}
        self.ids: dict[str, str] = {}
        self._seen: set[str] = set()

    def document(self, root: _Element) -> dict[str, Any]:
        """Return the template document as plain values; mistakes are in `problems`."""
        nodes = list(root.iter(*(f"{{{GATING}}}{kind}" for kind in GATES)))
        nodes, left_out = for_file(nodes, self.file)
        self.findings += [*left_out, *put_under_parents(nodes)]
        used = _compensations(nodes)
        definitions = Definitions(
            self._named(root, TRANSFORMS, "transformation", transformation),
            self._named(root, TRANSFORMS, "spectrumMatrix", matrix),
            OWN if OWN in used else next(iter(used), OWN),
        )
        if not nodes:
            self.problems.append(Problem(self.name, None, "", "no gate", "at least one"))
        paths: dict[str, str] = {}
        for found in self._kept(lambda _: paths_of(nodes), root):
            paths = found
        populations = [
            self._noted(entry)
            for node in nodes
            for entry in self._kept(_population, node, definitions, paths)
        ]
        for node in nodes:
            self._check_ids(node)
        self._keep_rest(root, nodes, paths)
        self._note_unused(root, definitions)
        return {
            "nkflow": "template/1",
            "name": Path(self.name).stem.replace("/", "_"),
            "description": f"Gating-ML 2.0, {self.name}",
            "compensation": _policy(used, definitions),
            "populations": populations,
        }

    def _noted(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Return `entry`; note a covariance that is none (STANDARDS GM-03)."""
        if entry["gate"].get("indefinite"):
            text = f"the covariance of {entry['name']} is not symmetric and positive definite"
            taken = "the formula is applied as it stands; what it bounds is no ellipsoid"
            self.findings.append(Finding("covariance-indefinite", "warning", text, entry["name"], taken))
        return entry

    def _keep_rest(self, root: _Element, nodes: list[_Element], paths: dict[str, str]) -> None:
        """Keep what a template has no place for: ids, ``custom_info``, and which gates are for one file only."""
        self.ids = {path: id_ for id_, path in paths.items()}
        for entry, node in enumerate([root, *nodes], start=-1):
            texts = _custom_info(node)
            if texts:
                self.custom_info[entry] = texts
            if entry >= 0 and (file := tailored_file(node)) not in ("", self.file):
                name = text(node, GATING, "id")
                self.findings.append(
                    Finding(
                        "tailored-gate",
                        "warning",
                        f"the gate {name} was drawn for the file {file[:200]}",
                        name,
                        "it is applied to every file",
                    )
                )

    def _note_unused(self, root: _Element, definitions: Definitions) -> None:
        """Note transformations and matrices that no gate refers to: a template has no place for them."""
        names = ("compensation-ref", "transformation-ref")
        used = {
            value for node in root.iter() for key, value in node.attrib.items() if str(key).endswith(names)
        }
        for name in (*definitions.transformations, *definitions.matrices):
            if name not in used:
                text = f"no gate refers to {name}"
                self.findings.append(Finding("definition-unused", "info", text, name, "not carried over"))

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


def _compensations(nodes: list[_Element]) -> tuple[str, ...]:
    """Return what the gates refer to for compensation, each once, without ``uncompensated``."""
    references = (
        part.get(f"{{{GATING}}}compensation-ref")
        for node in nodes
        for part in node.iter(f"{{{GATING}}}dimension", f"{{{GATING}}}divider")
    )
    return tuple(dict.fromkeys(name for name in references if name and name != UNCOMPENSATED))


def _policy(used: tuple[str, ...], definitions: Definitions) -> dict[str, Any]:
    """Return the compensation of the template: the file's own or the first matrix; others are further ones."""
    if not used:
        return {"policy": "none"}
    found = {
        name: _matrix_document(definitions.matrices[name]) for name in used if name in definitions.matrices
    }
    policy: dict[str, Any] = {"policy": "file-or-none"}
    if definitions.main != OWN:
        policy = {"policy": "template", "matrix": found.pop(definitions.main, {})}
    return policy | ({"further": found} if found else {})


def _population(node: _Element, definitions: Definitions, paths: dict[str, str]) -> dict[str, Any]:
    """Return one entry of the template document."""
    id_, parent = text(node, GATING, "id"), optional_text(node, GATING, "parent_id")
    found = gate_document(_renamed(gate(node, definitions), paths))
    entry = {
        "parent": paths.get(parent, parent) if parent else ROOT,
        "gate": found.model_dump(mode="json", by_alias=True, exclude_defaults=True),
    }
    name = paths.get(id_, id_).rpartition("/")[2]
    return entry if local(node) == "QuadrantGate" else {"name": name, **entry}


def _renamed(found: Gate, paths: dict[str, str]) -> Gate:
    """Return a gate with the paths of populations in place of ids."""
    match found:
        case Boolean():
            return Boolean(
                found.operation,
                [
                    Not(paths.get(name, name)) if inverse else paths.get(name, name)
                    for name, inverse in found.references
                ]
                if found.operation != "not"
                else [paths.get(found.references[0][0], found.references[0][0])],
            )
        case Quadrant():
            names = {sign: paths.get(id_, id_).rpartition("/")[2] for sign, id_ in found.pairs}
            return replace(found, names=names)
        case _:
            return found


def _custom_info(node: _Element) -> tuple[str, ...]:
    """Return the direct ``custom_info`` children as XML text."""
    from lxml import etree

    return tuple(
        etree.tostring(child, encoding="unicode", with_tail=False)
        for child in node.iterchildren(f"{{{DATA}}}custom_info")
    )


def _matrix_document(spillover: Spillover) -> dict[str, Any]:
    return {
        "dyes": list(spillover.names),
        "detectors": list(spillover.detectors),
        "rows": spillover.matrix.tolist(),
    }
