"""The simulated tubes are as difficult as the table says: no easier, no harder."""

from __future__ import annotations

import numpy as np
import pytest

from nkflow.simulate import SimulatedLot, simulate_lot
from simulate.overlap import BOUNDARIES, compensated, overlap


@pytest.fixture(scope="module")
def ordinary() -> list[SimulatedLot]:
    return [simulate_lot(seed, events=20_000) for seed in range(20)]


@pytest.fixture(scope="module")
def hard() -> list[SimulatedLot]:
    return [simulate_lot(seed, "hard", events=20_000) for seed in range(20)]


@pytest.mark.parametrize(("marker", "below", "above"), BOUNDARIES, ids=[b[0] for b in BOUNDARIES])
def test_ordinary__best_cut_puts_at_most_half_a_percent_on_the_wrong_side(
    ordinary: list[SimulatedLot], marker: str, below: tuple[str, ...], above: tuple[str, ...]
) -> None:
    found = overlap(ordinary, marker, below, above)
    print(f"{marker}: cut {found.cut:.0f}, worst {100 * found.worst:.3f} %, gap x {found.gap:.2f}")
    assert found.worst <= 0.005
    # not too easy either: the tails of both sides come within a factor of 3.5
    assert found.gap <= 3.5


def test_ordinary__has_boundaries_that_no_cut_can_hold(ordinary: list[SimulatedLot]) -> None:
    worst = [overlap(ordinary, *boundary).worst for boundary in BOUNDARIES]
    assert sum(share >= 0.0005 for share in worst) >= 2


def test_hard__best_cut_between_t_and_nkt_like_loses_3_to_10_percent(hard: list[SimulatedLot]) -> None:
    found = overlap(hard, "CD56", ("T",), ("NKT-like",))
    print(f"hard: cut {found.cut:.0f}, wrong {found.wrong}")
    assert all(0.03 <= share <= 0.10 for share in found.wrong.values())


@pytest.mark.parametrize("boundary", [b for b in BOUNDARIES if b[0] != "CD56"], ids=lambda b: b[0])
def test_hard__is_hard_in_cd56_only(
    hard: list[SimulatedLot], boundary: tuple[str, tuple[str, ...], tuple[str, ...]]
) -> None:
    assert overlap(hard, *boundary).worst <= 0.005


def test_gamma_delta_t__have_half_the_cd3_of_alpha_beta_t(ordinary: list[SimulatedLot]) -> None:
    dim, bright = [], []
    for tube in (tube for lot in ordinary for tube in lot.tubes):
        cd3, is_dim = compensated(tube, "CD3"), tube.truth_mask("gamma-delta T")
        dim.append(cd3[is_dim])
        bright.append(cd3[tube.truth_mask("T") & ~is_dim])
    ratio = np.median(np.concatenate(dim)) / np.median(np.concatenate(bright))
    assert ratio == pytest.approx(0.5, abs=0.03)


def test_each_tube__has_2_to_4_percent_of_its_events_between_the_viability_peaks(
    ordinary: list[SimulatedLot],
) -> None:
    for tube in (tube for lot in ordinary for tube in lot.tubes):
        uptake, dead = compensated(tube, "7-AAD"), tube.truth_mask("dead")
        live = uptake[tube.truth_mask("viable")]
        low, middle = np.quantile(live, [0.1587, 0.5])
        upper_edge = middle + 3.0 * (middle - low)
        lower_edge = np.median(uptake[dead]) * np.exp(-3.0 * 0.30)
        cells = dead | tube.truth_mask("viable")
        between = np.count_nonzero(cells & (uptake > upper_edge) & (uptake < lower_edge))
        assert 0.02 <= between / tube.sample.n_events <= 0.04


def test_each_tube__has_3_to_8_percent_doublets(ordinary: list[SimulatedLot]) -> None:
    for tube in (tube for lot in ordinary for tube in lot.tubes):
        doublets = tube.truth_counts["doublets"]
        assert 0.03 <= doublets / tube.sample.n_events <= 0.08
        assert 0.03 <= doublets / (doublets + tube.truth_counts["CD45+"]) <= 0.08


def test_compositions__vary_round_published_products(ordinary: list[SimulatedLot]) -> None:
    per_ml = [lot.true_per_ml for lot in ordinary]
    share = {
        leaf: np.array([p[leaf] / p["viable"] for p in per_ml]) for leaf in ("NK", "NKT-like", "T", "CD56+")
    }
    viability = np.array([lot.truth["viability"] for lot in ordinary])
    assert share["T"].min() >= 0.002
    assert share["T"].max() <= 0.02
    assert np.ptp(np.log(share["T"])) > np.log(4)
    assert share["NK"].min() >= 0.55
    assert np.ptp(share["NKT-like"]) > 0.1
    assert share["CD56+"].min() >= 0.85
    assert 0.80 <= viability.min() < viability.max() <= 0.96
