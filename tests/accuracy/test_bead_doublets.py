"""Two beads in one event are counted as one: the release templates find them, the dose room reports their share."""

from __future__ import annotations

import numpy as np
import pytest

from nkflow.counting.crosscheck import bead_doublets
from nkflow.counting.evaluable import NotEvaluable
from nkflow.counting.inputs import BeadLot, Counting, Pipetted
from nkflow.counting.quantify import quantify
from nkflow.fcs.sample import Sample
from nkflow.gating import gate, load_template
from nkflow.simulate.lot import simulate_lot

PAIRS = 60


@pytest.fixture(scope="module")
def stuck() -> tuple[Sample, Sample]:
    """A simulated tube, and the same one after `PAIRS` pairs of its beads stuck together."""
    tube = simulate_lot(5, events=20_000).tubes[0]
    sample, values = tube.sample, np.array(tube.sample.stored(), dtype=np.float64)
    beads = np.flatnonzero(tube.truth_mask("beads"))[: 2 * PAIRS]
    first, second = beads[:PAIRS], beads[PAIRS:]
    width = [channel.index for channel in sample.channels if channel.name.endswith(("-W", "Time"))]
    light = [index for index in range(values.shape[1]) if index not in width]
    for index in light:
        values[first, index] = np.minimum(values[first, index] + values[second, index], 262143.0)
    values = np.delete(values, second, axis=0)
    changed = Sample.from_arrays(
        values, sample.channels, spillover=sample.spillover, keywords=sample.keywords, name="stuck"
    )
    return sample, changed


def counting() -> Counting:
    import datetime as dt

    lot = BeadLot(lot="B", expires_on=dt.date(2030, 1, 1), concentration_per_ul=987.0, u_rel=0.02)
    volume = Pipetted(value=20.0, u_repeatability=0.01)
    return Counting(method="beads", beads=lot, bead_volume_ul=volume, sample_volume_ul=volume)


@pytest.mark.parametrize("name", ["nk_release_7aad", "nk_release_7aad_adaptive"])
def test_bead_doublets__are_found_and_none_where_there_are_none(
    stuck: tuple[Sample, Sample], name: str
) -> None:
    template = load_template(name)
    single, double = (gate(sample, template) for sample in stuck)
    assert single.counts["bead doublets"] == 0
    assert double.counts["bead doublets"] == PAIRS
    assert double.counts["beads"] == single.counts["beads"] - PAIRS
    assert double.counts["NK"] == single.counts["NK"]


@pytest.mark.parametrize("name", ["nk_release_7aad", "nk_release_7aad_adaptive"])
def test_bead_doublets__are_a_share_of_the_bead_events(stuck: tuple[Sample, Sample], name: str) -> None:
    gating = gate(stuck[1], load_template(name))
    share = bead_doublets(quantify([gating], counting=counting()))
    assert not isinstance(share, NotEvaluable)
    assert share == pytest.approx(PAIRS / gating.counts["beads"])
