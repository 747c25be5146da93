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
_Percent = Annotated[float, Field(ge=0, le=100)]


class RequiredTube(Document):
    """A control tube that the lot must hold; of an FMO the marker it lacks."""

    role: Role
    marker: str | None = None


class ControlRange(Document):
    """A population of a control tube and the range its frequency must lie in.

    An FMO has few events beyond the cut of the marker it lacks, an unstained tube few stained cells, a
    process control the composition that its lot states.
    """

    role: Role
    marker: str | None = None
    population: str
    of: str
    low_pct: _Percent = 0.0
    high_pct: _Percent
    source: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _range_is_open(self) -> Self:
        if self.low_pct >= self.high_pct:
            raise ValueError("low_pct is below high_pct")
        return self


class AcquisitionRule(Document):
    """What acquisition QC must say of every sample tube.

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
    most_cells_per_100_beads
        Of bead-only tubes: viable events for 100 bead events (carry-over, a swapped tube).
    same_settings
        Keywords that must agree over all tubes; ``$PnV`` stands for every detector's voltage.
    stain_to_acquire_min
        Longest time from staining to acquisition, in minutes; tubes then state `stained_at`.
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
    same_settings: tuple[str, ...] = ()
    stain_to_acquire_min: Annotated[float, Field(gt=0)] | None = None
    identity: bool = False
    acquisition: AcquisitionRule | None = None
