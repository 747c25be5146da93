"""`write_flowjo`: templates and gated tubes out as a FlowJo 10 workspace, which FlowJo and FlowKit read.

A workspace has a gate for each sample, so that a template is written for the tubes it is for: names are ``$PnN``, the
matrix that was applied stands with the sample. Ends and vertices stand in data units; an axis is chosen on which no
gate touches an end, since FlowJo would take in what lies beyond.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from nkflow.compensation import Spillover
from nkflow.errors import Problem, TemplateError
from nkflow.exchange.files import write_whole
from nkflow.exchange.flowjo_axes_out import TOP, AxisPlan
from nkflow.exchange.flowjo_elements import add_axis, add_keywords, add_matrix, plain
from nkflow.exchange.flowjo_gates_out import Ellipses, FlowJoGates
from nkflow.exchange.flowjo_populations_out import PopulationWriter
from nkflow.exchange.gatingml_axes import Axes
from nkflow.exchange.gatingml_nodes import DATA, GATING, TRANSFORMS
from nkflow.exchange.imported import ImportedTemplate
from nkflow.fcs.channels import Channel
from nkflow.fcs.sample import Sample
from nkflow.gating.bind import Binding, bind
from nkflow.gating.result import Gating
from nkflow.gating.template import Template
from nkflow.scales import Logicle, Scale

if TYPE_CHECKING:
    from lxml.etree import _Element

__all__ = ["write_flowjo"]

_VERSION = "10.8.1"  # whose form this is


@dataclass(frozen=True, eq=False)
class _Entry:
    """One sample of the workspace."""

    name: str
    template: Template
    binding: Binding | None = None
    sample: Sample | None = None
    counts: Mapping[str, int] = field(default_factory=dict)


def write_flowjo(
    path: str | os.PathLike[str],
    gated: Template | Gating | Iterable[Gating] | Mapping[str, Template],
    *,
    sample: Sample | Sequence[Sample] | None = None,
    spillover: Spillover | None = None,
    ellipses: Ellipses = "polygon",
    force: bool = False,
) -> Path:
    """Write a FlowJo 10 workspace and return its path.

    Parameters
    ----------
    gated
        One gating or several (with their counts), or a template with `sample`, or file name -> template, as
        `read_flowjo` returns. An adaptive template goes as a gating, which holds what was found.
    sample
        The tubes that a template is written for. None: by the template's own names; then it must hold its matrix.
    spillover
        The matrix, as for `gate`; needs `sample`.
    ellipses
        ``polygon`` of 1024 vertices and the same area, which every reader counts alike; ``ellipse``: FlowJo's own gate,
        which can be moved as one and is itself tested as a coarser polygon (in FlowKit of 128 vertices).
    force
        Replace an existing file.

    Raises
    ------
    TemplateError
        With every gate that FlowJo can't hold, and why: ratios, more than two matrices, outlines on two scales of one
        channel, outlines that touch the end of an axis without being clipped there.
    OutputError
        Where the file exists, or can't be written.
    """
    entries = list(_entries(gated, sample, spillover))
    if not entries:
        raise TemplateError("a workspace needs at least one sample")
    document = _Document(ellipses)
    for entry in entries:
        document.add(entry)
    if document.problems:
        raise TemplateError(f"{Path(path).name} can't be written for FlowJo", document.problems)
    return write_whole(path, document.xml(), force=force)


def _entries(
    gated: Template | Gating | Iterable[Gating] | Mapping[str, Template],
    sample: Sample | Sequence[Sample] | None,
    spillover: Spillover | None,
) -> Iterator[_Entry]:
    if isinstance(gated, Template):
        _refuse_adaptive(gated)
        if sample is None:
            yield _Entry(f"{gated.name}.fcs", gated, counts=_stored(gated))
            return
        for one in [sample] if isinstance(sample, Sample) else sample:
            yield _Entry(_file(one), gated, bind(one, gated, spillover=spillover), one)
    elif isinstance(gated, Mapping):
        for name, template in gated.items():
            _refuse_adaptive(template)
            yield _Entry(name, template, counts=_stored(template))
    else:
        for gating in [gated] if isinstance(gated, Gating) else gated:
            tree = gating.template.tree
            counts = {
                tree.nodes[i].path: gating.counts[key]
                for i, key in enumerate(tree.keys)
                if key in gating.counts
            }
            yield _Entry(_file(gating.sample), gating.template, gating.binding, gating.sample, counts)


def _stored(template: Template) -> Mapping[str, int]:
    return template.stored_counts if isinstance(template, ImportedTemplate) else {}


def _refuse_adaptive(template: Template) -> None:
    if template.is_adaptive:
        raise TemplateError(
            f"{template.name} finds its cuts in each tube, and FlowJo can't",
            next_step="Gate the tubes, and write the gatings.",
        )


def _file(sample: Sample) -> str:
    """Return the name that FlowJo and FlowKit know a file by: its ``$FIL``, else its name on disk."""
    return sample.keywords.get("$FIL", "").strip() or (
        sample.path.name if sample.path is not None else sample.name
    )


class _Document:
    """The workspace as it grows."""

    def __init__(self, ellipses: Ellipses) -> None:
        from lxml import etree

        self.ellipses, self.problems, self._count = ellipses, [], 0  # type: tuple[Ellipses, list[Problem], int]
        self.root = etree.Element(
            "Workspace", nsmap={"gating": GATING, "transforms": TRANSFORMS, "data-type": DATA}
        )
        self.root.set("version", "20.0")
        self.root.set("flowJoVersion", _VERSION)
        plain(self.root, "Matrices")
        node = plain(
            plain(self.root, "Groups"),
            "GroupNode",
            name="All Samples",
            annotation="",
            owningGroup="All Samples",
        )
        self._references = plain(
            plain(node, "Group", name="All Samples", live="1", role="ws.group.dlog.test"), "SampleRefs"
        )
        self._samples = plain(self.root, "SampleList")

    def xml(self) -> bytes:
        """Return the document in UTF-8."""
        from lxml import etree

        etree.indent(self.root)
        return etree.tostring(self.root, encoding="utf-8", xml_declaration=True)

    def add(self, entry: _Entry) -> None:
        """Append one sample."""
        self._count += 1
        id_ = str(self._count)
        plain(self._references, "SampleRef", sampleID=id_)
        made = plain(self._samples, "Sample")
        plain(made, "DataSet", uri=f"file:{quote(entry.name)}", sampleID=id_)
        writer = self._planned(entry)
        self.problems += [
            Problem(entry.name, None, entry.template.tree.nodes[index].path, why, "what FlowJo can hold")
            for index, why in writer.uncarried.items()
        ]
        if self.problems:
            return
        matrix = writer.gates.axes.spillover
        if matrix is not None:
            add_matrix(made, matrix, writer.gates.prefix)
        self._add_axes(made, writer.gates)
        if entry.sample is None:
            plain(made, "Keywords")
        else:
            add_keywords(made, entry.sample)
        count = "-1" if entry.sample is None else str(entry.sample.n_events)
        node = plain(
            made, "SampleNode", name=entry.name, annotation="", owningGroup="", count=count, sampleID=id_
        )
        writer.write(node)

    def _planned(self, entry: _Entry) -> PopulationWriter:
        axes = Axes(entry.template, entry.binding)
        channels = (
            {} if entry.sample is None else {channel.name: channel for channel in entry.sample.channels}
        )
        prefix = "Comp-"
        while any(name.startswith(prefix) for name in channels):
            prefix = f"_{prefix}"
        writer = PopulationWriter(
            entry.template, FlowJoGates(axes, prefix, self.ellipses, channels), entry.counts
        )
        if entry.binding is not None:
            for index, node in enumerate(entry.template.tree.nodes):
                gate = entry.template.populations[node.entry].gate
                why = next(filter(None, map(entry.binding.lacks, gate.dimensions)), "")
                if why:
                    writer.uncarried[index] = why
        writer.plan()
        return writer

    def _add_axes(self, made: _Element, gates: FlowJoGates) -> None:
        """Append an axis for each channel, by all names that readers look for."""
        listed = plain(made, "Transformations")
        axes = {name: plan.axis() for name, plan in gates.plans.items()}
        for plan in gates.plans.values():  # FlowKit looks for the bare name
            axes.setdefault(plan.channel.replace("/", "_"), plan.axis())
        for channel in gates.channels.values():
            plan = AxisPlan(channel.name, False, float(channel.range or TOP), _usual(channel))
            axes.setdefault(channel.name.replace("/", "_"), plan.axis())
        for name, axis in axes.items():
            add_axis(listed, name, axis)


def _usual(channel: Channel) -> Scale | None:
    """Return the scale on which FlowJo would show a channel that no gate is on."""
    if channel.kind not in ("fluorescence", "unmixed"):
        return None
    return Logicle(max(float(channel.range or TOP), 1000.0), 0.5, 4.5)
