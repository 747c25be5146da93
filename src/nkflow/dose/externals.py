"""Results that come from elsewhere: a value, a value below what the test can see, interim, or pending."""

from __future__ import annotations

import datetime as dt
import re
from typing import Literal, Self

from pydantic import GetJsonSchemaHandler, field_validator, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from nkflow.documents import Document

__all__ = ["ExternalResult", "ExternalRule"]

_BELOW = re.compile(r"<\s*([0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?)")


class ExternalResult(Document):
    """One result of another test.

    In a lot it may be written short: ``0.25`` (a value), ``"< 0.05"`` (below what the test can see),
    ``negative`` (an outcome), ``pending``; or as a mapping when it is interim or has a source.

    Attributes
    ----------
    value
        A number in the unit that the result's name ends with (``endotoxin_eu_per_ml``).
    below
        The true value is below this number; nothing more is known.
    outcome
        A word: ``negative``, ``identical``...
    state
        ``final``; ``interim``, such as sterility on day 3 of 14; ``pending``, no result yet.
    """

    value: float | None = None
    below: float | None = None
    outcome: str | None = None
    state: Literal["final", "interim", "pending"] = "final"
    source: str = ""
    reported_at: dt.datetime | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, given: object) -> object:
        match given:
            case bool() | None:
                return given
            case int() | float():
                return {"value": float(given)}
            case str() if given.strip().lower() == "pending":
                return {"state": "pending"}
            case str() if found := _BELOW.fullmatch(given.strip()):
                return {"below": float(found[1])}
            case str():
                return {"outcome": given.strip()}
        return given

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Let editors know the short forms too."""
        short = {"type": ["number", "string"], "description": "a value, '< value', an outcome, or pending"}
        return {"anyOf": [short, handler.resolve_ref_schema(handler(schema))]}

    @field_validator("value", "below")
    @classmethod
    def _not_negative(cls, number: float | None) -> float | None:
        if number is not None and number < 0:
            raise ValueError("a result is not negative")
        return number

    @model_validator(mode="after")
    def _one_result(self) -> Self:
        given = [name for name in ("value", "below", "outcome") if getattr(self, name) is not None]
        if self.state == "pending" and given:
            raise ValueError("a pending result has no value yet; an early one is interim")
        if self.state != "pending" and len(given) != 1:
            raise ValueError("a result is a value, or below a value, or an outcome: one of them")
        return self

    def as_dict(self) -> dict[str, object]:
        """Return the result as plain values."""
        return {"value": self.value, "below": self.below, "outcome": self.outcome, "state": self.state}


class ExternalRule(Document):
    """A result that a protocol asks for.

    Attributes
    ----------
    name
        Its key in the lot's ``external:``.
    outcome
        The word it has to be; None for a number, which a limit judges.
    accept_interim
        Whether an interim result may stand for the final one at release.
    """

    name: str
    outcome: str | None = None
    accept_interim: bool
    source: str
