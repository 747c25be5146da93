"""Evidence is of this tree: every committed document was made from the sources that stand here."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from benchmarks import evidence  # noqa: E402  (the folder is beside the tests, not installed)

sys.path.remove(str(ROOT))


@pytest.mark.parametrize("name", evidence.STUDIES)
def test_evidence__was_made_from_these_sources(name: str) -> None:
    document = json.loads((evidence.VALIDATION / f"{name}.json").read_text(encoding="utf-8"))
    assert document["sources_sha256"] == evidence.sources_sha256(document["sources"]), (
        f"the sources that {name} judges have changed: run `make evidence`"
    )
    assert "--share" not in document["command"], "a part of a study is no evidence"
    assert document["figures"]


def test_evidence__is_complete() -> None:
    assert {path.stem for path in evidence.VALIDATION.glob("*.json")} == set(evidence.STUDIES)


def figures(name: str) -> dict:
    return json.loads((evidence.VALIDATION / f"{name}.json").read_text(encoding="utf-8"))["figures"]


def test_evidence__dose_intervals_of_200_whole_lots_hold_the_true_dose() -> None:
    found = figures("coverage_lots")
    assert found["lots"] >= 200
    assert found["CD56+"]["covered"] >= 0.90


def test_evidence__intervals_of_count_sets_cover_as_they_say() -> None:
    found = figures("coverage_counts")
    assert found["sets"] >= 4000
    for what, covered in found["coverage"].items():
        low, high = (0.93, 1.0) if "below 20" in what else (0.93, 0.97)
        each = [value for by in covered.values() for value in (by.values() if isinstance(by, dict) else [by])]
        assert low <= min(each) <= max(each) <= high, what
    wrong = [value for by in found["wrong PASS at the limit"].values() for value in by.values()]
    assert max(wrong) <= 0.05 + 3 * (0.05 * 0.95 / found["sets"]) ** 0.5
    assert min(found["power at half the limit, 100 events, u_other 5 %"].values()) >= 0.95


def test_evidence__adaptive_lots_get_a_verdict_and_none_that_must_not_passes() -> None:
    found = figures("adaptive_lots")
    ordinary, adversarial = found["yield"], found["adversarial"]
    assert ordinary["lots"] >= 200
    assert ordinary["not_invalid"] >= 0.97
    assert ordinary["at_most_half_of_every_limit"] >= 100
    assert ordinary["pass"] >= 0.90
    assert ordinary["t_per_kg_upper_bound_holds"] >= 0.95
    assert len(adversarial) == 6
    assert sum(kind["tubes"] for kind in adversarial.values()) >= 300
    for name, kind in adversarial.items():
        assert kind["tubes"] >= 50, name
        assert kind["false_pass"] == [], name


def test_evidence__depleted_lots_get_a_verdict_as_ordinary_ones_do() -> None:
    depleted = figures("depleted_lots")["depleted"]
    lots = sum(share["lots"] for share in depleted.values())
    invalid = sum(len(share["invalid"]) for share in depleted.values())
    assert invalid <= 0.03 * lots  # as of ordinary lots; which ones, docs/adaptive.md says
    for share in ("0 %", "0.02 %", "0.1 %"):
        assert depleted[share]["invalid"] == {}
        assert depleted[share]["tubes_gated"] == 3 * depleted[share]["lots"]


def test_evidence__depleted_lots_are_counted_right_and_failed_stains_never_pass() -> None:
    found = figures("depleted_lots")
    depleted, failed = found["depleted"], found["failed"]
    assert len(depleted) == 5
    for share, lots in depleted.items():
        assert lots["lots"] >= 20, share
        assert -5 <= lots["CD56+_pct"][0] <= lots["CD56+_pct"][1] <= 5, share
    with_t = [lots for share, lots in depleted.items() if share != "0 %"]
    assert sum(lots["t_per_kg_bounded"] for lots in with_t) >= 0.95 * sum(lots["lots"] for lots in with_t)
    assert len(failed) == 8
    for kind, lots in failed.items():
        assert lots["tubes"] >= 54, kind
        assert lots["false_pass"] == [], kind


def test_evidence__spillover_of_controls_has_honest_errors_and_every_fault_is_named() -> None:
    found = figures("compensation")
    assert found["seeds"] >= 100
    for carrier in ("cells", "beads"):
        for method in ("median", "regression"):
            one = found["coefficients"][carrier][method]
            assert one["within_3_se"] >= 0.95, (carrier, method)
            assert one["scatter_over_se"]["within_1.5"] == 1.0, (carrier, method)
            assert one["right_controls_named"] == 0.0, (carrier, method)
    for fault, named in found["faults"].items():
        assert named["named"] == 1.0, fault
        assert named["others_refused"] == 0.0, fault


def test_evidence__fitness_finds_wrong_matrices_and_leaves_right_ones_alone() -> None:
    found = figures("compensation")["fitness"]
    assert found["wrong_planted"] >= 400
    assert found["wrong_found"] >= 0.95
    assert found["right_flagged"] <= 0.02
    assert found["compensated_already_told"] == found["not_compensated_told"] == 1.0


def test_evidence__adaptive_gates_are_as_accurate_as_asked_and_not_sure_where_it_is_hard() -> None:
    found = figures("adaptive_accuracy")
    ordinary, hard = found["ordinary"], found["hard"]
    assert ordinary["tubes"] >= 200
    assert abs(ordinary["CD56+"]["bias_pct"]) <= 1
    assert min(ordinary["CD56+"]["within_5_pct"], ordinary["T"]["within_15_pct_or_5"]) >= 0.93
    for name, f1 in (("NK", 0.98), ("NKT-like", 0.90)):
        assert ordinary[name]["within_2_points"] >= 0.93, name
        assert ordinary[name]["f1_5_pct"] >= f1, name
        assert ordinary[name]["below_oracle_max"] <= 0.01, name
    assert found["viability"]["within_2_points"] >= 0.93
    assert min(hard[name]["gating_term_covers"] for name in ("NKT-like", "T")) >= 0.90
    assert found["windows"]["reported_where_outside"] >= 0.99
    assert found["windows"]["reported_where_inside"] <= 0.01


def test_evidence__bad_time_is_found_and_good_time_kept() -> None:
    found = figures("acquisition")["faults"]
    assert found["seeds"] >= 200
    assert found["all lots with faults"]["found"] >= 0.95
    assert found["all lots with faults"]["right"] >= 0.95
    assert found["by kind"]["none"]["removed, largest share"] <= 0.05
    for kind in ("clog", "bubble", "flow_step", "all five"):
        refused, of = map(int, found["volumetric count refused"][kind].split(" tubes")[0].split(" of "))
        assert refused == of, kind


def test_evidence__valid_lots_are_valid_and_planted_invalidity_is_found() -> None:
    found = figures("suitability")
    assert found["valid lots"]["valid"] == found["valid lots"]["lots"] >= 100
    assert found["planted"]["found in every lot"] == found["planted"]["ways"] >= 50
