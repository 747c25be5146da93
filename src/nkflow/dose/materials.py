"""What stands on the labels and sheets of a lot: its reagents, its control material, its cytometer and matrix."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from nkflow.documents import Document

__all__ = ["ControlSheet", "Instrument", "Reagent", "SheetRange"]

_Text = Annotated[str, Field(min_length=1)]
_Percent = Annotated[float, Field(ge=0, le=100)]


class SheetRange(Document):
    """One assigned value of a control material: a frequency of `of` and the range that it must lie in."""

    population: _Text
    of: _Text
    low_pct: _Percent
    high_pct: _Percent

    @model_validator(mode="after")
    def _range_is_open(self) -> Self:
        if self.low_pct >= self.high_pct:
            raise ValueError("low_pct is below high_pct")
        return self


class ControlSheet(Document):
    """The sheet that comes with a control material, such as stabilised blood."""

    lot: _Text
    expires_on: dt.date
    ranges: Annotated[tuple[SheetRange, ...], Field(min_length=1)]


class Reagent(Document):
    """An antibody, a dye or a kit, by the name that the protocol asks for; it may be used up to `expires_on`."""

    name: _Text
    lot: _Text
    expires_on: dt.date


class Instrument(Document):
    """The cytometer on the day: what its own QC said, and when its spillover matrix was made.

    Attributes
    ----------
    serial
        As in ``$CYTSN``.
    qc, qc_at
        Outcome of the cytometer's daily QC, and when it ran.
    matrix_made_on
        Day on which the compensation controls of the matrix were acquired.
    """

    serial: _Text
    qc: Literal["passed", "failed"]
    qc_at: AwareDatetime
    matrix_made_on: dt.date | None = None
