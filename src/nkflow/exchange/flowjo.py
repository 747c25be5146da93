"""FlowJo 10 workspaces (``.wsp``) in: a template for each sample, with FlowJo's own counts (STANDARDS 5.2).

No path of the workspace is ever opened (WS-10): samples go by the names of their files.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from nkflow.documents import validate
from nkflow.errors import Problem, TemplateError
from nkflow.exchange.flowjo_axes import Channels, read_channels
from nkflow.exchange.flowjo_binned import binned
from nkflow.exchange.flowjo_nodes import FlowJoError, attribute, children, usable
from nkflow.exchange.flowjo_tree import PopulationTree, Refusal
from nkflow.exchange.imported import ImportedTemplate
from nkflow.exchange.xml import read_xml
from nkflow.fcs.findings import Finding
from nkflow.fcs.sample import Sample
from nkflow.gating.document import TemplateDocument

if TYPE_CHECKING:
    from lxml.etree import _Element

__all__ = ["LEAVE_OUT", "FlowJoWorkspace", "read_flowjo"]

LEAVE_OUT = "leave-out-gates"  # in `allow`: what can't be carried over is left out, with findings
_OTHER_FILES = {
    ".jo": "a FlowJo 8/9 workspace for Macintosh",
    ".wspt": "a FlowJo template",
    ".wspz": "a zipped workspace",
    ".acs": "an ACS archive",
}


@dataclass(frozen=True)
class FlowJoWorkspace(Mapping[str, ImportedTemplate]):
    """FCS file name -> template. A sample is also found by the file name that its URI ends in.

    Attributes
    ----------
    aliases
        File name of the URI -> name of the sample, where they differ.
    totals
        Name of the sample -> ``$TOT`` as the workspace has it.
    version
        Of the FlowJo that wrote it.
    groups
        Name of a group -> the file names in it.
    findings
        What of the workspace as a whole was not carried over; each template has its own.
    """

    templates: Mapping[str, ImportedTemplate]
    version: str = ""
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    totals: Mapping[str, int] = field(default_factory=dict)

    @property
    def names(self) -> frozenset[str]:
        """All file names by which a sample is found."""
        return frozenset(self.templates) | {name for name, of in self.aliases.items() if of in self.templates}

    def of(self, sample: Sample) -> ImportedTemplate:
        """Return the template of `sample`, by its ``$FIL`` or the name of its file, and by ``$TOT`` (WS-10).

        Of several samples of that name the one with as many events; where none has, the first, with the finding
        ``other-total``.

        Raises
        ------
        TemplateError
            With the names that the workspace has.
        """
        known = (
            sample.keywords.get("$FIL", "").strip(),
            sample.path.name if sample.path else "",
            sample.name,
        )
        found = next((name for name in known if name in self.names), None)
        if found is None:
            raise TemplateError(
                f"the workspace has no sample {known[1] or known[2]}",
                next_step=f"It has {', '.join(list(self)[:20])[:500] or 'none with gates'}.",
            )
        key = found if found in self.templates else self.aliases[found]
        same = [key, *(name for name in self if name.startswith(f"{key} (sample "))]
        fitting = [name for name in same if self.totals.get(name, sample.n_events) == sample.n_events]
        if fitting:
            return self[fitting[0]]
        text = f"{key} has {self.totals[key]} events in the workspace, and {sample.n_events} in {known[1] or known[2]}"
        finding = Finding(
            "other-total", "warning", text, key, "its gates and counts may be those of another file"
        )
        return replace(self[key], findings=(*self[key].findings, finding))

    def __getitem__(self, name: str) -> ImportedTemplate:
        return self.templates[name if name in self.templates else self.aliases.get(name, name)]

    def __iter__(self) -> Iterator[str]:
        return iter(self.templates)

    def __len__(self) -> int:
        return len(self.templates)


def read_flowjo(
    path: str | os.PathLike[str], *, flowjo_binned: bool = False, allow: Collection[str] = ()
) -> FlowJoWorkspace:
    """Return the templates of the FlowJo 10 workspace at `path`, by FCS file name.

    Parameters
    ----------
    flowjo_binned
        Test polygons and ellipses on FlowJo's grid (256 x 256, or what the gate says) instead of the events'
        exact values, as far as its rule is known.
    allow
        ``leave-out-gates``: leave out what has no counterpart here, with a finding each, instead of refusing
        the workspace.

    Raises
    ------
    TemplateError
        With every gate that can't be carried over: sample and population, line, and why. Also for other files of
        FlowJo (``.jo``, ``.wspt``, versions before 10), merged samples and hostile XML.
    """
    path = Path(path)
    if path.suffix.lower() in _OTHER_FILES:
        raise _not_a_workspace(path.name, _OTHER_FILES[path.suffix.lower()])
    root = read_xml(path, error=TemplateError)
    if not str(root.tag).endswith("Workspace"):
        raise _not_a_workspace(path.name, f"the root element {str(root.tag)[:120]!a}")
    version = attribute(root, "flowJoVersion", "")
    if not version.partition(".")[0].isdigit() or int(version.partition(".")[0]) < 7:
        raise _not_a_workspace(path.name, f"a workspace of FlowJo {version[:20] or 'without a version'}")
    reader = _Reader(path.name, flowjo_binned, LEAVE_OUT in allow, program=f"FlowJo {version}")
    for samples in children(root, "SampleList"):
        for sample in children(samples, "Sample"):
            reader.sample(sample)
    if reader.problems:
        count = len(reader.problems)
        raise TemplateError(
            f"{path.name} holds {count} thing{'s' if count != 1 else ''} that can't be carried over; "
            f"allow '{LEAVE_OUT}' to do without",
            reader.problems,
        )
    findings = (*reader.findings, *_whole(root))
    return FlowJoWorkspace(
        reader.templates, version, reader.groups(root), findings, reader.aliases, reader.totals
    )


def _not_a_workspace(name: str, found: str) -> TemplateError:
    return TemplateError(
        f"{name} is no FlowJo 10 workspace", [Problem(name, 1, "", found, "a .wsp of FlowJo 10 or later")]
    )


def _whole(root: _Element) -> Iterator[Finding]:
    """Iterate over what concerns no sample: tables and layouts."""
    for kind, item in (("TableEditor", "Table"), ("LayoutEditor", "Layout")):
        count = sum(1 for editor in children(root, kind) for _ in children(editor, item))
        if count:
            text = f"{count} {item.lower()}{'s' if count != 1 else ''}"
            yield Finding(f"{item.lower()}s-not-carried", "info", text, kind, "not carried over")


class _Reader:
    """The work of `read_flowjo`."""

    def __init__(self, name: str, on_grid: bool, leave_out: bool, *, program: str) -> None:
        self.name, self.on_grid, self.leave_out, self.program = name, on_grid, leave_out, program
        self.templates: dict[str, ImportedTemplate] = {}
        self.findings: list[Finding] = []
        self.problems: list[Problem] = []
        self.aliases: dict[str, str] = {}
        self.totals: dict[str, int] = {}
        self._files: dict[str, str] = {}

    def sample(self, node: _Element) -> None:
        """Read one ``Sample``."""
        place = "a sample"
        try:
            (inner,) = self._one(node, "SampleNode")
            place = attribute(inner, "name", "") or place
            (data,) = self._one(node, "DataSet")
            channels = read_channels(node)
        except FlowJoError as problem:
            self._problem(problem, place)
            return
        file = self._file_name(inner, data)
        self._files[attribute(inner, "sampleID", attribute(data, "sampleID", ""))] = file
        tree = PopulationTree(channels, binned if self.on_grid else None)
        tree.read(inner)
        for refusal in tree.refusals:
            self._problem(refusal.error, f"{file}: {refusal.path}")
        if not tree.entries:
            self.findings.append(Finding("sample-without-gates", "info", f"{file} has no gates", file))
            return
        if not tree.refusals or self.leave_out:
            self.templates[file] = self._template(file, channels, tree)
            if channels.total is not None:
                self.totals[file] = channels.total

    def _one(self, node: _Element, name: str) -> list[_Element]:
        found = list(children(node, name))
        if len(found) != 1:
            raise FlowJoError(
                node, f"{len(found)} of {name} (a merged, concatenated or derived sample)", f"one {name}"
            )
        return found

    def _problem(self, error: FlowJoError, place: str) -> None:
        problem = error.problem(self.name, place)
        if not self.leave_out:
            self.problems.append(problem)
        elif error.found:
            text = f"{place}: {error.found}"
            self.findings.append(
                Finding("gate-not-carried", "error", text, place, "left out, as was allowed")
            )

    def _file_name(self, inner: _Element, data: _Element) -> str:
        """Return the name of the sample, which FlowJo takes from ``$FIL``; a doubled one with its number.

        The name that its URI ends in (which is never opened) stands for it too.
        """
        uri = unquote(attribute(data, "uri", "")).replace("\\", "/").rstrip("/").rpartition("/")[2]
        name = attribute(inner, "name", "") or uri or "sample"
        if name in self.templates:
            number = attribute(inner, "sampleID", str(len(self.templates)))
            text = f"two samples of the name {name[:120]}"
            name = f"{name} (sample {number})"
            self.findings.append(Finding("sample-doubled", "warning", text, name, f"the second is {name}"))
        if uri and uri != name:
            self.aliases.setdefault(uri, name)
        return name

    def _template(self, file: str, channels: Channels, tree: PopulationTree) -> ImportedTemplate:
        matrix = channels.spillover
        compensation: dict[str, Any] = {"policy": "none"}
        if matrix is not None:
            compensation = {
                "policy": "template",
                "matrix": {
                    "dyes": list(matrix.names),
                    "detectors": list(matrix.detectors),
                    "rows": matrix.matrix.tolist(),
                },
            }
        document = {
            "nkflow": "template/1",
            "name": usable(Path(file).stem),
            "description": f"FlowJo, {self.name}",
            "compensation": compensation,
            "populations": tree.entries,
        }
        return ImportedTemplate(
            validate(document, TemplateDocument, name=f"{self.name}: {file}", error=TemplateError),
            findings=(*tree.findings, *_left_out(tree.refusals)),
            stored_counts=tree.stored_counts,
            ids=tree.ids,
            program=self.program,
        )

    def groups(self, root: _Element) -> dict[str, tuple[str, ...]]:
        """Return the groups with their files; a group's own gates stand with its samples too."""
        found = {}
        for groups in children(root, "Groups"):
            for node in children(groups, "GroupNode"):
                references = [
                    attribute(reference, "sampleID", "")
                    for group in children(node, "Group")
                    for listed in children(group, "SampleRefs")
                    for reference in children(listed, "SampleRef")
                ]
                files = tuple(self._files[id_] for id_ in references if id_ in self._files)
                found[attribute(node, "name", "")] = files
        return found


def _left_out(refusals: list[Refusal]) -> tuple[Finding, ...]:
    return tuple(
        Finding("gate-not-carried", "error", refusal.error.found, refusal.path, "left out, as was allowed")
        for refusal in refusals
    )
