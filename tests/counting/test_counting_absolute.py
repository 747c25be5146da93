"""Cells per µL by four methods, against exact fractions."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nkflow import documents
from nkflow.counting.absolute import dilution_factor, dilution_uncertainty, scale_of
from nkflow.counting.composition import Composition
from nkflow.counting.concentration import Concentration
from nkflow.counting.evaluable import NotEvaluable
from nkflow.counting.inputs import Counting, Dilution
from nkflow.counting.quantify import quantify
from nkflow.counting.tubes import TubeCounts
from nkflow.counting.volume import Acquisition
from nkflow.errors import CountingError, DocumentError
from worked.cases import changed, composition, counts, plain

DILUTION = Dilution(sample_ul=200.0, diluent_ul=600.0, u_sample=0.007, u_diluent=0.005)


def per_ul(found: Composition, population: str = "CD56+") -> float:
    amount = found.concentration(population)
    assert isinstance(amount, Concentration)
    return amount.per_ul


def inputs(**changes: Any) -> Counting:
    given_paths = {name.replace("__", "."): value for name, value in changes.items()}
    return documents.validate(changed(plain("lot")["counting"], given_paths), Counting, name="counting")


def test_beads__are_the_exact_fraction() -> None:
    df = Fraction(800, 200) * Fraction(500, 100)
    exact = Fraction(4992 + 1410, 15310) * Fraction(987 * 25, 50) * df
    assert per_ul(composition(counts())) == pytest.approx(float(exact), rel=1e-14)


def test_bead_tube__uses_the_beads_of_its_lot() -> None:
    beads = {"lot": "L", "expires_on": "2027-01-31", "per_tube": 51200.0, "u_rel": 0.02}
    found = composition(counts(), counting={"method": "bead_tube", "beads": beads, "bead_volume_ul": None})
    exact = Fraction(6402, 15310) * Fraction(51200, 50) * 20
    assert per_ul(found) == pytest.approx(float(exact), rel=1e-14)


def test_volumetric__needs_the_tube_volume_and_beads_do_not() -> None:
    tube = TubeCounts("A", counts(), Acquisition(307.5))
    found = quantify([tube], counting=inputs(method="volumetric"))
    exact = Fraction(6402) / Fraction(3075, 10) * Fraction(500, 50) * 20
    assert per_ul(found) == pytest.approx(float(exact), rel=1e-14)
    doubled = quantify([tube], counting=inputs(method="volumetric", tube_volume_ul=1000.0))
    assert per_ul(doubled) == pytest.approx(2 * per_ul(found))
    with_beads = [composition(counts(), counting={"tube_volume_ul": volume}) for volume in (500.0, 1000.0)]
    assert per_ul(with_beads[0]) == per_ul(with_beads[1])


def test_dual_platform__divides_by_live_and_dead() -> None:
    """The analyser counts dead cells too: with live cells alone it would be too high by 1/viability."""
    found = quantify(
        [TubeCounts("A", counts())], counting=inputs(method="dual_platform", sample_volume_ul=None)
    )
    live, dead = 6980, 1188
    assert per_ul(found) == pytest.approx(5250 * 6402 / (live + dead), rel=1e-14)
    assert per_ul(found) < 5250 * 6402 / live


def test_dual_platform__counting_error_is_that_of_a_share() -> None:
    found = quantify([TubeCounts("A", counts())], counting=inputs(method="dual_platform"))
    amount = found.concentration("CD56+")
    assert isinstance(amount, Concentration)
    p = 6402 / 8168
    assert amount.u_rel == pytest.approx(math.sqrt((1 - p) / 6402), rel=1e-12)


def test_pooling__is_a_ratio_of_sums() -> None:
    one, other = counts(NK=4000, beads=10000), counts(NK=9000, beads=15000)
    exact = Fraction(4000 + 9000, 25000) * Fraction(987 * 25, 50) * 20
    assert per_ul(composition(one, other), "NK") == pytest.approx(float(exact), rel=1e-14)


def test_dilution__is_a_product_of_steps_and_its_error_shrinks_with_the_sample_share() -> None:
    assert dilution_factor(()) == 1.0
    assert (
        dilution_factor((DILUTION, Dilution(sample_ul=100.0, diluent_ul=400.0, u_sample=0, u_diluent=0)))
        == 20.0
    )
    assert dilution_uncertainty(DILUTION) == pytest.approx(0.75 * math.hypot(0.007, 0.005), rel=1e-14)
    undiluted = Dilution(sample_ul=200.0, diluent_ul=0.0, u_sample=0.1, u_diluent=0.1)
    assert dilution_uncertainty(undiluted) == 0.0


def test_one_pipette__cancels_its_calibration_and_two_do_not() -> None:
    def u(bead_pipette: str, sample_pipette: str) -> float:
        pipetted = {"u_repeatability": 0.0, "u_calibration": 0.01}
        found = composition(
            counts(),
            counting={
                "bead_volume_ul": {"value": 25.0, "pipette": bead_pipette, **pipetted},
                "sample_volume_ul": {"value": 50.0, "pipette": sample_pipette, **pipetted},
            },
        )
        amount = found.concentration("CD56+")
        assert isinstance(amount, Concentration)
        return math.sqrt(sum(u * u for s, u in amount.budget.by_source().items() if s.startswith("pipette")))

    assert u("P1", "P1") == 0.0
    assert u("P1", "P2") == pytest.approx(math.hypot(0.01, 0.01))


def test_repeatability__averages_over_tubes_and_calibration_does_not() -> None:
    volume = {"value": 25.0, "u_repeatability": 0.02, "u_calibration": 0.01, "pipette": "P1"}
    found = composition(*[counts()] * 4, counting={"bead_volume_ul": volume})
    amount = found.concentration("CD56+")
    assert isinstance(amount, Concentration)
    by_kind = {term.kind: term.u for term in amount.budget.terms}
    assert by_kind["bead volume"] == pytest.approx(0.01)
    assert by_kind["pipette calibration"] == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("method", "needed"),
    [
        ("beads", "bead_volume_ul"),
        ("bead_tube", "beads"),
        ("volumetric", "tube_volume_ul"),
        ("dual_platform", "analyser"),
        ("beads", "sample_volume_ul"),
    ],
)
def test_inputs__lack_nothing_their_method_needs(method: str, needed: str) -> None:
    with pytest.raises(DocumentError, match=needed):
        inputs(method=method, **{needed: None})


def test_calibration__names_its_pipette() -> None:
    with pytest.raises(DocumentError, match="names its pipette"):
        inputs(bead_volume_ul={"value": 25.0, "u_repeatability": 0.01, "u_calibration": 0.01})


def test_no_beads__is_an_error_and_no_number() -> None:
    with pytest.raises(CountingError, match="no bead events"):
        composition(counts(beads=0))
    without = counts()
    del without["beads"]
    with pytest.raises(CountingError, match="not counted in every tube"):
        composition(without)


def test_other_methods__say_what_they_lack() -> None:
    found = scale_of("volumetric", [TubeCounts("A", counts())], counting=inputs(), measurement="m")
    assert isinstance(found, NotEvaluable)
    assert "no acquired volume" in found.reason
    assert isinstance(scale_of("by eye", [], counting=inputs(), measurement="m"), NotEvaluable)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 10_000), st.integers(100, 50_000), st.floats(1.0, 2000.0), st.floats(10.0, 100.0))
def test_concentration__is_monotone_in_every_input(
    cells: int, beads: int, per_bead: float, sample: float
) -> None:
    def c(cells: int, beads: int, per_bead: float, sample: float) -> float:
        changes = {"beads.concentration_per_ul": per_bead, "sample_volume_ul.value": sample}
        return per_ul(composition(counts(NK=cells, beads=beads), counting=changes), "NK")

    here = c(cells, beads, per_bead, sample)
    assert c(cells + 1, beads, per_bead, sample) > here
    assert c(cells, beads + 1, per_bead, sample) < here
    assert c(cells, beads, per_bead * 1.01, sample) > here
    assert c(cells, beads, per_bead, sample * 1.01) < here
