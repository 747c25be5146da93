"""Propagation of distributions beside the law of propagation."""

from __future__ import annotations

import time

import pytest

from nkflow.counting.inputs import Counting
from nkflow.counting.montecarlo import simulate_concentrations
from nkflow.counting.quantify import quantify
from nkflow.counting.tubes import TubeCounts
from worked.cases import composition, counts

TUBES = (counts(), counts(T=52), counts(T=61))


def test_spread__is_that_of_the_budget() -> None:
    found = simulate_concentrations(composition(*TUBES), ("CD56+", "T"), trials=300_000, seed=4)
    for simulated in found.values():
        assert simulated.u_rel is not None
        assert simulated.rel_sd == pytest.approx(simulated.u_rel, rel=0.01)
        low, middle, one_sided, high = simulated.quantiles
        assert low < middle < one_sided < high


def test_every_source__is_drawn() -> None:
    """Boundaries, calibration and the doublet term widen both alike."""
    changes = {
        "boundaries": [{"name": "CD3", "u": 0.05, "unit": "display", "events_per_unit": {"T": -300.0}}],
        "bead_volume_ul": {"value": 25.0, "u_repeatability": 0.01, "u_calibration": 0.06, "pipette": "P1"},
        "dilutions": [{"sample_ul": 20.0, "diluent_ul": 60.0, "u_sample": 0.05, "u_diluent": 0.04}],
    }
    found = simulate_concentrations(composition(*TUBES, counting=changes), ("T",), trials=300_000, seed=4)[
        "T"
    ]
    plain = simulate_concentrations(composition(*TUBES), ("T",), trials=300_000, seed=4)["T"]
    assert found.u_rel is not None
    assert found.rel_sd == pytest.approx(found.u_rel, rel=0.02)
    assert found.rel_sd > 1.1 * plain.rel_sd


def test_dual_platform__is_a_share_of_its_own_denominator() -> None:
    inputs = Counting(method="dual_platform", analyser={"wbc_per_ul": 5250.0, "u_rel": 0.0})  # type: ignore[arg-type]
    found = simulate_concentrations(
        quantify([TubeCounts("A", counts())], counting=inputs), ("CD56+",), trials=300_000, seed=1
    )["CD56+"]
    assert found.u_rel is not None
    assert found.rel_sd == pytest.approx(found.u_rel, rel=0.01)


def test_seed__decides_every_bit() -> None:
    one, same, other = (
        simulate_concentrations(composition(*TUBES), ("T",), trials=20_000, seed=seed)["T"]
        for seed in (1, 1, 2)
    )
    assert one == same
    assert one.mean != other.mean


def test_uncounted_population__is_left_out() -> None:
    assert simulate_concentrations(composition(*TUBES), ("CD3dim",), trials=10_000, seed=1) == {}


def test_million_trials__take_little_time() -> None:
    """0.2 s on the machine it was written on; the limit leaves room for a busy one."""
    judged = composition(*TUBES)
    seconds = []
    for _ in range(3):
        begin = time.perf_counter()
        simulate_concentrations(judged, ("CD56+", "T"), trials=1_000_000, seed=1)
        seconds.append(time.perf_counter() - begin)
    assert min(seconds) < 1.5
