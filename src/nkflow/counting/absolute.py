"""From counted events to cells per µL of undiluted product: four ways, one shape.

Every method is ``C = factor · N / denominator`` with N pooled events of a population (ratio of sums):

=============  ======================================  =============================
method         factor                                  denominator
=============  ======================================  =============================
beads          c_bead·V_bead / V_sample · DF           pooled bead events
bead_tube      B_tube / V_sample · DF                  pooled bead events
volumetric     V_tube / V_sample · DF                  acquired volume of all tubes
dual_platform  WBC                                     pooled CD45+ events, live and dead
=============  ======================================  =============================

``DF`` is the product of (V1+V2)/V1 over the dilution steps. The analyser counts dead white cells too, so the
live ones alone as denominator would overstate by 1/viability.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from nkflow.counting.budget import Term
from nkflow.counting.evaluable import NotEvaluable
from nkflow.counting.inputs import Counting, Dilution, Pipetted
from nkflow.counting.tubes import TubeCounts

__all__ = ["Scale", "dilution_factor", "dilution_uncertainty", "scale_of"]


@dataclass(frozen=True)
class Scale:
    """What one event stands for, by one method.

    Attributes
    ----------
    method
        See the table of the module.
    factor
        Cells per µL of product at a ratio N/denominator of 1.
    denominators
        Of each tube, in the order of the tubes.
    terms
        Every source of error but the counting of the cells and the excluded doublets.
    formula
        As a person would write it, with its numbers.
    """

    method: str
    factor: float
    denominators: tuple[float, ...]
    terms: tuple[Term, ...]
    formula: str

    @property
    def denominator(self) -> float:
        """Sum over tubes."""
        return math.fsum(self.denominators)

    @property
    def per_event(self) -> float:
        """Cells per µL that one pooled event stands for."""
        return self.factor / self.denominator

    def per_ul(self, events: float) -> float:
        """Return cells per µL of `events` pooled events."""
        return self.factor * events / self.denominator

    def by_tube(self, events: Sequence[int]) -> tuple[float, ...]:
        """Return cells per µL from each tube alone."""
        pairs = zip(events, self.denominators, strict=True)
        return tuple(self.factor * count / denominator for count, denominator in pairs)


def dilution_factor(dilutions: Sequence[Dilution]) -> float:
    """Return the product of (V1+V2)/V1; 1 for undiluted product."""
    return math.prod((step.sample_ul + step.diluent_ul) / step.sample_ul for step in dilutions)


def dilution_uncertainty(step: Dilution) -> float:
    """Return u of ln((V1+V2)/V1): ``V2/(V1+V2)·sqrt(u1² + u2²)`` (JCGM 100, 5.1.2)."""
    share = step.diluent_ul / (step.sample_ul + step.diluent_ul)
    return share * math.hypot(step.u_sample, step.u_diluent)


def scale_of(
    method: str, tubes: Sequence[TubeCounts], *, counting: Counting, measurement: str
) -> Scale | NotEvaluable:
    """Return what one event stands for by `method`, or why that can't be said."""
    match method:
        case "beads" | "bead_tube":
            return _by_beads(method, tubes, counting=counting, measurement=measurement)
        case "volumetric":
            return _by_volume(tubes, counting, measurement=measurement)
        case "dual_platform":
            return _by_analyser(tubes, counting)
    return NotEvaluable(f"there is no counting method {method}")


def _by_beads(
    method: str, tubes: Sequence[TubeCounts], *, counting: Counting, measurement: str
) -> Scale | NotEvaluable:
    beads, sample = counting.beads, counting.sample_volume_ul
    if sample is None:
        return NotEvaluable("the volume of product in a tube is not given")
    if beads is None or any("beads" not in tube.counts for tube in tubes):
        return NotEvaluable("beads were not counted in every tube")
    empty = [tube.tube for tube in tubes if tube.counts["beads"] == 0]
    if empty:
        return NotEvaluable(f"no bead events in tube {', '.join(empty)}")
    df, counted = dilution_factor(counting.dilutions), sum(tube.counts["beads"] for tube in tubes)
    terms = [
        Term(f"counting beads @{measurement}", "beads", 1 / math.sqrt(counted), False),
        Term(f"bead lot {beads.lot}", "bead lot", beads.u_rel, True),
        *_pipetting("sample volume", sample, tubes=len(tubes), measurement=measurement),
    ]
    if method == "beads":
        added = beads_added(counting)
        if added is None or counting.bead_volume_ul is None:
            return NotEvaluable("the bead suspension has no concentration or no volume")
        terms += _pipetting("bead volume", counting.bead_volume_ul, tubes=len(tubes), measurement=measurement)
    else:
        added = beads.per_tube
        if added is None:
            return NotEvaluable("the bead tubes have no stated number of beads")
    formula = f"N / {counted} beads x {added:.6g} beads per tube / {sample.value:g} uL x DF {df:.6g}"
    per_tube = tuple(float(tube.counts["beads"]) for tube in tubes)
    terms += _diluting(counting.dilutions, measurement)
    return Scale(method, added / sample.value * df, per_tube, tuple(terms), formula)


