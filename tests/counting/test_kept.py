"""Counts of the kept part of a run: one mask for cells and beads, volume by STANDARDS QC-04."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nkflow.acquisition import check_acquisition
from nkflow.counting.kept import kept_counts, kept_tube
from nkflow.counting.quantify import quantify
from nkflow.errors import CountingError
from nkflow.gating import gate, load_template
from nkflow.simulate import SimulatedLot, simulate_lot


@pytest.fixture(scope="module")
def clogged() -> SimulatedLot:
    return simulate_lot(31, faults=("clog",), events=15_000)


@pytest.fixture(scope="module")
def clean() -> SimulatedLot:
    return simulate_lot(31, events=15_000)


def test_cells_and_beads__are_cut_by_the_same_mask(clogged: SimulatedLot) -> None:
    sample = clogged.tubes[0].sample
    gating, quality = gate(sample, load_template("nk_release_7aad")), check_acquisition(sample)
    kept = kept_counts(gating, quality)
    assert quality.removed_events > 0
    for name in ("beads", "NK", "viable", "dead"):
        assert kept[name] == np.count_nonzero(gating.mask(name) & quality.mask), name
    assert kept["beads"] < gating.counts["beads"]
    assert kept_counts(gating, None) == dict(gating.counts)


def test_volume_across_a_clog__is_scaled_by_beads_or_not_evaluable(clogged: SimulatedLot) -> None:
    sample, counting = clogged.tubes[0].sample, clogged.counting
    template, quality = load_template("nk_release_7aad"), check_acquisition(sample)
    gating = gate(sample, template)
    with_beads = kept_tube(gating, quality, tube="A", counting=counting, volume_ul=100.0)
    share = with_beads.counts["beads"] / gating.counts["beads"]
    assert with_beads.acquisition.volume_ul == pytest.approx(100.0 * share)
    document = template.document
    beadless = [entry for entry in document.populations if "beads" not in (entry.name, entry.parent)]
    beadless = [
        entry.model_copy(update={"exclude": ()}) if "beads" in entry.exclude else entry for entry in beadless
    ]
    bare = gate(
        sample, replace(template, document=document.model_copy(update={"populations": tuple(beadless)}))
    )
    without = kept_tube(bare, quality, tube="A", counting=counting, volume_ul=100.0).acquisition
    assert without.volume_ul is None
    assert "clog" in without.reason


def test_vol_without_a_unit__is_not_guessed(clean: SimulatedLot) -> None:
    sample = clean.tubes[0].sample
    gating = gate(sample, load_template("nk_release_7aad"))
    stated, unstated = (
        kept_tube(
            gating, None, tube="A", counting=clean.counting.model_copy(update={"vol_unit": unit})
        ).acquisition
        for unit in ("nL", None)
    )
    assert stated.volume_ul is not None
    assert unstated.volume_ul is None
    assert "unit of $VOL is not stated" in unstated.reason


def test_run_that_could_not_be_judged__has_its_volume_by_beads() -> None:
    lot = simulate_lot(31, faults=("missing_time",), events=15_000)
    sample = lot.tubes[0].sample
    template = load_template("nk_release_7aad")
    quality = check_acquisition(sample)
    gating = gate(sample, template)
    assert not quality.assessable
    counts = kept_tube(gating, quality, tube="A", counting=lot.counting, volume_ul=100.0)
    assert counts.acquisition.volume_ul == pytest.approx(100.0)  # the beads say so: all of them are kept


def test_concentrations_after_qc__are_those_of_the_clean_run(
    clogged: SimulatedLot, clean: SimulatedLot
) -> None:
    template = load_template("nk_release_7aad")

    def concentration(lot: SimulatedLot) -> float:
        gatings = [gate(tube.sample, template) for tube in lot.tubes]
        qualities = [check_acquisition(tube.sample, template.acquisition) for tube in lot.tubes]
        composition = quantify(gatings, counting=lot.counting, acquisition=qualities)
        return composition.scale.per_ul(composition.pooled["CD56+"])

    assert concentration(clogged) == pytest.approx(concentration(clean), rel=0.02)


def test_qualities_that_do_not_fit__are_refused(clean: SimulatedLot) -> None:
    gating = gate(clean.tubes[0].sample, load_template("nk_release_7aad"))
    with pytest.raises(CountingError, match="quality of its own run"):
        quantify([gating], counting=clean.counting, acquisition=[])
