"""The template document: what stands in ``gating_templates/*.yaml``, field by field.

Gates have their own models in `nkflow.gating.gate_document`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, StringConstraints, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from nkflow.acquisition.settings import AcquisitionChecks
from nkflow.compensation import Spillover
from nkflow.documents import Document
from nkflow.errors import CompensationError, GateError
from nkflow.gating.adaptive.document import CutDocument
from nkflow.gating.gate_document import GateDocument
from nkflow.gating.gates import Boolean, Ellipsoid, Quadrant
from nkflow.gating.tree import ROOT, Entry, Mistake, Tree, resolve
from nkflow.scales import Scale
from nkflow.scales.document import ScaleDocument

__all__ = [
    "MarkerDocument",
    "MatrixDocument",
    "MatrixPolicy",
    "PopulationDocument",
    "ReferenceDocument",
    "TemplateDocument",
]

Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^/\s]([^/]*[^/\s])?$")]


class MarkerDocument(Document):
    """How to find a marker: further names it goes by, and whether a tube without it can be gated."""

    aliases: tuple[Text, ...] = ()
    required: bool = True


class MatrixDocument(Document):
    """A spillover matrix inside a template: rows are dyes, columns detectors (``$PnN``)."""

    dyes: tuple[Text, ...] = ()
    detectors: tuple[Text, ...]
    rows: tuple[tuple[float, ...], ...]

    @model_validator(mode="after")
    def _valid(self) -> MatrixDocument:
        try:
            self.spillover()
        except CompensationError as problem:
            raise ValueError(str(problem)) from None
        return self

    def spillover(self) -> Spillover:
        """Return the matrix; without names a dye goes by its detector's."""
        if len({len(row) for row in self.rows}) > 1:
            raise ValueError("the rows of the matrix are of different length")
        rows = np.array(self.rows, dtype=np.float64)
        return Spillover(self.dyes or self.detectors, rows, self.detectors, source="template")


class MatrixPolicy(Document):
    """Where the spillover matrix comes from, and what to do with events that are compensated already.

    ``file``: the file's own, unless another is given; ``file-or-none``: also without, with a finding;
    ``given``: handed to `gate`; ``template``: the one in `matrix`; ``none``: no compensation. ``further`` holds
    matrices that single dimensions ask for by name, whatever the policy.
    """

    policy: Literal["file", "file-or-none", "given", "template", "none"]
    when_compensated: Literal["refuse", "accept"] = "refuse"
    matrix: MatrixDocument | None = None
    further: dict[Text, MatrixDocument] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _matrix_where_wanted(self) -> MatrixPolicy:
        if (self.policy == "template") is (self.matrix is None):
            raise ValueError("a matrix stands in the template with policy: template, and only then")
        return self


class ReferenceDocument(Document):
    """What fixed cuts were set on: the instrument (``$CYT``) and keywords as they must stand in the file."""

    instrument: str = ""
    settings: dict[str, str | float] = Field(default_factory=dict)
    set_on: str = ""


class PopulationDocument(Document):
    """One gate, the population it divides and those it makes.

    ``name`` stands with every gate but a quadrant, whose outcomes are named in the gate. ``exclude`` takes
    whole populations out again. ``not_found`` stands in a template that was resolved against a tube: why there is no
    gate here, and the population is not evaluable.
    """

    name: Name | None = None
    parent: Text = ROOT
    gate: GateDocument
    exclude: tuple[Text, ...] = ()
    description: str = ""
    not_found: str = ""

    @model_validator(mode="after")
    def _named(self) -> PopulationDocument:
        gate = self.gate.gate()
        if isinstance(gate, Quadrant) is (self.name is not None):
            raise ValueError(
                "a quadrant names its outcomes in the gate, not the entry"
                if self.name is not None
                else "the entry needs a name"
            )
        names = list(gate.outcomes.values()) if isinstance(gate, Quadrant) else [self.name]
        if ROOT in names:
            raise ValueError("'root' is the name of all events")
        return self

    @property
    def entry(self) -> Entry:
        """Names and references, for the tree."""
        gate = self.gate.gate()
        outcomes = gate.pairs if isinstance(gate, Quadrant) else (("", self.name or ""),)
        references = gate.references if isinstance(gate, Boolean) else ()
        return Entry(outcomes, self.parent, references, self.exclude)