def _by_volume(tubes: Sequence[TubeCounts], counting: Counting, *, measurement: str) -> Scale | NotEvaluable:
    sample = counting.sample_volume_ul
    if counting.tube_volume_ul is None or sample is None:
        return NotEvaluable("the final volume of a tube, or the product in it, is not given")
    volumes: list[float] = []
    for tube in tubes:
        volume = tube.acquisition.evaluated()
        if isinstance(volume, NotEvaluable):
            return NotEvaluable(f"tube {tube.tube}: {volume.reason}")
        volumes.append(volume)
    df = dilution_factor(counting.dilutions)
    terms = [
        Term("cytometer volume", "acquired volume", -counting.u_acquired_volume, True),
        Term("tube volume", "tube volume", counting.u_tube_volume, True),
        *_pipetting("sample volume", sample, tubes=len(tubes), measurement=measurement),
        *_diluting(counting.dilutions, measurement),
    ]
    total = math.fsum(volumes)
    formula = (
        f"N / {total:.6g} uL acquired x {counting.tube_volume_ul:g} uL / {sample.value:g} uL x DF {df:.6g}"
    )
    factor = counting.tube_volume_ul / sample.value * df
    return Scale("volumetric", factor, tuple(volumes), tuple(terms), formula)


def _by_analyser(tubes: Sequence[TubeCounts], counting: Counting) -> Scale | NotEvaluable:
    analyser = counting.analyser
    if analyser is None:
        return NotEvaluable("no analyser's white cell count is given")
    if any(tube.counts.get("CD45+", 0) == 0 for tube in tubes):
        return NotEvaluable("live and dead CD45+ cells were not counted in every tube")
    counted = tuple(float(tube.counts["CD45+"]) for tube in tubes)
    formula = f"N / {math.fsum(counted):.0f} live and dead CD45+ x {analyser.wbc_per_ul:g} per uL"
    terms = (Term("analyser", "analyser", analyser.u_rel, True),)
    return Scale("dual_platform", analyser.wbc_per_ul, counted, terms, formula)


def beads_added(counting: Counting) -> float | None:
    """Return the beads put into one tube, or None where that isn't known."""
    beads = counting.beads
    if beads is None:
        return None
    if beads.per_tube is not None:
        return beads.per_tube
    if beads.concentration_per_ul is None or counting.bead_volume_ul is None:
        return None
    return beads.concentration_per_ul * counting.bead_volume_ul.value


_Pipettings = Literal["bead volume", "sample volume"]
_SIGN: Mapping[_Pipettings, int] = {"bead volume": 1, "sample volume": -1}


def _pipetting(kind: _Pipettings, volume: Pipetted, *, tubes: int, measurement: str) -> list[Term]:
    """Return repeatability, which averages over tubes, and calibration, which stays with the pipette."""
    sign = _SIGN[kind]
    repeat = sign * volume.u_repeatability / math.sqrt(tubes)
    terms = [Term(f"{kind} @{measurement}", kind, repeat, False)]
    if volume.u_calibration:
        steady = sign * volume.u_calibration
        terms.append(Term(f"pipette {volume.pipette}", "pipette calibration", steady, True))
    return terms


def _diluting(dilutions: Sequence[Dilution], measurement: str) -> list[Term]:
    """Return one term for each dilution step."""
    terms: list[Term] = []
    for number, step in enumerate(dilutions, start=1):
        shared = step.between_preparations == "shared"
        source = f"dilution step {number}" + ("" if shared else f" @{measurement}")
        terms.append(Term(source, "dilution", dilution_uncertainty(step), shared))
    return terms
