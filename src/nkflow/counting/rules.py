"""How a protocol wants counts to be judged: over-dispersion, replicates, doublets, rare populations.

The model stands here, below the protocol that holds it, so that counting knows no protocol: the rules are
handed to it as a value.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from nkflow.counting.populations import JUDGED, PURE
from nkflow.documents import Document

__all__ = [
    "BeadRule",
    "BlankLimit",
    "CountingRules",
    "DoubletRule",
    "GatingRule",
    "OverDispersion",
    "RareRule",
    "ReplicateRule",
]


class OverDispersion(Document):
    """Variance of replicate counts over the Poisson variance, declared from validation data.

    Two or three tubes can't estimate it; their homogeneity test (X²/φ0 at `test_level`) may only raise it.
    """

    source: str
    test_level: Annotated[float, Field(gt=0, lt=0.5)]
    phi0: dict[str, Annotated[float, Field(ge=1)]]

    @model_validator(mode="after")
    def _every_population_is_declared(self) -> Self:
        missing = [name for name in JUDGED if name not in self.phi0]
        if missing:
            raise ValueError(f"phi0 declares a value for every population; it lacks {', '.join(missing)}")
        return self


class ReplicateRule(Document):
    """When replicates agree, and what follows when they don't.

    `max_deviation_pct` is the largest deviation of a tube's dosed population from the mean of the tubes.
    ``another_tube``: acquire up to `most` tubes before the lot can be judged; ``inflate``: go on.
    """

    minimum: Annotated[int, Field(ge=1)]
    most: Annotated[int, Field(ge=1)]
    max_deviation_pct: Annotated[float, Field(gt=0)]
    when_exceeded: Literal["another_tube", "inflate"]


class BeadRule(Document):
    """What a bead count has to satisfy.

    `minimum_events` per pooled tubes; `recovery` is the volume that the beads imply over the volume that the
    cytometer read; `max_doublet_pct` of the bead events.
    """

    minimum_events: Annotated[int, Field(ge=1)]
    recovery: tuple[float, float]
    max_doublet_pct: Annotated[float, Field(gt=0)] = 5.0


class DoubletRule(Document):
    """What to do about the cells that sit in excluded doublets.

    ``state`` prints their share and its effect on the dose; ``correct`` multiplies every concentration by
    the factor of `nkflow.counting.doublets`; ``none`` says that the counts know nothing of doublets.
    `cells_per_event` and `u_cells_per_event` are the mean number of cells in an excluded event and its
    standard uncertainty (2 for pairs; fewer where the gate cuts off single cells).
    """

    policy: Literal["none", "state", "correct"]
    cells_per_event: Annotated[float, Field(ge=1, le=4)] = 2.0
    u_cells_per_event: Annotated[float, Field(ge=0, le=2)] | None = None
    source: str = ""

    @model_validator(mode="after")
    def _correction_states_its_uncertainty(self) -> Self:
        if self.policy == "correct" and (self.u_cells_per_event is None or not self.source):
            raise ValueError("policy correct states u_cells_per_event and its source")
        return self


class BlankLimit(Document):
    """Limit of blank: pooled events, a fraction of the parent, or the lot's own blanks.

    Attributes
    ----------
    events
        Pooled events.
    fraction, of
        Fraction of the pooled events of the population `of`, from the validation's blanks.
    marker
        FMO tubes of this marker in the lot; `fraction` stands in where the lot has none.
    """

    events: Annotated[float, Field(ge=0)] | None = None
    fraction: Annotated[float, Field(ge=0, lt=1)] | None = None
    of: str = "viable"
    marker: str | None = None
    source: str = ""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.events is not None and (self.fraction is not None or self.marker is not None):
            raise ValueError("a limit of blank is in events, or a fraction of the parent, not both")
        if self.events is None and self.fraction is None and self.marker is None:
            raise ValueError("a limit of blank has events, fraction or marker")
        return self


class RareRule(Document):
    """The rungs of the ladder for one population, in pooled events (`nkflow.counting.rare`)."""

    lob: BlankLimit
    lod_events: Annotated[float, Field(gt=0)]
    lloq_events: Annotated[float, Field(gt=0)]

    @model_validator(mode="after")
    def _rungs_rise(self) -> Self:
        if self.lod_events > self.lloq_events:
            raise ValueError("lod_events is at most lloq_events")
        return self


class GatingRule(Document):
    """Standard deviation between analysts in percentage points: of purities, and of the viability.

    A purity is the share of CD56+ cells, NK or NKT-like. Points of it say nothing about 0.5 % of T cells, nor
    about cells per kg, whose gating terms are per boundary (`nkflow.counting.inputs.Boundary`).
    """

    purity_sd_points: Annotated[float, Field(ge=0, le=20)]
    viability_sd_points: Annotated[float, Field(ge=0, le=20)]
    source: str

    def points(self, population: str) -> float:
        """Return the standard deviation of the share of `population`, in percentage points."""
        if population == "viable":
            return self.viability_sd_points
        return self.purity_sd_points if population in PURE else 0.0


class CountingRules(Document):
    """The section ``counting:`` of a protocol."""

    methods: Annotated[
        tuple[Literal["beads", "bead_tube", "volumetric", "dual_platform"], ...], Field(min_length=1)
    ]
    overdispersion: OverDispersion
    replicates: ReplicateRule
    beads: BeadRule | None = None
    excluded_doublets: DoubletRule
    rare: dict[str, RareRule]
    gating: GatingRule
    count_valid_h: dict[Literal["fresh", "thawed"], Annotated[float, Field(gt=0)]]
    cross_platform_pct: Annotated[float, Field(gt=0)] = 20.0
