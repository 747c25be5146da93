"""What a lot says about how its cells were counted: beads, pipettes, dilutions, instruments.

Every uncertainty is a relative standard uncertainty (k = 1). Repeatability averages over the tubes,
calibration does not: two volumes drawn with one pipette share its calibration error, which then cancels in
their ratio. Hence every calibrated volume names its pipette.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from nkflow.documents import Document

__all__ = ["Analyser", "BeadLot", "Boundary", "Counting", "Dilution", "Pipetted", "RelativeUncertainty"]

RelativeUncertainty = Annotated[float, Field(ge=0, le=0.5)]
_MicroLitres = Annotated[float, Field(gt=0, le=100_000)]


class Pipetted(Document):
    """A volume drawn with a pipette for each tube anew.

    Attributes
    ----------
    value
        Volume in µL.
    u_repeatability
        Scatter of one draw; averages over the tubes.
    u_calibration
        Error that all draws of this pipette share.
    pipette
        Identity of the pipette; required where `u_calibration` is not 0.
    """

    value: _MicroLitres
    u_repeatability: RelativeUncertainty
    u_calibration: RelativeUncertainty = 0.0
    pipette: str | None = None

    @model_validator(mode="after")
    def _calibration_has_a_pipette(self) -> Self:
        if self.u_calibration and self.pipette is None:
            raise ValueError(
                "a volume with u_calibration names its pipette, since one pipette shares its error"
            )
        return self


class Dilution(Document):
    """One step: `sample_ul` of the more concentrated suspension made up with `diluent_ul`.

    `between_preparations` says whether the error of this step is the same in independent preparations of
    later doses: ``shared`` (their errors add up, the cautious reading) or ``independent``.
    """

    sample_ul: _MicroLitres
    diluent_ul: Annotated[float, Field(ge=0, le=1_000_000)]
    u_sample: RelativeUncertainty
    u_diluent: RelativeUncertainty
    between_preparations: Literal["shared", "independent"] = "shared"


class BeadLot(Document):
    """A lot of counting beads: suspension (`concentration_per_ul`) or dried in a tube (`per_tube`).

    Attributes
    ----------
    lot, expires_on
        Identity, and the last day on which it may be used.
    concentration_per_ul, per_tube
        Beads per µL of suspension, or beads in one tube: one of the two.
    u_rel
        Relative standard uncertainty of the lot's assigned value.
    """

    lot: str
    expires_on: dt.date
    concentration_per_ul: Annotated[float, Field(gt=0)] | None = None
    per_tube: Annotated[float, Field(gt=0)] | None = None
    u_rel: RelativeUncertainty

    @model_validator(mode="after")
    def _one_amount(self) -> Self:
        if (self.concentration_per_ul is None) == (self.per_tube is None):
            raise ValueError("a bead lot has concentration_per_ul or per_tube, and only one of them")
        return self


class Analyser(Document):
    """White cells (live and dead) per µL of *undiluted* product, from a haematology analyser."""

    wbc_per_ul: Annotated[float, Field(gt=0)]
    u_rel: RelativeUncertainty = 0.0


class Boundary(Document):
    """A gate's boundary whose place is uncertain, and what moves over it when it moves.

    Attributes
    ----------
    name
        Which boundary, ``"CD3"``.
    u
        Standard uncertainty of its place, in `unit`.
    unit
        Of the place: display units, decades...
    events_per_unit
        Change of the pooled events of each population for one unit that the boundary rises, with its sign:
        what NK gains NKT-like loses. Unions (``CD56+``, ``CD3+``) follow from their parts.
    """

    name: str
    u: Annotated[float, Field(ge=0)]
    unit: str
    events_per_unit: dict[str, float]


class Counting(Document):
    """The section ``counting:`` of a lot.

    Attributes
    ----------
    method
        ``beads`` (suspension), ``bead_tube`` (dried beads), ``volumetric`` or ``dual_platform``.
    sample_volume_ul
        The *diluted* product in each tube; the dual platform alone does without.
    tube_volume_ul, u_tube_volume
        Final volume of a tube: sample, antibodies, lysing solution, beads.
    vol_unit
        Unit of the files' ``$VOL``. nL by the standard, µL on some instruments: stated, never guessed.
    u_acquired_volume
        Of the cytometer's volume reading.
    """

    method: Literal["beads", "bead_tube", "volumetric", "dual_platform"]
    beads: BeadLot | None = None
    bead_volume_ul: Pipetted | None = None
    sample_volume_ul: Pipetted | None = None
    tube_volume_ul: _MicroLitres | None = None
    u_tube_volume: RelativeUncertainty = 0.0
    vol_unit: Literal["nL", "uL", "mL"] | None = None
    u_acquired_volume: RelativeUncertainty = 0.0
    dilutions: tuple[Dilution, ...] = ()
    analyser: Analyser | None = None
    boundaries: tuple[Boundary, ...] = ()

    @model_validator(mode="after")
    def _method_has_its_inputs(self) -> Self:
        needs = {
            "beads": ("beads", "bead_volume_ul", "sample_volume_ul"),
            "bead_tube": ("beads", "sample_volume_ul"),
            "volumetric": ("tube_volume_ul", "sample_volume_ul"),
            "dual_platform": ("analyser",),
        }[self.method]
        missing = [name for name in needs if getattr(self, name) is None]
        if missing:
            raise ValueError(f"counting by {self.method} needs {' and '.join(missing)}")
        wanted = {"beads": "concentration_per_ul", "bead_tube": "per_tube"}.get(self.method)
        if wanted and self.beads is not None and getattr(self.beads, wanted) is None:
            raise ValueError(f"counting by {self.method} needs beads.{wanted}")
        return self
