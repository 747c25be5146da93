"""The worked example's figures that must stand even where the example's own file is not at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nkflow.dose.document import dose_document, dose_of_counts
from nkflow.dose.lot import load_lot
from nkflow.dose.result import Dose

LOT = Path(__file__).parent / "worked_example" / "lot.yaml"

NUMBERS: tuple[tuple[str, float], ...] = (
    ("composition/pooled/CD56+", 18995),
    ("composition/counting/dilution_factor", 20.0),
    ("composition/counting/u_dilution", 0.010793748190503613),
    ("composition/frequencies/viable of CD45+/percent", 85.55642600915351),
    ("composition/frequencies/viable of CD45+/wilson/low", 85.1083801263392),
    ("composition/frequencies/viable of CD45+/clopper_pearson/high", 85.99662238958537),
    ("composition/frequencies/T of viable/homogeneity/x2", 8.314493092335438),
    ("composition/frequencies/T of viable/homogeneity/p", 0.01565059182890239),
    ("composition/frequencies/T of viable/homogeneity/phi", 4.157246546167719),
    ("composition/frequencies/T of viable/inflated/high", 1.2147430274079163),
    ("composition/frequencies/T of viable/u_counting", 0.13447103811636074),
    ("composition/frequencies/B of viable/upper", 0.01443622184613691),
    ("composition/concentrations/CD56+/per_ul", 4173.191986644408),
    ("composition/concentrations/CD56+/u_rel", 0.029962361179198257),
    ("composition/concentrations/CD56+/counting_only/low", 4102.785826564227),
    ("composition/concentrations/T/per_ul", 41.52320534223706),
    ("composition/concentrations/T/u_rel", 0.15113275993711922),
    ("composition/concentrations/T/lognormal/high", 55.838701385664095),
    ("composition/replicates/CD56+/max_deviation_pct", 1.1155294174057138),
    ("composition/replicates/CD56+/ratio_to_beads/p", 0.6412719469566237),
    ("composition/cross_checks/dual_platform/per_ul/CD56+", 4111.810909990517),
    ("composition/cross_checks/volumetric/by_tube/CD56+/1", 4150.830564784053),
    ("composition/bead_recovery/recovery/0", 1.0088879004291562),
    ("bag/total_cells", 191966831.38564274),
    ("bag/deliverable_ml", 44.0),
    ("bag/max_dose_per_kg", 9872067.065180318),
    ("levels/0/volume_ml/nominal", 4.457019964460332),
    ("levels/0/volume_ml/rounded", 4.5),
    ("levels/0/delivered_per_kg", 1009643.2225752599),
    ("levels/0/delivered_interval/low", 952059.13899175),
    ("levels/0/window/p_within", 0.9978240866266236),
    ("levels/0/nominal/per_kg/T/value", 9949.986838641747),
    ("levels/0/rounded/per_kg/T/value", 10045.936776347677),
    ("levels/0/rounded/per_kg/T/upper", 12881.07938343029),
    ("levels/0/rounded/per_kg/B/poisson_upper", 159.23247099993472),
    ("levels/0/rounded/per_kg/T/lloq", 2657.6552318380095),
    ("levels/0/nominal/limits/T/kg < 10000/p_conform", 0.5132325759041662),
    ("levels/1/rounded/limits/T/kg < 25000/p_conform", 0.11751576981921613),
    ("levels/2/rounded/endotoxin_eu_per_kg", 0.29973118279569894),
    ("levels/2/cumulative/rounded/per_kg/T/value", 89743.7018687059),
    ("levels/2/cumulative/remaining_ml", 3.8),
    ("levels/2/cumulative/nominal/per_kg/T/u_rel_independent_preparations", 0.10144317386434329),
    ("levels/2/cumulative/rounded/limits/all doses, T/kg < 100000/p_conform", 0.763006938568291),
    ("levels/3/volume_ml/rounded", 44.6),
    ("limits/NK of viable >= 70/p_conform_counting", 0.9999886698331696),
    ("limits/NK of viable >= 70/p_conform", 0.8582173775495983),
    ("limits/CD56+ of viable >= 88/u", 1.2154477229876244),
    ("product_figures/recovery_pct", 83.10252440936915),
    ("product_figures/log10_depletion", 2.988464241474473),
)

WORDS: tuple[tuple[str, str], ...] = (
    ("verdict", "FAIL"),
    ("composition/ladder/T/rung", "quantified"),
    ("composition/ladder/B/rung", "not detected"),
    ("composition/ladder/monocytes/rung", "detected, < LLOQ"),
    ("levels/0/nominal/limits/T/kg < 10000/simple", "PASS"),
    ("levels/0/nominal/limits/T/kg < 10000/guarded", "INCONCLUSIVE"),
    ("levels/0/rounded/limits/T/kg < 10000/simple", "FAIL"),
    ("levels/0/rounded/limits/T/kg < 10000/guarded", "INCONCLUSIVE"),
    ("levels/2/rounded/limits/T/kg < 50000/verdict", "PASS"),
    ("levels/2/rounded/limits/T/kg < 50000/assurance", "INCONCLUSIVE"),
    ("levels/0/rounded/limits/B/kg < 10000/guarded", "PASS"),
    ("levels/3/verdict", "FAIL"),
    ("limits/NK of viable >= 70/simple", "PASS"),
    ("limits/NK of viable >= 70/guarded", "INCONCLUSIVE"),
    ("limits/CD56+ of viable >= 88/guarded", "PASS"),
)


@pytest.fixture(scope="module")
def dose() -> Dose:
    return dose_of_counts(load_lot(LOT))


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return dose_document(load_lot(LOT))


def at(document: dict[str, Any], path: str) -> Any:
    node: Any = document
    steps = path.replace("/kg", "§kg").split("/")
    for step in (step.replace("§kg", "/kg") for step in steps):
        node = node[int(step)] if isinstance(node, list) else node[step]
    return node


@pytest.mark.parametrize(("path", "number"), NUMBERS, ids=[path for path, _ in NUMBERS])
def test_number__agrees_to_a_billionth(document: dict[str, Any], path: str, number: float) -> None:
    assert at(document, path) == pytest.approx(number, rel=1e-9, abs=0)


@pytest.mark.parametrize(("path", "word"), WORDS, ids=[path for path, _ in WORDS])
def test_word__is_the_examples(document: dict[str, Any], path: str, word: str) -> None:
    assert at(document, path) == word


def test_rounding__changes_a_verdict_and_says_so(dose: Dose) -> None:
    found = [finding.message for finding in dose.findings if finding.code == "volume-rounding-decides"]
    assert any(
        "T/kg < 10000 (simple rule): PASS at the nominal volume, FAIL at the rounded one" in text
        for text in found
    )


def test_report__says_what_few_events_allow(dose: Dose) -> None:
    assert dose.amounts["B"].text == "not detected (< 159.2 with 95 % confidence)"
    assert dose.amounts["monocytes"].text == "< LLOQ (2658)"
    assert dose.amounts["T"].text == "1.005e+04"


def test_dose__answers_at_a_glance(dose: Dose) -> None:
    assert (dose.verdict, dose.computed_verdict, dose.assurance) == ("FAIL", "FAIL", "FAIL")
    assert dose.volume_ml == 4.5
    assert dose.delivered_per_kg == dose.per_kg["CD56+"]
    assert dose.interval() == dose.interval("CD56+")
    assert dose.interval("residual T") == dose.amounts["T"].interval
    assert dose.budget[0]["source"] == "bead lot B-1"
    assert dose.budget_of("residual T")[0]["kind"] == "cells"
    assert set(dose.table()["population"]) == set(dose.amounts)
    assert dose.reasons[0].startswith("FAIL: T/kg < 10000: 10046 cells/kg, limit < 10000, P(conform) 0.488")
