"""The adaptive release template on a few simulated tubes; the whole study is `benchmarks.adaptive_accuracy`."""

from __future__ import annotations

import numpy as np
import pytest

from nkflow.gating import Gating, gate, load_template
from nkflow.simulate import SimulatedLot, simulate_lot

LEAVES = ("NK", "NKT-like", "T", "B", "monocytes", "other")


@pytest.fixture(scope="module")
def gated() -> list[tuple[SimulatedLot, Gating]]:
    template = load_template("nk_release_7aad_adaptive")
    lots = [simulate_lot(seed, events=30_000) for seed in range(300, 306)]
    return [(lot, gate(lot.tubes[0].sample, template, controls=lot.controls)) for lot in lots]


def test_ordinary_tubes__get_every_gate(gated: list[tuple[SimulatedLot, Gating]]) -> None:
    for _, gating in gated:
        assert gating.resolution.missing == {}
        assert [finding for finding in gating.findings if finding.severity == "error"] == []


def test_counts__are_those_of_the_labels(gated: list[tuple[SimulatedLot, Gating]]) -> None:
    for lot, gating in gated:
        true = lot.tubes[0].truth_counts
        assert gating.counts["beads"] == true["beads"]
        assert gating.counts["CD56+"] == pytest.approx(true["CD56+"], rel=0.01)
        assert abs(gating.counts["T"] - true["T"]) <= max(5, 0.15 * true["T"])
        viable = gating.counts["viable"] / (gating.counts["viable"] + gating.counts["dead"])
        assert viable == pytest.approx(true["viable"] / (true["viable"] + true["dead"]), abs=0.02)
        for name, limit in (("NK", 0.98), ("NKT-like", 0.90)):
            inside, label = gating.mask(name), lot.tubes[0].truth_mask(name)
            assert 2 * np.count_nonzero(inside & label) / (inside.sum() + label.sum()) >= limit


def test_leaves__are_disjoint_and_sum_to_viable(gated: list[tuple[SimulatedLot, Gating]]) -> None:
    for _, gating in gated:
        assert sum(gating.counts[leaf] for leaf in LEAVES) == gating.counts["viable"]
        assert gating.counts["viable"] + gating.counts["dead"] == gating.counts["CD45+"]
        assert gating.counts["CD56+"] == gating.counts["NK"] + gating.counts["NKT-like"]
        assert gating.counts["CD3+"] == gating.counts["T"] + gating.counts["NKT-like"]


def test_fmo__carries_the_lower_end_of_cd3dim_into_the_tube(gated: list[tuple[SimulatedLot, Gating]]) -> None:
    sources = {gating.resolution["CD3 FMO"].source for _, gating in gated}
    assert "FMO CD3" in sources
    for _, gating in gated:
        assert gating.resolution.values["CD3 FMO"] < gating.resolution.values["CD3"]
        assert gating.resolution.values["CD3"] < gating.resolution.values["CD3 of T"]


def test_hard_tubes__are_refused_or_their_gating_term_holds_the_truth() -> None:
    template = load_template("nk_release_7aad_adaptive")
    for seed in range(300, 304):
        lot = simulate_lot(seed, "hard", events=50_000)
        gating = gate(lot.tubes[0].sample, template, controls=lot.controls, histograms=False)
        true = lot.tubes[0].truth_counts
        for name in ("NKT-like", "T"):
            if name in gating.counts:
                term = np.hypot.reduce([b.u * b.events_per_unit.get(name, 0.0) for b in gating.boundaries])
                assert abs(gating.counts[name] - true[name]) <= 2 * term


def test_another_tubes_file__is_no_sample_of_this_panel() -> None:
    """Swapped tubes: the unstained control has no population to gate, and says so."""
    lot = simulate_lot(300, events=30_000)
    unstained = next(tube for tube in lot.controls if tube.role == "unstained")
    gating = gate(unstained.sample, load_template("nk_release_7aad_adaptive"), controls=lot.controls)
    assert "NK" not in gating.counts
    assert any(finding.severity == "error" for finding in gating.findings)
