"""A template bound to a sample: which column each dimension reads, compensated or not."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from nkflow.compensation import Spillover
from nkflow.errors import CompensationError, PanelError
from nkflow.fcs.channels import Channel
from nkflow.fcs.findings import Finding
from nkflow.fcs.panel import find, listing
from nkflow.fcs.sample import Sample
from nkflow.gating.document import MarkerDocument
from nkflow.gating.gates import Dimension
from nkflow.gating.matrix import further_matrices, matrix_for
from nkflow.gating.reference import compare_reference
from nkflow.gating.template import Template
from nkflow.scales import Ratio, Scale

__all__ = ["Binding", "Reading", "Source", "bind"]


@dataclass(frozen=True)
class Reading:
    """One column of values: a channel as it stands (``dye`` None), or a dye after compensation by a matrix.

    ``matrix`` "" is the one that is applied to the tube, else the name of a further one.
    """

    channel: int
    dye: str | None = None
    matrix: str = ""


@dataclass(frozen=True)
class Source:
    """What a dimension reads in one sample: a column, or the ratio of two; its scale, and words for it."""

    reading: Reading
    label: str
    scale: Scale | None = None
    per: Reading | None = None
    ratio: Ratio | None = None

    def __hash__(self) -> int:
        return hash(
            (self.reading, self.label)
        )  # a scale's numbers take long, and columns are looked up often


@dataclass(frozen=True, eq=False)
class Binding:
    """A template and a sample that fit each other.

    Attributes
    ----------
    columns
        Channel or marker of the template -> file column.
    spillover
        The matrix to apply, None for none.
    detectors
        File column of each detector of the matrix.
    missing
        Optional markers that the sample does not have -> why.
    further
        Name -> a matrix that single dimensions ask for.
    """

    template: Template
    channels: tuple[Channel, ...]
    columns: dict[str, int]
    spillover: Spillover | None
    detectors: tuple[int, ...]
    findings: tuple[Finding, ...]
    missing: dict[str, str] = field(default_factory=dict)
    further: dict[str, Spillover] = field(default_factory=dict)
    _sources: dict[Dimension, Source] = field(default_factory=dict, init=False, repr=False)
    _meanings: dict[int, object] = field(default_factory=dict, init=False, repr=False)

    def source(self, dimension: Dimension) -> Source:
        """Return what `dimension` reads.

        Raises
        ------
        CompensationError
            ``not-compensated`` where the gate insists on compensated values and there are none.
        """
        if dimension not in self._sources:
            self._sources[dimension] = self._source(dimension)
        return self._sources[dimension]

    def _source(self, dimension: Dimension) -> Source:
        scale = dimension.scale or self.template.scales.get(dimension.channel)
        reading = self._reading(dimension.channel, dimension)
        if dimension.per is None:
            return Source(reading, self._label(dimension.channel, reading), scale)
        per = self._reading(dimension.per, dimension)
        label = f"{self._label(dimension.channel, reading)} / {self._label(dimension.per, per)}"
        return Source(reading, label, dimension.scale, per, dimension.ratio)

    def lacks(self, dimension: Dimension) -> str:
        """Return why `dimension` can't be read, or ""."""
        return next((self.missing[name] for name in dimension.channels if name in self.missing), "")

    def meaning(self, index: int) -> object:
        """Return all that decides who is in a population, its needs by path; None where a channel is missing."""
        if index not in self._meanings:
            self._meanings[index] = self._meaning(index)
        return self._meanings[index]

    def _meaning(self, index: int) -> object:
        nodes = self.template.tree.nodes
        node = nodes[index]
        gate = self.template.populations[node.entry].gate
        if any(self.lacks(dimension) for dimension in gate.dimensions):
            return None
        sources = tuple(self.source(dimension) for dimension in gate.dimensions)
        references = tuple((nodes[need].path, complement) for need, complement in node.references)
        return gate, node.outcome, sources, references, tuple(nodes[need].path for need in node.exclude)

    def matrix(self, name: str) -> tuple[Spillover, tuple[int, ...]]:
        """Return a matrix with the file column of each of its detectors; "" is the tube's."""
        if not name:
            assert self.spillover is not None  # a reading names a dye only where there is a matrix
            return self.spillover, self.detectors
        found = self.further[name]
        index = {channel.name: channel.index for channel in self.channels}
        return found, tuple(index[detector] for detector in found.detectors)

    def _reading(self, name: str, dimension: Dimension) -> Reading:
        column, compensated = self.columns.get(name, -1), dimension.compensated
        if dimension.matrix:
            return Reading(-1, name, dimension.matrix)
        dye = self._dye(name, column)
        if compensated is not False and dye is not None:
            return Reading(column, dye)
        if column < 0:
            raise PanelError(
                f"{name!r} is a dye of the matrix and no channel", where=name, found="compensated: false"
            )
        if compensated and not self.channels[column].compensated:
            raise CompensationError(
                "the gate wants compensated values and there are none",
                code="not-compensated",
                where=f"{self.template.name}: {name}",
                found="no matrix" if self.spillover is None else f"a matrix without {name}",
                next_step="Give a matrix that holds the channel, or leave out 'compensated: true'.",
            )
        return Reading(column)

    def _dye(self, name: str, column: int) -> str | None:
        """Return the dye that compensation gives for this name, None where there is none."""
        if self.spillover is None:
            return None
        names = self.spillover.names
        if name in names:
            return name
        return self.channels[column].name if column >= 0 and self.channels[column].name in names else None

    def _label(self, name: str, reading: Reading) -> str:
        where = self.channels[reading.channel].name if reading.channel >= 0 else ""
        text = name if where in ("", name) else f"{name} ({where})"
        if reading.dye is not None:
            return f"{text}, compensated"
        covered = self.spillover is not None and reading.channel in self.detectors
        return f"{text}, uncompensated" if covered else text


