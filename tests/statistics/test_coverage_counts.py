"""A seeded tenth of the coverage study (`benchmarks/coverage_counts.py`); the whole runs with ``make evidence``."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nkflow.counting.concentration import Concentration, interval_of
from worked.cases import composition, counts

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from benchmarks import coverage_counts  # noqa: E402  (the folder is beside the tests, not installed)

sys.path.remove(str(ROOT))

SETS = 4000
THREE_SE = 3 * math.sqrt(0.05 * 0.95 / SETS)


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    return coverage_counts.study(SETS)


def leaves(node: Any) -> list[float]:
    return [leaf for value in node.values() for leaf in leaves(value)] if isinstance(node, dict) else [node]


@pytest.mark.parametrize(
    "what", ["dose per kg", "T per kg, 20 events and more", "percent CD56+", "viability"]
)
def test_intervals__cover_as_they_say(figures: dict[str, Any], what: str) -> None:
    found = leaves(figures["coverage"][what])
    assert len(found) >= 3
    assert all(0.93 <= coverage <= 0.97 for coverage in found)


def test_intervals_of_few_events__cover_at_least_as_they_say(figures: dict[str, Any]) -> None:
    assert min(leaves(figures["coverage"]["T per kg, below 20 events"])) >= 0.93


def test_wrong_pass__is_rare_at_the_limit(figures: dict[str, Any]) -> None:
    found = leaves(figures["wrong PASS at the limit"])
    assert len(found) >= 12
    assert max(found) <= 0.05 + THREE_SE
    assert max(found) > 0.03, "a rule that never passes is no rule"


def test_power__is_high_at_half_the_limit(figures: dict[str, Any]) -> None:
    assert min(leaves(figures["power at half the limit, 100 events, u_other 5 %"])) >= 0.95


def test_undeclared_scatter__loses_coverage(figures: dict[str, Any]) -> None:
    """Why phi0 has to come from validation: the homogeneity test of three tubes can't make up for it."""
    loss = figures["phi larger than declared"]["T per kg, 100 events"]
    assert loss["declared 1"]["true 4"] < 0.90 < loss["declared 4"]["true 4"]


def test_study__judges_with_the_formulas_of_a_composition() -> None:
    """The study's budget and interval are those of `Composition` on the same counts."""
    changes = {
        "bead_volume_ul.u_repeatability": 0.012,
        "sample_volume_ul.u_repeatability": 0.010,
        "beads.u_rel": 0.025,
        "dilutions": [{"sample_ul": 100.0, "diluent_ul": 300.0, "u_sample": 0.0144, "u_diluent": 0.0}],
    }
    for t_cells in (0, 3, 40, 400):
        found = composition(*[counts(T=t_cells)] * 3, counting=changes).concentration("T")
        assert isinstance(found, Concentration)
        u = coverage_counts.Bench(dilution=0.75 * 0.0144).u_others(np.array([3 * 15310.0]))
        assert found.others.u_rel == pytest.approx(float(u[0]), rel=1e-12)
        low, high = interval_of(3 * t_cells, found.phi, u_others=found.others.u_rel)
        assert found.interval.low == pytest.approx(found.per_event * float(low), rel=1e-12)
        assert found.interval.high == pytest.approx(found.per_event * float(high), rel=1e-12)
