"""How much to infuse, and what ends the dose."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nkflow.dose.plan import bag_of, volume_for
from nkflow.dose.product import Product, Vials
from worked.cases import dose, limit, lot, t_limit

PRODUCT = lot().product


def product(**changes: Any) -> Product:
    return PRODUCT.model_copy(update=changes)


def test_deliverable__is_summed_in_decimals() -> None:
    bag = bag_of(
        product(bag_volume_ml=4.3, qc_volume_ml=1.1, dead_volume_ml=1.1), per_ul=1000.0, mass_kg=10.0
    )
    assert bag.deliverable_ml == 2.1
    assert 4.3 - 1.1 - 1.1 != 2.1


def test_bag__is_exact_fractions() -> None:
    bag = bag_of(PRODUCT, per_ul=4000.0, mass_kg=18.6)
    assert bag.total_cells == pytest.approx(4000 * 46_000)
    assert bag.deliverable_cells == pytest.approx(4000 * 44_000)
    assert bag.max_dose_per_kg == pytest.approx(float(Fraction(4000 * 44_000 * 10, 186)), rel=1e-14)


def test_volume__that_only_rounds_beyond_the_bag_is_refused() -> None:
    """43.88 mL fit into 43.9 mL; the pump's 44.0 mL don't."""
    bag = bag_of(product(bag_volume_ml=45.9), per_ul=1000.0, mass_kg=10.0)
    assert bag.deliverable_ml == 43.9
    fits, over = (volume_for(4.388e6, bag=bag, product=PRODUCT, step_ml=step) for step in (0.01, 0.5))
    assert (fits.rounded_ml, fits.deliverable) == (43.88, True)
    assert (over.rounded_ml, over.deliverable) == (44.0, False)
    assert "exceeds the deliverable volume" in over.reason


def test_volume__that_fills_the_bag_exactly_is_delivered() -> None:
    bag = bag_of(PRODUCT, per_ul=1000.0, mass_kg=10.0)
    assert volume_for(4.4e6, bag=bag, product=PRODUCT, step_ml=0.1).deliverable
    assert not volume_for(4.41e6, bag=bag, product=PRODUCT, step_ml=0.1).deliverable


def test_volume__that_rounds_to_nothing_is_no_dose() -> None:
    bag = bag_of(PRODUCT, per_ul=1e6, mass_kg=10.0)
    found = volume_for(1e6, bag=bag, product=PRODUCT, step_ml=0.1)
    assert (found.rounded_ml, found.deliverable) == (0.0, False)
    assert "rounds to nothing" in found.reason


def test_vials__are_thawed_whole() -> None:
    filled = product(vials=Vials(count=10, volume_ml=4.6))
    bag = bag_of(filled, per_ul=1000.0, mass_kg=10.0)
    assert volume_for(1e6, bag=bag, product=filled, step_ml=0.1).vials == 3
    assert volume_for(0.38e6, bag=bag, product=filled, step_ml=0.1).vials == 1
    assert volume_for(1e6, bag=bag, product=PRODUCT, step_ml=0.1).vials is None


def test_undeliverable_dose__fails_with_its_maximum_and_is_no_error() -> None:
    found = dose({"recipient.mass_kg": 120.0, "dose.number": 3, "dose.skipped": skipped(1, 2)})
    assert found.verdict == "FAIL"
    assert found.volume_ml is None
    assert found.delivered_per_kg is None
    assert found.interval() is None
    assert found.per_kg == {}
    assert found.reasons == (
        f"FAIL: volume needed exceeds the deliverable volume: 143.8 mL of 44 mL; maximum dose "
        f"{found.bag.max_dose_per_kg:.4g} per kg",
    )
    document = found.as_dict()
    assert document["levels"][2]["deliverable"] is False
    assert "rounded" not in document["levels"][2]


def test_no_dosed_cell__fails_and_divides_by_nothing() -> None:
    tube = {"beads": 15000, "dead": 10, "NK": 0, "NKT-like": 0, "T": 5, "other": 95, "viable": 100}
    tubes = [{"id": name, "role": "sample", "counts": tube} for name in "AB"]
    found = dose({"tubes": tubes})
    assert found.computed_verdict == "FAIL"
    assert found.bag.max_dose_per_kg == 0.0
    assert "no dosed cell" in found.level.volume.reason
    assert found.as_dict()["volume_ml"] is None


def test_caps__name_what_ends_the_dose_first() -> None:
    limits = [t_limit(2e4, name="T"), limit("endotoxin_per_kg", unit="EU/kg", op="<=", value=5.0, decimals=1)]
    found = dose(in_protocol={"limits": limits})
    assert [cap.attribute for cap in found.caps] == ["T", "deliverable volume", "endotoxin_per_kg"]
    nearest = found.caps[0]
    per_ml = 1000 * found.bag.per_ul / 18.6
    assert nearest.max_dose_per_kg == pytest.approx(nearest.max_volume_ml * per_ml)
    assert found.caps[1].max_dose_per_kg == pytest.approx(found.bag.max_dose_per_kg)
    guarded = found.amounts["T"].upper / 4.5 * nearest.max_volume_ml
    assert guarded == pytest.approx(2e4)


def test_caps__of_the_simple_rule_reach_further() -> None:
    guarded, simple = (
        dose(in_protocol={"limits": [t_limit(2e4, rule=rule)]}).caps[0] for rule in ("guarded", "simple")
    )
    assert simple.max_volume_ml > guarded.max_volume_ml


def test_caps__know_dmso_and_the_hours_of_the_infusion() -> None:
    limits = [
        limit("dmso_per_kg", unit="g/kg", value=0.02, decimals=3),
        limit("endotoxin_per_kg_h", unit="EU/(kg h)", value=0.001, decimals=3),
    ]
    found = dose({"product.dmso_fraction": 0.1}, {"limits": limits})
    by_name = {cap.attribute: cap.max_volume_ml for cap in found.caps}
    assert by_name["dmso_per_kg"] == pytest.approx(0.02 * 18.6 / (0.1 * 1.1))
    assert by_name["endotoxin_per_kg_h"] == pytest.approx(0.001 * 18.6 * 0.5 / 0.25)


def skipped(*numbers: int) -> list[dict[str, Any]]:
    return [{"number": number, "reason": "not given in this test"} for number in numbers]


@settings(deadline=None, max_examples=100)
@given(st.floats(100.0, 5e4), st.floats(3.0, 150.0), st.floats(1e5, 2e7), st.sampled_from([0.1, 0.5, 1.0]))
def test_volume__is_never_more_than_half_a_step_off(
    per_ul: float, mass: float, wanted: float, step: float
) -> None:
    bag = bag_of(PRODUCT, per_ul=per_ul, mass_kg=mass)
    found = volume_for(wanted, bag=bag, product=PRODUCT, step_ml=step)
    assert found.nominal_ml is not None
    assert found.rounded_ml is not None
    assert abs(found.rounded_ml - found.nominal_ml) <= step / 2 * (1 + 1e-9)
    if found.deliverable:
        assert found.rounded_ml <= bag.deliverable_ml
        assert wanted <= bag.max_dose_per_kg * (1 + 1e-9) + step / 2 * 1000 * per_ul / mass
