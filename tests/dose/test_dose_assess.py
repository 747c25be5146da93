"""The step from a composition to a judged dose, and what it reports without deciding."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nkflow import documents
from nkflow.dose.assess import assess_dose
from nkflow.dose.document import dose_document
from nkflow.dose.externals import ExternalResult
from nkflow.dose.kir import kir_mismatch
from nkflow.dose.lot import Lot
from nkflow.dose.product import KirLigands
from nkflow.errors import CountingError, LotError
from worked.cases import changed, composition, counts, dose, limit, lot, plain, protocol, t_limit

TUBES = (counts(), counts(T=52), counts(T=61))


def ligands(donor: list[str], recipient: list[str]) -> KirLigands:
    return KirLigands.model_validate({"donor": tuple(donor), "recipient": tuple(recipient)})


def test_lot__brings_recipient_dose_and_results() -> None:
    whole = lot()
    found = assess_dose(composition(*TUBES), product=whole, protocol=protocol())
    apart = assess_dose(
        composition(*TUBES),
        product=whole.product,
        protocol=protocol(),
        recipient=whole.recipient,
        dose=whole.dose,
        external=whole.external,
    )
    assert found.per_kg == apart.per_kg
    assert found.verdict == apart.verdict


def test_given_values__stand_above_the_lots() -> None:
    external = {"endotoxin_eu_per_ml": ExternalResult(value=1.0)}
    found = assess_dose(composition(*TUBES), product=lot(), protocol=protocol(), external=external)
    assert found.level.rounded is not None
    assert found.level.rounded.endotoxin_eu_per_kg == pytest.approx(4.5 / 18.6, rel=0.1)


def test_product_alone__is_no_dose() -> None:
    with pytest.raises(LotError) as caught:
        assess_dose(composition(*TUBES), product=lot().product, protocol=protocol())
    assert [problem.path for problem in caught.value.problems] == ["recipient", "dose"]


def test_dose_that_the_protocol_lacks__is_refused() -> None:
    with pytest.raises(LotError, match="has no dose 7"):
        dose({"dose.number": 7})


def test_cd3dim__is_added_to_residual_t_as_its_upper_case() -> None:
    tubes = [{"id": name, "role": "sample", "counts": counts(CD3dim=40)} for name in "AB"]
    found = dose({"tubes": tubes}, {"limits": [t_limit(1.4e4, rule="simple")]})
    document = found.as_dict()["residual_t"]
    assert document["upper_case_per_kg"] == pytest.approx(found.per_kg["T"] + found.per_kg["CD3dim"])
    assert document["all_cd3_per_kg"] == found.per_kg["CD3+"]
    assert found.verdict == "PASS"
    assert "cd3dim-upper-case" in {finding.code for finding in found.findings}


def test_residual_t__is_what_the_protocol_says() -> None:
    found = dose(in_protocol={"definitions.residual_t": "CD3+", "limits": [t_limit(1e6)]})
    assert found.limits["per_kg"].value == found.per_kg["CD3+"]
    assert found.as_dict()["residual_t"]["population"] == "CD3+"


def test_dosed_population__decides_the_volume() -> None:
    nk = dose(in_protocol={"definitions.dosed_population": "NK"})
    both = dose()
    assert nk.volume_ml > both.volume_ml  # type: ignore[operator]
    assert nk.delivered_per_kg == nk.per_kg["NK"]


def test_purity_denominator__is_what_the_protocol_says() -> None:
    pure = limit("frequency", population="dosed", of="purity denominator", unit="%", op=">", value=80.0)
    values = [
        dose(in_protocol={"definitions.purity_denominator": of, "limits": [pure]}).limits["frequency"].value
        for of in ("viable", "CD45+")
    ]
    assert values == pytest.approx([91.5421686746988, 100 * 18995 / 24253])


def test_limits_of_the_product__are_judged() -> None:
    limits = [
        limit("viability", unit="%", op=">", value=70.0, rule="guarded"),
        limit("concentration", population="dosed", unit="cells/mL", op=">=", value=1e6, rule="guarded"),
        limit("recovery", unit="%", op=">=", value=70.0),
        limit("log10_depletion", unit="1", op=">=", value=3.0, decimals=1),
        limit("endotoxin", unit="EU/mL", op="<", value=5.0),
        limit("external", external="lysis_pct", unit="%", op=">", value=20.0),
        limit("dmso_per_kg", unit="g/kg", op="<=", value=1.0),
    ]
    found = dose({"external.lysis_pct": 31.0}, {"limits": limits}).limits
    verdicts = {name: judged.verdict for name, judged in found.items()}
    assert verdicts == {
        "viability": "PASS",
        "concentration": "PASS",
        "recovery": "PASS",
        "log10_depletion": "PASS",
        "endotoxin": "PASS",
        "external": "PASS",
        "dmso_per_kg": "PENDING",
    }
    assert found["log10_depletion"].reportable == "3.0"


def test_limits_of_the_product__without_their_inputs_are_not_evaluable() -> None:
    limits = [
        limit("recovery", unit="%", op=">=", value=70.0),
        limit("log10_depletion", unit="1", op=">=", value=3.0),
    ]
    gone = {"product.pre_freeze_viable_cells": None, "product.apheresis_t_cells": None}
    found = dose(gone, {"limits": limits})
    assert found.verdict == "INVALID"
    assert all(judged.note.startswith("not evaluable") for judged in found.limits.values())


def test_depletion_without_t_cells__is_at_least_its_bound() -> None:
    tubes = [{"id": name, "role": "sample", "counts": counts(T=0)} for name in "ABC"]
    found = dose({"tubes": tubes}).as_dict()["product_figures"]
    assert found["log10_depletion_at_least"] is True
    assert found["log10_depletion"] > 4
    assert found["residual_t_in_bag"] == 0.0


def test_viability_of_the_dosed__needs_its_dead() -> None:
    tubes = [{"id": name, "role": "sample", "counts": counts() | {"dead CD56+": 900}} for name in "AB"]
    found = dose({"tubes": tubes}).as_dict()["product_figures"]
    assert found["viability_of_dosed_pct"] == pytest.approx(100 * 6402 / 7302)
    assert dose().as_dict()["product_figures"]["viability_of_dosed_pct"] is None


@pytest.mark.parametrize(
    ("donor", "recipient", "graft", "host"),
    [
        (["C1", "C2", "Bw4"], ["C1"], ["C2", "Bw4"], []),
        (["C1"], ["C1", "C2"], [], ["C2"]),
        (["C1", "Bw4"], ["C2", "Bw4"], ["C1"], ["C2"]),
        (["C1"], ["C1"], [], []),
    ],
)
def test_kir_mismatch__is_what_the_donor_has_and_the_recipient_lacks(
    donor: list[str], recipient: list[str], graft: list[str], host: list[str]
) -> None:
    found = kir_mismatch(ligands(donor, recipient))
    assert found is not None
    assert (found["graft_versus_host"], found["host_versus_graft"]) == (graft, host)
    assert found["mismatched"] == bool(graft)
    assert len(found["uninhibited_receptors"]) == len(graft)


def test_kir_ligands__are_reported_and_decide_nothing() -> None:
    given = {"kir_ligands": {"donor": ["C1", "C2"], "recipient": ["C1"]}}
    found = dose(given)
    assert found.as_dict()["kir_ligands"]["uninhibited_receptors"] == ["KIR2DL1"]
    assert dose().as_dict()["kir_ligands"] is None
    assert found.verdict == dose().verdict


def test_shipped_protocol__judges_counts_with_doublets() -> None:
    tree = changed(plain("lot"), {"product.state": "fresh", "protocol": "cd56_nk_aml_phase1"})
    tree["external"] |= {"sterility": {"outcome": "negative", "state": "interim"}, "gram_stain": "negative"}
    tree["external"]["mycoplasma"] = "negative"
    for tube in tree["tubes"]:
        tube["counts"] |= {"cells": 9000, "singlets": 8600}
    document = dose_document(documents.validate(tree, Lot, name="lot"))
    assert document["verdict"] == "PASS"
    assert document["composition"]["excluded_doublets"]["applied_factor"] == pytest.approx(1 + 2 * 400 / 8600)
    assert json.loads(json.dumps(document, allow_nan=False)) == document


def test_dosed_population_not_counted__is_an_error() -> None:
    with pytest.raises(CountingError):
        dose({"tubes": [{"id": "A", "role": "sample", "counts": {"beads": 10, "viable": 0}}]})


def test_fmo_counts__are_the_blanks_of_the_ladder() -> None:
    fmo = {"id": "FMO-CD3", "role": "fmo", "marker": "CD3", "counts": counts(T=8)}
    rule = {"lob": {"marker": "CD3"}, "lod_events": 20.0, "lloq_events": 50.0}
    tubes = [*plain("lot")["tubes"], fmo]
    ladder = dose({"tubes": tubes}, {"counting.rare.T": rule}).composition.ladder("T")
    assert ladder.lob_source == "FMO-CD3: 8 of 6933 viable"  # type: ignore[union-attr]
    without = dose(in_protocol={"counting.rare.T": rule})
    assert without.composition.as_dict()["ladder"]["T"] == {"not_evaluable": LACKS}


LACKS = "the lot has no FMO tube of CD3, and the protocol no fraction"


def _amount(changes: dict[str, Any], population: str = "T") -> float:
    return dose(changes).per_kg[population]


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 400), st.floats(0.5, 0.99), st.floats(1.01, 1.5))
def test_dose__is_monotone_in_its_inputs(t_cells: int, less: float, more: float) -> None:
    """More T cells, fewer beads, a lighter recipient with the same volume: never less T per kg."""

    def tubes(t: int, beads: int) -> dict[str, Any]:
        given = [{"id": name, "role": "sample", "counts": counts(T=t, beads=beads)} for name in "ABC"]
        return {"tubes": given}

    base = dose(tubes(t_cells, 15310))
    assert dose(tubes(t_cells + 1, 15310)).per_kg["T"] > base.per_kg["T"]
    fewer = dose(tubes(t_cells, round(15310 * less)))
    assert fewer.composition.concentration("T").per_ml >= base.composition.concentration("T").per_ml  # type: ignore[union-attr]
    heavier = dose(tubes(t_cells, 15310) | {"recipient.mass_kg": 18.6 * more})
    assert heavier.level.volume.nominal_ml > base.level.volume.nominal_ml  # type: ignore[operator]
    assert heavier.bag.max_dose_per_kg < base.bag.max_dose_per_kg
