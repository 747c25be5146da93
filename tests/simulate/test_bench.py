"""The bench: true volumes scatter as the lot document says, and the tubes hold what they should."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nkflow.simulate import SimulatedLot, simulate_lot
from nkflow.simulate.bench import prepare
from nkflow.simulate.figures import BENCH
from nkflow.simulate.product import draw_product


def _cd45_per_ml(lot: SimulatedLot) -> tuple[float, float]:
    """Return CD45+ cells per mL by labels and nominal volumes, and its relative standard uncertainty."""
    counting = lot.counting
    assert counting.beads is not None
    assert counting.bead_volume_ul is not None
    (step,) = counting.dilutions
    counts = [tube.truth_counts for tube in lot.tubes]
    cells = sum(count["CD45+"] + 2 * count["doublets"] for count in counts)
    beads = sum(count["beads"] for count in counts)
    factor = (step.sample_ul + step.diluent_ul) / step.sample_ul
    given = (counting.beads.concentration_per_ul or 0.0) * counting.bead_volume_ul.value
    value = 1000 * cells / beads * given / counting.sample_volume_ul.value * factor
    dilution = (1 - 1 / factor) * math.hypot(step.u_sample, step.u_diluent)
    pipettes = [counting.bead_volume_ul, counting.sample_volume_ul]
    repeat = sum(p.u_repeatability**2 for p in pipettes) / len(lot.tubes)
    common = sum(p.u_calibration**2 for p in pipettes)
    counted = 1 / beads + 1 / cells
    return value, math.sqrt(counting.beads.u_rel**2 + dilution**2 + repeat + common + counted)


def test_concentration__by_beads_scatters_round_the_truth_as_stated() -> None:
    z = []
    for seed in range(120):
        lot = simulate_lot(seed, events=1_000)
        value, u = _cd45_per_ml(lot)
        z.append(math.log(value / lot.true_per_ml["CD45+"]) / u)
    # mean 0 and SD 1 within three standard errors of 120 lots
    assert abs(np.mean(z)) < 3 / math.sqrt(120)
    assert abs(np.std(z) - 1) < 3 / math.sqrt(240)


def test_prepare__aims_at_the_events_asked_for() -> None:
    for seed in range(8):
        lot = simulate_lot(seed, events=10_000)
        for tube in lot.tubes:
            assert tube.sample.n_events == pytest.approx(10_000, rel=0.12)
        for tube in lot.controls:
            assert tube.sample.n_events < 6_000


@pytest.mark.parametrize("events", [100, 50_000, 2_000_000])
def test_prepare__draws_no_more_than_the_tube_holds(events: int) -> None:
    rng = np.random.default_rng(4)
    bench = prepare(draw_product(rng=rng), events=events, rng=rng)
    assert bench.acquired_ul <= 0.81 * BENCH["tube volume"].value * bench.size
