"""The section ``suitability:`` of a protocol: what has to hold before any result of a lot counts.

The models stand here, in the protocol's room; `nkflow.release.suitability` holds a lot's tubes to them. A rule that
is left out is not asked for, and the page says so.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from nkflow.documents import Document

__all__ = ["AcquisitionRule", "ControlRange", "RequiredTube", "SuitabilityRules"]

Role = Literal["fmo", "unstained", "single-stain", "bead-only", "process-control"]
CountingPrecondition = Literal["bead events", "bead recovery", "bead doublets", "replicates"]
_Percent = Annotated[float, Field(ge=0, le=100)]


class RequiredTube(Document):
    """A control tube that the lot must hold; of an FMO the marker it lacks."""

    role: Role
    marker: str | None = None


class ControlRange(Document):
    """A population of a control tube and the range its frequency must lie in.

    An FMO has few events beyond the cut of the marker it lacks, an unstained tube few stained cells, a
    process control the composition that its lot states. A share of fewer than `at_least` events of `of` says nothing.
    """

    role: Role
    marker: str | None = None
    population: str
    of: str
    low_pct: _Percent = 0.0
    high_pct: _Percent
    at_least: Annotated[int, Field(ge=1)] = 1
    source: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _range_is_open(self) -> Self:
        if self.low_pct >= self.high_pct:
            raise ValueError("low_pct is below high_pct")
        return self


class AcquisitionRule(Document):
    """What acquisition QC must say of every tube.

    ``must_be_assessable``: a run that could not be judged (no clock, a wrapped one) makes the lot INVALID; a run
    that could not be judged has not passed. `most_removed_pct` is of the run's time.
    """

    must_be_assessable: bool
    most_removed_pct: _Percent


class SuitabilityRules(Document):
    """Preconditions of a result; each that fails makes the lot INVALID with its reason.

    Attributes
    ----------
    source
        Where the rules come from.
    minimum_events
        Population -> events in every sample tube.
    required_tubes
        Controls that the lot must hold.
    ranges
        What controls must show.
    control_sheets
        Roles of control materials whose tubes must state the sheet of their lot. A sheet that is stated is always
        held to: its ranges and its last day.
    required_reagents
        Reagents that the lot must name. One that is named must always be in date.
    counting
        Which rules of the protocol's section ``counting:`` are preconditions, with the limits that stand there.
    most_cells_per_100_beads
        Of bead-only tubes: events of ``cells`` for 100 bead events (carry-over, a swapped tube).
    same_settings
        Keywords that must agree over all tubes; ``$PnV`` stands for every detector's voltage.
    same_matrix
        All tubes were compensated with one matrix.
    instrument_qc_h
        Longest time, in hours, from the cytometer's QC to a tube; the lot then states its `instrument`.
    matrix_valid_days
        Oldest matrix, by the lot's ``instrument.matrix_made_on``.
    stain_to_acquire_min
        Longest time from staining to acquisition, in minutes; sample tubes and FMOs then state `stained_at`.
    session_h
        Longest time, in hours, in which all tubes are acquired.
    identity
        Keywords of a tube must be those that the lot states as its `codes`.
    acquisition
        What QC over time must say.
    """

    source: Annotated[str, Field(min_length=1)]
    minimum_events: dict[str, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    required_tubes: tuple[RequiredTube, ...] = ()
    ranges: tuple[ControlRange, ...] = ()
    most_cells_per_100_beads: Annotated[float, Field(gt=0)] | None = None
    control_sheets: tuple[Role, ...] = ()
    required_reagents: tuple[str, ...] = ()
    counting: tuple[CountingPrecondition, ...] = ()
    same_settings: tuple[str, ...] = ()
    same_matrix: bool = False
    instrument_qc_h: Annotated[float, Field(gt=0)] | None = None
    matrix_valid_days: Annotated[int, Field(ge=0)] | None = None
    session_h: Annotated[float, Field(gt=0)] | None = None
    stain_to_acquire_min: Annotated[float, Field(gt=0)] | None = None
    identity: bool = False
    acquisition: AcquisitionRule | None = None