class TemplateDocument(Document):
    """How to gate a tube, whole. With ``cuts`` it is adaptive: some of its numbers are found in each tube.

    A ``draft`` waits for a person's validation; a release with one is INVALID.
    ``acquisition`` is what `nkflow.acquisition` calls a fault in tubes of this kind; without it, its usual figures.
    """

    nkflow: Literal["template/1"]
    name: Name
    version: Text = "0"
    description: str = ""
    reference: ReferenceDocument | None = None
    panel: dict[str, MarkerDocument] = Field(default_factory=dict)
    compensation: MatrixPolicy
    scales: dict[str, ScaleDocument] = Field(default_factory=dict)
    populations: tuple[PopulationDocument, ...] = Field(min_length=1)
    cuts: tuple[CutDocument, ...] = ()
    acquisition: AcquisitionChecks | None = None
    draft: bool = False

    @model_validator(mode="after")
    def _names_resolve(self) -> TemplateDocument:
        mistakes = self._placed[1]
        if mistakes:
            raise ValidationError.from_exception_data(
                "TemplateDocument", list(_details(mistakes, "populations"))
            )
        return self

    @model_validator(mode="after")
    def _matrices_are_there(self) -> TemplateDocument:
        for population in self.populations:
            for dimension in population.gate.gate().dimensions:
                if dimension.matrix and dimension.matrix not in self.compensation.further:
                    known = ", ".join(self.compensation.further) or "none"
                    raise ValueError(
                        f"{dimension.label} asks for the matrix {dimension.matrix}; there is {known}"
                    )
        return self

    @model_validator(mode="after")
    def _ellipsoids_are_solid(self) -> TemplateDocument:
        """Refuse half-axes that bound nothing on their scales, where no tube decides the numbers."""
        if self.cuts:
            return self
        mistakes = []
        for number, population in enumerate(self.populations):
            gate = population.gate.gate()
            if isinstance(gate, Ellipsoid) and not population.not_found:
                try:
                    _refuse_flat(gate, tuple(self.scales.get(d.channel) for d in gate.dimensions))
                except GateError as problem:
                    mistakes.append(Mistake((number, "gate"), str(problem)))
        if mistakes:
            raise ValidationError.from_exception_data(
                "TemplateDocument", list(_details(mistakes, "populations"))
            )
        return self

    @model_validator(mode="after")
    def _cuts_fit(self) -> TemplateDocument:
        ranged = [name for name, scale in self.scales.items() if getattr(scale, "T", None) == "range"]
        if ranged and not self.cuts:
            text = f"only an adaptive template takes a scale's top from the channel: {', '.join(ranged)}"
            raise ValueError(text)
        if self.cuts:
            from nkflow.gating.adaptive.order import mistakes_in

            gates = [population.gate.gate() for population in self.populations]
            mistakes = mistakes_in(self.cuts, self.tree, gates, self.scales)
            if mistakes:
                raise ValidationError.from_exception_data(
                    "TemplateDocument", list(_details(mistakes, "cuts"))
                )
        return self

    @property
    def tree(self) -> Tree:
        """The populations in their places."""
        tree = self._placed[0]
        assert tree is not None  # _names_resolve saw to it
        return tree

    @cached_property
    def _placed(self) -> tuple[Tree | None, list[Mistake]]:
        return resolve([population.entry for population in self.populations])


@lru_cache(maxsize=256)  # every edit of a template reads all of it again
def _refuse_flat(gate: Ellipsoid, written: tuple[ScaleDocument | None, ...]) -> None:
    """Raise `GateError` where half-axes bound nothing on the scales of the dimensions, or those of the template."""
    scales: list[Scale | None] = []
    for dimension, document in zip(gate.dimensions, written, strict=True):
        own = dimension.scale is not None or dimension.per is not None  # a ratio has its own, or none
        scales.append(dimension.scale if own or document is None else document.scale())
    gate.refuse_flat(scales)


def _details(mistakes: list[Mistake], section: str) -> Iterator[InitErrorDetails]:
    for mistake in mistakes:
        yield InitErrorDetails(
            type=PydanticCustomError("template", "{text}", {"text": mistake.message}),
            loc=(section, *mistake.loc),
            input=None,
        )
