"""A seeded part of the studies of adaptive gates; the whole ones are evidence (`benchmarks.evidence`)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from benchmarks import (  # noqa: E402
    adaptive_accuracy,
    adaptive_lots,
    adversarial_tubes,
    depleted_lots,
    window_breaches,
)

sys.path.remove(str(ROOT))


def test_ordinary_tubes__are_gated_as_their_labels_say() -> None:
    found = adaptive_accuracy.figures(adaptive_accuracy.rows("ordinary", 10))
    assert found["refused"] == 0
    assert abs(found["CD56+"]["bias_pct"]) <= 1
    assert found["CD56+"]["within_5_pct"] >= 0.95
    for name, f1 in (("NK", 0.98), ("NKT-like", 0.90)):
        assert found[name]["within_2_points"] == 1
        assert found[name]["f1_min"] >= f1
        assert found[name]["below_oracle_max"] <= 0.01
    assert found["T"]["within_15_pct_or_5"] >= 0.95
    assert max(abs(found["viability"][end]) for end in ("points_min", "points_max")) <= 2


def test_hard_tubes__are_not_sure() -> None:
    found = adaptive_accuracy.figures(adaptive_accuracy.rows("hard", 6))
    for name in ("NKT-like", "T"):
        assert found[name]["gating_term_covers"] is None or found[name]["gating_term_covers"] >= 0.90


def test_viability__holds_from_50_to_98_pct() -> None:
    found = adaptive_accuracy.viabilities(10)
    assert found["refused"] == 0
    assert found["within_2_points"] == 1


def test_windows__report_breaches_and_only_those() -> None:
    found = window_breaches.breaches(100, first=500)
    assert found["reported_where_outside"] >= 0.99
    assert found["reported_where_inside"] <= 0.01


def test_yield__ordinary_lots_get_a_verdict_and_t_per_kg_is_bounded() -> None:
    found = adaptive_lots.yield_figures(adaptive_lots.rows(adaptive_lots.yield_jobs(6)))
    assert found["not_invalid"] == 1, found["invalid"]
    assert found["pass"] >= 0.9
    assert found["at_most_half_of_every_limit"] >= 4
    assert found["t_per_kg_upper_bound_holds"] >= 0.95


@pytest.mark.parametrize("kind", adversarial_tubes.KINDS)
def test_adversarial_lots__never_pass(kind: str) -> None:
    found = adaptive_lots.rows(adaptive_lots.adversarial_jobs(1, [kind]))
    assert [row.kind for row in found] == [kind]
    assert adaptive_lots.adversarial_figures(found)["false_pass"] == []


@pytest.mark.parametrize("share", [0.0, 0.001])
def test_depleted_lots__get_a_verdict(share: float) -> None:
    found = depleted_lots.depleted_figures(depleted_lots.rows(depleted_lots.depleted_jobs(1, [share])))
    assert found["invalid"] == {}
    assert found["t_per_kg_bounded"] == found["lots"] == 1
    assert found["tubes_gated"] == 3
    assert max(map(abs, found["CD56+_pct"])) <= 5


@pytest.mark.parametrize("kind", ["sample tubes without CD3", "every tube", "one tube"])
def test_failed_stains__never_pass(kind: str) -> None:
    found = depleted_lots.rows(depleted_lots.failed_jobs(1, [kind]))
    assert [row.what for row in found] == [kind]
    assert depleted_lots.failed_figures(found)["false_pass"] == []
