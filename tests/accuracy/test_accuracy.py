"""The shipped release template on ordinary simulated lots, against their labels (issue A)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from accuracy.oracle import SIDES, best_f1, f1
from nkflow.gating import Gating, gate, load_template
from nkflow.simulate import SimulatedLot, simulate_lot
from simulate.overlap import compensated

LEAVES = ("NK", "NKT-like", "T", "B", "monocytes", "other")
MARKERS = ("CD45", "7-AAD", "CD14", "CD19", "CD3", "CD56")


@dataclass(frozen=True, eq=False)
class Gated:
    """One lot, its sample tubes gated with the shipped template."""

    lot: SimulatedLot
    gatings: tuple[Gating, ...]

    def mask(self, name: str) -> np.ndarray:
        return np.concatenate([gating.mask(name) for gating in self.gatings])

    def true(self, label: str) -> np.ndarray:
        return np.concatenate([tube.truth_mask(label) for tube in self.lot.tubes])


@pytest.fixture(scope="module")
def gated() -> list[Gated]:
    template = load_template("nk_release_7aad")
    lots = [simulate_lot(seed, events=30_000) for seed in range(100, 120)]
    return [Gated(lot, tuple(gate(tube.sample, template) for tube in lot.tubes)) for lot in lots]


def test_template__finds_nothing_odd_about_a_simulated_tube(gated: list[Gated]) -> None:
    assert [gating.findings for each in gated for gating in each.gatings if gating.findings] == []


@pytest.mark.parametrize("name", ["NK", "CD56+"])
def test_dosed_population__is_within_one_percent_of_its_labels(gated: list[Gated], name: str) -> None:
    ratios = [
        gating.counts[name] / tube.truth_counts[name]
        for each in gated
        for tube, gating in zip(each.lot.tubes, each.gatings, strict=True)
    ]
    print(f"{name}: {100 * (min(ratios) - 1):+.2f} % to {100 * (max(ratios) - 1):+.2f} %")
    assert max(abs(ratio - 1) for ratio in ratios) <= 0.01


@pytest.mark.parametrize("leaf", list(SIDES))
def test_leaf__is_found_as_well_as_the_best_cuts_of_its_shape_can(gated: list[Gated], leaf: str) -> None:
    scores, losses = [], []
    for each in gated:
        singlets, true = each.mask("singlets"), each.true(leaf)
        columns = {
            marker: np.concatenate([compensated(tube, marker) for tube in each.lot.tubes])[singlets]
            for marker in MARKERS
        }
        best = best_f1(leaf, columns, true[singlets], missed=np.count_nonzero(true & ~singlets))
        scores.append(f1(each.mask(leaf), true))
        losses.append(best - scores[-1])
    print(f"{leaf}: F1 {min(scores):.4f} to {max(scores):.4f}, below the oracle by at most {max(losses):.4f}")
    assert max(losses) <= 0.01
    assert min(losses) >= -1e-12  # else the oracle is none


def test_leaves__are_disjoint_and_sum_to_their_parent(gated: list[Gated]) -> None:
    for gating in (gating for each in gated for gating in each.gatings):
        members = np.sum([gating.mask(leaf) for leaf in LEAVES], axis=0)
        assert members.max() == 1
        lost = sum(gating.non_finite[name] for name in ("viable", "lymphoid"))
        assert sum(gating.counts[leaf] for leaf in LEAVES) + lost == gating.counts["viable"]
        parts = gating.counts["viable"] + gating.counts["dead"] + gating.non_finite["CD45+"]
        assert parts == gating.counts["CD45+"]
        assert gating.counts["CD56+"] == gating.counts["NK"] + gating.counts["NKT-like"]
        assert gating.counts["CD3+"] == gating.counts["T"] + gating.counts["NKT-like"]


def test_singlets__keep_cells_and_refuse_pairs(gated: list[Gated]) -> None:
    kept, passed, debris = [], [], []
    for each in gated:
        cells, singlets, pairs = each.true("CD45+"), each.mask("singlets"), each.true("doublets")
        kept.append(np.count_nonzero(singlets & cells) / np.count_nonzero(cells))
        passed.append(np.count_nonzero(singlets & pairs) / np.count_nonzero(pairs))
        outside = each.mask("cells") & ~singlets
        debris.append(1 - np.count_nonzero(outside & pairs) / np.count_nonzero(outside))
        assert np.count_nonzero(each.mask("cells") & pairs) == np.count_nonzero(pairs)
    print(f"cells kept {min(kept):.4f}, pairs passed {max(passed):.3f}, others left out {max(debris):.3f}")
    assert min(kept) >= 0.995
    assert max(passed) <= 0.06
    # what the dose engine puts back for excluded doublets are doublets
    assert max(debris) <= 0.06


def test_beads__are_counted_to_the_event_and_are_no_cells(gated: list[Gated]) -> None:
    for each in gated:
        np.testing.assert_array_equal(each.mask("beads"), each.true("beads"))
        assert not np.any(each.mask("cells") & each.true("beads"))


def test_cd3dim__lies_between_fmo_and_t_cluster_and_holds_most_gamma_delta_t(gated: list[Gated]) -> None:
    template = load_template("nk_release_7aad")
    share, beyond = [], []
    for each in gated:
        dim = each.true("gamma-delta T") & each.mask("singlets") & each.mask("viable")
        share.append(np.count_nonzero(each.mask("CD3dim") & dim) / np.count_nonzero(dim))
        assert not np.any(each.mask("CD3dim") & each.mask("NKT-like"))
        fmo = next(tube for tube in each.lot.controls if tube.marker == "CD3")
        blank = gate(fmo.sample, template)
        beyond.append((blank.counts["CD3dim"] + blank.counts["CD3+"]) / blank.counts["lymphoid"])
        assert blank.counts["CD3+"] <= 3
    assert np.median(share) > 0.55
    # the band begins where the FMO ends: its 99.9 % point
    assert 0.0002 < np.median(beyond) < 0.002


def test_hard__is_not_gated_as_well(gated: list[Gated]) -> None:
    template = load_template("nk_release_7aad")
    lot = simulate_lot(100, "hard", events=30_000)
    scores = {"ordinary": [], "hard": []}
    for tube, other in zip(lot.tubes, gated[0].lot.tubes, strict=True):
        scores["hard"].append(f1(gate(tube.sample, template).mask("T"), tube.truth_mask("T")))
        scores["ordinary"].append(f1(gate(other.sample, template).mask("T"), other.truth_mask("T")))
    assert max(scores["hard"]) < 0.8 < 0.97 < min(scores["ordinary"])
