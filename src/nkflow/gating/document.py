"""The template document: what stands in ``gating_templates/*.yaml``, field by field.

Gates have their own models in `nkflow.gating.gate_document`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from nkflow.documents import Document
from nkflow.gating.gate_document import GateDocument
from nkflow.gating.gates import Boolean, Quadrant
from nkflow.gating.tree import ROOT, Entry, Mistake, Tree, resolve
from nkflow.scales.document import ScaleDocument

__all__ = ["MarkerDocument", "MatrixPolicy", "PopulationDocument", "ReferenceDocument", "TemplateDocument"]

Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^/\s]([^/]*[^/\s])?$")]


class MarkerDocument(Document):
    """How to find a marker: further names it goes by, and whether a tube without it can be gated."""

    aliases: tuple[Text, ...] = ()
    required: bool = True


class MatrixPolicy(Document):
    """Where the spillover matrix comes from, and what to do with events that are compensated already.

    ``file``: the file's own, unless another is given; ``given``: handed to `gate`; ``none``: no compensation.
    """

    policy: Literal["file", "given", "none"]
    when_compensated: Literal["refuse", "accept"] = "refuse"


class ReferenceDocument(Document):
    """What fixed cuts were set on: the instrument (``$CYT``) and keywords that must stand in the file as here."""

    instrument: str = ""
    settings: dict[str, str | float] = Field(default_factory=dict)
    set_on: str = ""


class PopulationDocument(Document):
    """One gate, the population it divides and those it makes.

    ``name`` stands with every gate but a quadrant, whose outcomes are named in the gate. ``exclude`` takes whole
    populations out again.
    """

    name: Name | None = None
    parent: Text = ROOT
    gate: GateDocument
    exclude: tuple[Text, ...] = ()
    description: str = ""

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
        outcomes = gate.names if isinstance(gate, Quadrant) else (("", self.name or ""),)
        references = gate.references if isinstance(gate, Boolean) else ()
        assert isinstance(outcomes, tuple)  # Quadrant keeps pairs
        return Entry(outcomes, self.parent, references, self.exclude)


class TemplateDocument(Document):
    """How to gate a tube, whole."""

    nkflow: Literal["template/1"]
    name: Name
    version: Text = "0"
    description: str = ""
    reference: ReferenceDocument | None = None
    panel: dict[str, MarkerDocument] = Field(default_factory=dict)
    compensation: MatrixPolicy
    scales: dict[str, ScaleDocument] = Field(default_factory=dict)
    populations: tuple[PopulationDocument, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_resolve(self) -> TemplateDocument:
        mistakes = resolve([population.entry for population in self.populations])[1]
        if mistakes:
            raise ValidationError.from_exception_data("TemplateDocument", list(_details(mistakes)))
        return self

    @property
    def tree(self) -> Tree:
        """The populations in their places."""
        tree, _ = resolve([population.entry for population in self.populations])
        assert tree is not None  # _names_resolve saw to it
        return tree


def _details(mistakes: list[Mistake]) -> Iterator[InitErrorDetails]:
    for mistake in mistakes:
        yield InitErrorDetails(
            type=PydanticCustomError("template", "{text}", {"text": mistake.message}),
            loc=("populations", *mistake.loc),
            input=None,
        )
