"""What a protocol demands: one limit, its unit, its operator, its decimals and the rule that decides."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from nkflow.counting.populations import ABSOLUTE
from nkflow.documents import Document

__all__ = ["DoseWindow", "Limit", "Operator", "QuantityName", "RuleName"]

Operator = Literal["<", "<=", ">", ">="]
RuleName = Literal["simple", "guarded"]
QuantityName = Literal[
    "per_kg",
    "frequency",
    "viability",
    "concentration",
    "recovery",
    "log10_depletion",
    "endotoxin",
    "endotoxin_per_kg",
    "endotoxin_per_kg_h",
    "dmso_per_kg",
    "external",
]

UNITS: dict[str, tuple[str, ...]] = {
    "per_kg": ("cells/kg",),
    "frequency": ("%",),
    "viability": ("%",),
    "concentration": ("cells/uL", "cells/mL"),
    "recovery": ("%",),
    "log10_depletion": ("1",),
    "endotoxin": ("EU/mL",),
    "endotoxin_per_kg": ("EU/kg",),
    "endotoxin_per_kg_h": ("EU/(kg h)",),
    "dmso_per_kg": ("g/kg",),
}

_COUNTED: tuple[str, ...] = ("dosed", "residual T", *ABSOLUTE)
_UNCERTAIN = ("per_kg", "frequency", "viability", "concentration")


class Limit(Document):
    """One limit of a protocol.

    Attributes
    ----------
    quantity
        What is limited. ``per_kg``, ``frequency`` and ``concentration`` name a `population`, which may be
        ``residual T`` or ``dosed`` (as the definitions say); ``frequency`` names its reference in `of`,
        which may be ``purity denominator``.
    scope
        ``dose``: this dose; ``cumulative``: all doses given so far and this one.
    op, value, decimals
        ``>`` and ``>=`` stay what they are. The value is compared after rounding half-up to `decimals`.
    rule
        ``simple``: the rounded value against the limit; ``guarded``: with the uncertainty (JCGM 106).
    source
        Where the limit stands.
    """

    name: Annotated[str, Field(min_length=1)]
    quantity: QuantityName
    population: str | None = None
    of: str | None = None
    external: str | None = None
    scope: Literal["dose", "cumulative"] = "dose"
    unit: str
    op: Operator
    value: Annotated[float, Field(ge=0)]
    decimals: Annotated[int, Field(ge=0, le=6)]
    rule: RuleName
    source: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _fits_its_quantity(self) -> Self:
        units = UNITS.get(self.quantity)
        if units and self.unit not in units:
            raise ValueError(f"{self.quantity} is in {' or '.join(units)}, not in {self.unit}")
        if self.quantity in ("per_kg", "frequency", "concentration") and self.population is None:
            raise ValueError(f"{self.quantity} names its population")
        if self.quantity == "frequency" and self.of is None:
            raise ValueError("a frequency names its reference population in 'of'")
        if (self.quantity == "external") != (self.external is not None):
            raise ValueError("quantity external, and only it, names an external result")
        if self.quantity in ("per_kg", "concentration") and self.population not in _COUNTED:
            raise ValueError(f"{self.population} is not counted; {self.quantity} knows {', '.join(_COUNTED)}")
        if self.rule == "guarded" and self.quantity not in _UNCERTAIN:
            raise ValueError(f"nobody states the uncertainty of {self.quantity}: its rule is simple")
        if self.scope == "cumulative" and self.quantity != "per_kg":
            raise ValueError("only per_kg has a cumulative scope")
        return self


class DoseWindow(Document):
    """How far the delivered dose may lie from the prescribed one, in percent of it."""

    low_pct: Annotated[float, Field(gt=-100, le=0)]
    high_pct: Annotated[float, Field(ge=0)]
    decimals: Annotated[int, Field(ge=0, le=6)]
    rule: RuleName
    source: Annotated[str, Field(min_length=1)]
