"""The template ``nk_release_fixable`` on simulated tubes with a fixable viability dye and no beads."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.fixable_tubes import with_fixable_dye

from nkflow.gating import Gating, gate, load_template, parse_template
from nkflow.simulate import SimulatedTube, simulate_lot


def gated(seed: int, marker: str = "Zombie Aqua") -> tuple[SimulatedTube, Gating]:
    lot = simulate_lot(seed, events=40_000)
    tube, *fmos = (
        with_fixable_dye(each, seed, marker=marker)
        for each in (lot.tubes[0], *(control for control in lot.controls if control.role == "fmo"))
    )
    controls = {each.marker: each.sample for each in fmos}
    return tube, gate(tube.sample, load_template("nk_release_fixable"), controls=controls, histograms=False)


@pytest.mark.parametrize("seed", range(300, 305))
def test_counts__are_those_of_the_labels(seed: int) -> None:
    tube, gating = gated(seed)
    assert gating.resolution.missing == {}
    true = tube.truth_counts
    assert gating.counts["CD56+"] == pytest.approx(true["CD56+"], rel=0.01)
    assert abs(gating.counts["T"] - true["T"]) <= max(5, 0.15 * true["T"])
    viable = gating.counts["viable"] / (gating.counts["viable"] + gating.counts["dead"])
    assert viable == pytest.approx(true["viable"] / (true["viable"] + true["dead"]), abs=0.02)
    for name, limit in (("NK", 0.98), ("NKT-like", 0.90)):
        inside, label = gating.mask(name), tube.truth_mask(name)
        assert 2 * np.count_nonzero(inside & label) / (inside.sum() + label.sum()) >= limit


@pytest.mark.parametrize(
    "marker", ["LIVE/DEAD", "L/D", "Zombie NIR", "FVS780", "Viability", "live/dead aqua"]
)
def test_dye__goes_by_many_names(marker: str) -> None:
    assert gated(301, marker)[1].counts["viable"] > 0


def test_leaves__are_disjoint_and_sum_to_viable_and_there_are_no_beads() -> None:
    counts = gated(302)[1].counts
    assert (
        sum(counts[leaf] for leaf in ("NK", "NKT-like", "T", "B", "monocytes", "other")) == counts["viable"]
    )
    assert "beads" not in counts


def test_tube_without_dye__has_no_viable_cells_and_says_why() -> None:
    tube = with_fixable_dye(simulate_lot(303, events=40_000).tubes[0], 303)
    values = np.array(tube.sample.values(), dtype=np.float32)
    column = tube.sample.index("Zombie Aqua")
    values[:, column] = np.random.default_rng(1).normal(100, 60, len(values))
    bare = type(tube.sample).from_arrays(values, tube.sample.channels, spillover=None, name="no dye")
    template = load_template("nk_release_fixable").to_yaml().replace("policy: file", "policy: none")
    gating = gate(bare, parse_template(template), histograms=False)
    assert "viable" not in gating.counts
    assert any("Viability" in finding.message for finding in gating.findings if finding.severity == "error")
