"""The sections of a lot that say what is in the bag, for whom, and which dose it is."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from nkflow.documents import Document

__all__ = ["DoseOrder", "EarlierDose", "KirLigands", "Ligand", "Product", "Recipient", "SkippedDose", "Vials"]

Ligand = Literal["C1", "C2", "Bw4"]
_Volume = Annotated[float, Field(gt=0, le=10_000)]
_Loss = Annotated[float, Field(ge=0, le=1_000)]


class Vials(Document):
    """A product filled into vials; only whole vials are thawed."""

    count: Annotated[int, Field(ge=1, le=10_000)]
    volume_ml: _Volume


class Product(Document):
    """The section ``product:`` of a lot; volumes in mL.

    Attributes
    ----------
    donor
        Code of the donor.
    state
        ``fresh``, or ``thawed``: counted after thawing (a count before freezing is not of what is infused).
    bag_volume_ml, qc_volume_ml, dead_volume_ml
        In the bag (or in all vials) when it was counted; taken for tests; left behind in bag and line.
    counted_at, expires_at
        When the counted sample was drawn, and when the product expires.
    pre_freeze_viable_cells, apheresis_t_cells
        Viable dosed cells before freezing, and T cells in the starting material, for recovery and depletion.
    dmso_fraction
        Volume fraction of DMSO in the product.
    """

    donor: str
    state: Literal["fresh", "thawed"]
    bag_volume_ml: _Volume
    qc_volume_ml: _Loss
    dead_volume_ml: _Loss
    counted_at: AwareDatetime
    expires_at: AwareDatetime
    vials: Vials | None = None
    pre_freeze_viable_cells: Annotated[float, Field(gt=0)] | None = None
    apheresis_t_cells: Annotated[float, Field(gt=0)] | None = None
    dmso_fraction: Annotated[float, Field(ge=0, le=0.2)] | None = None

    @model_validator(mode="after")
    def _something_is_left(self) -> Self:
        if self.qc_volume_ml + self.dead_volume_ml >= self.bag_volume_ml:
            raise ValueError("the bag holds more than its QC and dead volumes")
        return self

    @model_validator(mode="after")
    def _vials_hold_the_product(self) -> Self:
        if self.vials is None:
            return self
        held = self.vials.count * self.vials.volume_ml
        if abs(held - self.bag_volume_ml) > 0.01 * self.bag_volume_ml:
            text = f"{self.vials.count} vials of {self.vials.volume_ml:g} mL hold {held:g} mL"
            raise ValueError(f"{text}, and bag_volume_ml is {self.bag_volume_ml:g}: it is that of all vials")
        return self


class Recipient(Document):
    """The section ``recipient:`` of a lot.

    A mass is in kg. No range can tell a child's 41 lb from an adult's 41 kg; a second, earlier mass can
    (`previous_mass_kg`), and the protocol's range is narrower than this model's.
    """

    patient: str
    mass_kg: Annotated[float, Field(ge=1, le=300)]
    mass_basis: Literal["actual", "ideal", "adjusted"]
    mass_measured_on: dt.date
    previous_mass_kg: Annotated[float, Field(ge=1, le=300)] | None = None


class EarlierDose(Document):
    """A dose already given: the hash of its record, and the volume that was *infused*."""

    number: Annotated[int, Field(ge=1)]
    record: Path
    record_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    volume_infused_ml: _Volume
    infused_at: AwareDatetime


class SkippedDose(Document):
    """A dose of the schedule that was not given, and why."""

    number: Annotated[int, Field(ge=1)]
    reason: Annotated[str, Field(min_length=3)]


class DoseOrder(Document):
    """The section ``dose:`` of a lot: which dose of the protocol, when, and what was given before.

    `infusion_h` is the planned duration, needed for limits per kg *and hour*.
    """

    number: Annotated[int, Field(ge=1)]
    infusion_at: AwareDatetime
    infusion_h: Annotated[float, Field(gt=0, le=48)] | None = None
    earlier: tuple[EarlierDose, ...] = ()
    skipped: tuple[SkippedDose, ...] = ()

    @model_validator(mode="after")
    def _numbers_are_earlier_and_single(self) -> Self:
        numbers = [given.number for given in self.earlier] + [missed.number for missed in self.skipped]
        if any(number >= self.number for number in numbers):
            raise ValueError(f"earlier and skipped doses have numbers below {self.number}")
        if len(set(numbers)) != len(numbers):
            raise ValueError("a dose was given once or skipped, not both")
        return self


class KirLigands(Document):
    """HLA class I groups that are ligands of inhibitory KIR, for donor and recipient."""

    donor: tuple[Ligand, ...]
    recipient: tuple[Ligand, ...]