def bind(
    sample: Sample,
    template: Template,
    *,
    spillover: Spillover | None = None,
    allow: Collection[str] = (),
) -> Binding:
    """Return `template` bound to the channels and the matrix of `sample`.

    Raises
    ------
    PanelError
        With every required channel or marker that is missing or ambiguous, and what is there.
    CompensationError
        See `nkflow.gating.matrix.matrix_for`.
    """
    matrix = matrix_for(sample, template, given=spillover, allow=allow)
    columns, missing, findings = _columns(sample, template, matrix.spillover)
    further = further_matrices(sample, template, allow=allow)
    index = {channel.name: channel.index for channel in sample.channels}
    detectors = () if matrix.spillover is None else tuple(index[name] for name in matrix.spillover.detectors)
    bare = _uncompensated(template, sample, columns, matrix.spillover)
    absent = tuple(
        Finding("marker-absent", "info", why, name, "its populations are not evaluable")
        for name, why in missing.items()
    )
    return Binding(
        template=template,
        channels=sample.channels,
        columns=columns,
        spillover=matrix.spillover,
        detectors=detectors,
        findings=(*compare_reference(sample, template), *matrix.findings, *bare, *findings, *absent),
        missing=missing,
        further=further,
    )


def _columns(
    sample: Sample, template: Template, matrix: Spillover | None
) -> tuple[dict[str, int], dict[str, str], list[Finding]]:
    """Return name -> column, missing optional name -> why, and findings; raise for all others at once."""
    columns: dict[str, int] = {}
    missing: dict[str, str] = {}
    findings: list[Finding] = []
    problems: list[PanelError] = []
    for name in dict.fromkeys(_wanted(template)):
        marker = template.panel.get(name, MarkerDocument())
        try:
            match = find(sample.channels, name, marker.aliases)
        except PanelError as problem:
            if matrix is not None and name in matrix.names:
                continue  # a dye that no channel is named for
            if not marker.required and problem.code == "channel-missing":
                missing[name] = f"the sample has no {name}"
            else:
                problems.append(problem)
        else:
            columns[name] = match.index
            findings += match.findings
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise PanelError(
            "; ".join(problem.message for problem in problems),
            code=problems[0].code,
            where=f"{sample.name}: {', '.join(problem.where for problem in problems)}",
            found=listing(sample.channels),
            next_step="Add an alias to the panel of the template for each channel that is meant.",
        )
    return columns, missing, findings


def _uncompensated(
    template: Template, sample: Sample, columns: dict[str, int], matrix: Spillover | None
) -> tuple[Finding, ...]:
    """Return a finding where gates look at detectors of the matrix for which it has no dye."""
    if matrix is None:
        return ()
    asked = [
        d for population in template.populations for d in population.gate.dimensions if d.compensated is None
    ]
    names = {name for d in asked if not d.matrix for name in d.channels} & set(columns) - set(matrix.names)
    channels = sorted({sample.channels[columns[name]].name for name in names} - set(matrix.names))
    bare = [name for name in channels if name in matrix.detectors]
    if not bare:
        return ()
    text = f"the matrix has these detectors and no dye that goes by their name or marker: {', '.join(bare)}"
    return (Finding("no-dye-for-detector", "warning", text, sample.name, "gated uncompensated"),)


def _wanted(template: Template) -> Iterator[str]:
    """Iterate over the names of all channels that the template asks for."""
    yield from template.panel
    for population in template.populations:
        for dimension in population.gate.dimensions:
            if not dimension.matrix:  # those are dyes, and not channels
                yield from dimension.channels
