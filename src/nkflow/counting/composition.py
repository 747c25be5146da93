"""What the tubes hold: pooled counts, frequencies, concentrations, and how well the replicates agree."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from nkflow.counting.absolute import Scale
from nkflow.counting.budget import Budget
from nkflow.counting.concentration import Concentration, cells_term
from nkflow.counting.conjugates import conjugates_term
from nkflow.counting.doublets import Doublets, excluded_doublets
from nkflow.counting.evaluable import NotEvaluable
from nkflow.counting.frequency import Frequency, frequency
from nkflow.counting.gates import gate_points, gate_terms
from nkflow.counting.inputs import Counting
from nkflow.counting.populations import ABSOLUTE, REPORTED
from nkflow.counting.rare import Ladder, ladder
from nkflow.counting.ratio import Ratio, ratio
from nkflow.counting.report import composition_dict
from nkflow.counting.rules import CountingRules
from nkflow.counting.tubes import TubeCounts

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Composition"]


@dataclass(frozen=True, eq=False)
class Composition:
    """Counts of replicate tubes and all that follows from them.

    Without `rules` (a protocol's) counts are taken as Poisson, nothing is corrected and nothing is judged;
    `under` gives the same tubes judged by rules.

    Attributes
    ----------
    tubes, pooled
        Counts of each sample tube, and their sums.
    counting, scale
        What the lot says about volumes and beads, and what one event stands for by it.
    rules
        The protocol's counting rules, or None.
    blanks
        Pooled counts of FMO tubes by marker.
    measurement
        Identity of these counts: two compositions with the same one are one measurement.
    """

    tubes: tuple[TubeCounts, ...]
    pooled: Mapping[str, int]
    counting: Counting
    scale: Scale
    rules: CountingRules | None
    blanks: Mapping[str, Mapping[str, int]]
    measurement: str

    @cached_property
    def doublets(self) -> Doublets | NotEvaluable:
        """Cells in excluded doublets, as the rules want them treated."""
        if self.rules is None:
            return NotEvaluable("no protocol says what to do about doublets")
        found = excluded_doublets(
            self.pooled, rule=self.rules.excluded_doublets, measurement=self.measurement
        )
        if isinstance(found, NotEvaluable) or self.scale.method != "dual_platform":
            return found
        return found.cancelled()

    def doublet_factor(self, method: str) -> float:
        """Return by what a concentration by `method` is corrected for excluded doublets.

        The dual platform needs none: its cells and their denominator lose the same cells to the singlet gate,
        and the analyser counts them all.
        """
        if self.rules is None or method == "dual_platform":
            return 1.0
        rule = self.rules.excluded_doublets
        found = excluded_doublets(self.pooled, rule=rule, measurement=self.measurement)
        return 1.0 if isinstance(found, NotEvaluable) else found.applied

    def counts_of(self, population: str) -> list[int]:
        """Return the events of `population` in each tube."""
        return [tube.counts[population] for tube in self.tubes]

    def phi0(self, population: str) -> float:
        """Return the declared over-dispersion; what isn't declared is taken from its nearest kin."""
        if self.rules is None:
            return 1.0
        declared = self.rules.overdispersion.phi0
        kin = {"CD3dim": "T", "dead": "viable", "other": "viable"}.get(population, population)
        return declared.get(population, declared.get(kin, 1.0))

    def frequency(self, population: str, of: str) -> Frequency | NotEvaluable:
        """Return the share of `population` in `of`, pooled over tubes."""
        for name in (population, of):
            if name not in self.pooled:
                return NotEvaluable(f"{name} was not counted in every tube")
        if self.pooled[of] == 0:
            return NotEvaluable(f"{of} has no events")
        points = gate_points((population, of), self.pooled, boundaries=self.counting.boundaries)
        if self.rules is not None:
            points = max(points, self.rules.gating.points(population))
        return frequency(
            (population, of),
            x=self.counts_of(population),
            n=self.counts_of(of),
            phi0=self.phi0(population),
            test_level=self._test_level,
            u_gate=points,
        )

    def concentration(self, population: str) -> Concentration | NotEvaluable:
        """Return cells of `population` per µL of product, from the pooled counts."""
        if population not in self._concentrations:
            self._concentrations[population] = self._concentration(population)
        return self._concentrations[population]

    @cached_property
    def _concentrations(self) -> dict[str, Concentration | NotEvaluable]:
        """Those asked for so far: every volume and every limit asks for the same ones."""
        return {}

    def _concentration(self, population: str) -> Concentration | NotEvaluable:
        if population not in self.pooled:
            return NotEvaluable(f"{population} was not counted in every tube")
        doublets = self.doublets
        applied, extra = (
            (1.0, ()) if isinstance(doublets, NotEvaluable) else (doublets.applied, doublets.terms)
        )
        events, phi = self.pooled[population], self._phi(population)
        gates = gate_terms(population, events, boundaries=self.counting.boundaries)
        hidden = conjugates_term(population, self.pooled, phi=phi, measurement=self.measurement)
        return Concentration(
            population,
            events,
            self.scale.per_event * applied,
            phi,
            cells_term(population, events, phi=phi, measurement=self.measurement, share=self._share(events)),
            Budget((*self.scale.terms, *extra, *gates, *hidden)),
            tuple(applied * value for value in self.scale.by_tube(self.counts_of(population))),
            self.pooled.get("beads") if self.scale.method in ("beads", "bead_tube") else None,
        )

    def ratio(self, population: str, to: str) -> Ratio | NotEvaluable:
        """Return cells of `population` for each cell of `to`; the two share no cell."""
        one, other = self.concentration(population), self.concentration(to)
        if isinstance(one, NotEvaluable):
            return one
        return other if isinstance(other, NotEvaluable) else ratio(one, other)

    def ladder(self, population: str) -> Ladder | NotEvaluable:
        """Return where the count of a rare population stands."""
        if self.rules is None or population not in self.rules.rare:
            return NotEvaluable(
                f"no protocol states limits of blank, detection or quantification of {population}"
            )
        if population not in self.pooled:
            return NotEvaluable(f"{population} was not counted in every tube")
        return ladder(population, rule=self.rules.rare[population], pooled=self.pooled, blanks=self.blanks)

    def max_deviation_pct(self, population: str) -> float:
        """Return the largest deviation of a tube's concentration from the mean of the tubes, in % of it."""
        values = self.scale.by_tube(self.counts_of(population))
        mean = math.fsum(values) / len(values)
        return max(abs(value - mean) for value in values) / mean * 100 if mean > 0 else 0.0

    @property
    def populations(self) -> tuple[str, ...]:
        """Populations with a concentration."""
        return tuple(name for name in ABSOLUTE if name in self.pooled)

    @property
    def _test_level(self) -> float:
        return 0.05 if self.rules is None else self.rules.overdispersion.test_level

    def _share(self, events: int) -> float:
        """Return the share of `events` in the scale's denominator, where that counts cells."""
        return events / self.scale.denominator if self.scale.method == "dual_platform" else 0.0

    def _phi(self, population: str) -> float:
        """Return the over-dispersion of a population's count: that of its share in its parent."""
        of = "CD45+" if population in ("viable", "dead") else "viable"
        share = self.frequency(population, of)
        return self.phi0(population) if isinstance(share, NotEvaluable) else share.homogeneity.phi

    def table(self) -> pd.DataFrame:
        """Return one row per population: events, share of its reference, cells per µL, their intervals."""
        import pandas as pd

        return pd.DataFrame(
            [self._row(population, of) for population, of in REPORTED if population in self.pooled]
        )

    def _row(self, population: str, of: str) -> dict[str, object]:
        share, amount = self.frequency(population, of), self.concentration(population)
        row: dict[str, object] = {"population": population, "count": self.pooled[population], "of": of}
        if isinstance(share, Frequency):
            row |= {"percent": share.percent, "low": share.interval.low, "high": share.interval.high}
        if isinstance(amount, Concentration):
            row |= {"per_ul": amount.per_ul, "u_rel": amount.u_rel}
            row |= {"per_ul_low": amount.interval.low, "per_ul_high": amount.interval.high}
        return row

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain JSON values."""
        return composition_dict(self)
