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
