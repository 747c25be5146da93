"""Tubes that no template was made for: every refusal is a *no gate* with its reason, never an error, never a guess."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from benchmarks.blood_tubes import CYTOMETERS, KINDS, BloodTube, blood_tube

from nkflow.fcs.sample import Sample
from nkflow.gating import Gating, gate, load_template
from nkflow.gating.adaptive.found import NoGate
from nkflow.gating.adaptive.tail import tail
from nkflow.gating.adaptive.valley import beside_top
from nkflow.simulate import SimulatedTube, simulate_lot


def changed(sample: Sample, values: np.ndarray) -> Sample:
    kept = values.astype(np.float32)
    return Sample.from_arrays(
        kept, sample.channels, spillover=sample.spillover, keywords=sample.keywords, name="odd"
    )


def bright(sample: Sample) -> list[int]:
    return [channel.index for channel in sample.channels if channel.kind == "fluorescence"]


@dataclass(frozen=True, eq=False)
class Tube:
    """A simulated release tube with its events as an array that may be changed."""

    tube: SimulatedTube
    controls: dict[str, Sample]

    @property
    def values(self) -> np.ndarray:
        return np.array(self.tube.sample.values())

    def of(self, *names: str) -> np.ndarray:
        return np.logical_or.reduce([self.tube.truth_mask(name) for name in names])

    def gated(self, values: np.ndarray) -> Gating:
        template = load_template("nk_release_7aad_adaptive")
        sample = changed(self.tube.sample, values)
        return gate(sample, template, controls=self.controls, histograms=False)


@pytest.fixture(scope="module")
def release() -> Tube:
    lot = simulate_lot(801, events=30_000)
    controls = {each.marker: each.sample for each in lot.controls if each.role == "fmo"}
    controls |= {each.role: each.sample for each in lot.controls if each.role == "process-control"}
    return Tube(lot.tubes[0], controls)


def times(factor: float) -> Callable[[Tube], np.ndarray]:
    def made(tube: Tube) -> np.ndarray:
        values = tube.values
        values[:, bright(tube.tube.sample)] *= factor
        return values

    return made


def shifted(tube: Tube) -> np.ndarray:
    values = tube.values
    values[:, bright(tube.tube.sample)] -= 3000
    return values


def dying(tube: Tube) -> np.ndarray:
    rng, values = np.random.default_rng(1), tube.values
    live, dead = np.flatnonzero(tube.of("viable")), np.flatnonzero(tube.of("dead"))
    others = np.flatnonzero(~tube.of("viable", "dead"))
    few = rng.choice(live, len(live) // 20, replace=False)
    return values[np.sort(np.concatenate([few, rng.choice(dead, 19 * len(few)), others]))]


def only_t(tube: Tube) -> np.ndarray:
    cells = np.flatnonzero(tube.of("T"))
    many = np.random.default_rng(1).choice(cells, 20_000)
    return tube.values[np.concatenate([many, np.flatnonzero(tube.of("beads"))])]


def with_debris(tube: Tube) -> np.ndarray:
    rng, values = np.random.default_rng(1), tube.values
    debris = values[rng.choice(np.flatnonzero(~tube.of("viable", "dead", "beads")), 3 * len(values))]
    return np.concatenate([values, debris * np.exp(0.2 * rng.standard_normal((len(debris), 1)))])


def two_kinds_of_beads(tube: Tube) -> np.ndarray:
    values = tube.values
    dim = values[tube.of("beads")]
    dim[:, bright(tube.tube.sample)] *= 0.35
    return np.concatenate([values, dim])


def one_peak(tube: Tube) -> np.ndarray:
    return np.random.default_rng(1).normal(500, 100, tube.values.shape)


def without_numbers(tube: Tube) -> np.ndarray:
    values = tube.values
    values[:, bright(tube.tube.sample)[1]] = np.nan
    return values


REASONS = {
    "voltages x 2": (times(2), "outside"),
    "voltages x 0.3": (times(0.3), "outside"),
    "offset": (shifted, "valley"),
    "95 % dead": (dying, "one peak"),
    "only T cells": (only_t, "no valley"),
    "heavy debris": (with_debris, "outside"),
    "two kinds of beads": (two_kinds_of_beads, "two narrow peaks"),
    "one peak": (one_peak, "no valley"),
    "no numbers": (without_numbers, "have no number"),
    "fifty events": (lambda tube: tube.values[:50], "50 events"),
    "one event": (lambda tube: tube.values[:1], "1 events"),
    "no events": (lambda tube: tube.values[:0], "0 events"),
}


@pytest.mark.parametrize("name", REASONS)
def test_odd_release_tube__has_no_gate_and_says_why(release: Tube, name: str) -> None:
    make, words = REASONS[name]
    found = release.gated(make(release))
    reasons = [answer.message for answer in found.resolution.missing.values() if answer.reason != "no-parent"]
    assert any(words in reason for reason in reasons), reasons
    for population in ("NK", "T", "CD56+"):
        assert population not in found.counts
    assert any(finding.severity == "error" for finding in found.findings)


def test_valleys_elsewhere__are_told_in_data_units(release: Tube) -> None:
    values = release.values
    values[:, [c.index for c in release.tube.sample.channels if c.kind == "scatter"]] *= 2
    message = release.gated(values).resolution.missing["debris"].message
    first = float(message.partition("there are valleys at ")[2].partition(",")[0])
    assert first == pytest.approx(2 * 40_000, rel=0.3)


def test_release_tube_without_nkt_like_cells__keeps_nk_and_t(release: Tube) -> None:
    found = release.gated(release.values[~release.of("NKT-like")])
    assert found.counts["NK"] == pytest.approx(release.tube.truth_counts["NK"], rel=0.01)
    assert found.counts["T"] == pytest.approx(release.tube.truth_counts["T"], abs=5)
    assert found.resolution["CD3"].source == "FMO CD3"  # too few CD3+ for a peak
    assert set(found.resolution.missing) == {"CD3 of T"}
    assert found.counts["CD3dim"] >= found.counts["T"]  # its upper end is open


def test_two_thousand_events__are_gated_right_or_not_at_all(release: Tube) -> None:
    part = release.values[:2000]
    found = release.gated(part)
    for population in ("viable", "NK", "NKT-like"):
        if population in found.counts:
            truth = int(release.of(population)[:2000].sum())
            assert found.counts[population] == pytest.approx(truth, rel=0.03)


def without(*kinds: str) -> Callable[[BloodTube], np.ndarray]:
    return lambda tube: ~np.isin(tube.kind, [KINDS.index(kind) for kind in kinds])


T_CELLS = ("CD4 T", "CD8 T", "DP T", "DN T", "NKT-like")
ODD_BLOOD = {
    "only T cells": (without(*set(KINDS) - set(T_CELLS)), ("CD3+", "NK", "B")),
    "only granulocytes": (without(*set(KINDS) - {"granulocytes"}), ("lymphocytes", "CD3+")),
    "only debris": (without(*set(KINDS) - {"debris"}), ("lymphocytes", "CD3+")),
    "no B": (without("B"), ("B",)),
    "no NK": (without("NK", "NKT-like"), ("NK", "NKT-like")),
}


@pytest.mark.parametrize("cytometer", CYTOMETERS[:3], ids=lambda each: each.name)
@pytest.mark.parametrize("name", ODD_BLOOD)
def test_odd_blood__is_not_guessed(cytometer, name: str) -> None:
    keep, absent = ODD_BLOOD[name]
    tube = blood_tube(90, cytometer)
    sample = changed(tube.sample, np.array(tube.sample.values())[keep(tube)])
    found = gate(sample, load_template("tbnk"), histograms=False)
    for population in absent:
        assert population not in found.counts
    assert all(answer.message for answer in found.resolution.missing.values())


def test_blood_of_equal_events__has_no_lymphocytes() -> None:
    tube = blood_tube(90, CYTOMETERS[1])
    sample = changed(tube.sample, np.full(tube.sample.values().shape, 9e4))
    found = gate(sample, load_template("tbnk"), histograms=False)
    assert "lymphocytes" not in found.counts


def test_absent_markers_that_are_not_required__are_warnings() -> None:
    tube = blood_tube(90, CYTOMETERS[2])
    keep = [c.index for c in tube.sample.channels if "CD4-" not in c.marker and "CD8-" not in c.marker]
    values = np.array(tube.sample.values())[:, keep]
    channels = [tube.sample.channels[k] for k in keep]
    sample = Sample.from_arrays(
        values.astype(np.float32), [c.name for c in channels], markers=[c.marker for c in channels]
    )
    found = gate(sample, load_template("tbnk"), histograms=False)
    assert {"CD4", "CD8"} <= set(found.resolution.missing)
    assert {"CD3+", "NK", "B"} <= set(found.counts)
    said = [finding for finding in found.findings if finding.code == "no-gate"]
    assert said
    assert all(finding.severity == "warning" for finding in said)


class TestMethods:
    rng = np.random.default_rng(4)
    cells = rng.normal(0.5, 0.03, 8000)
    beads = rng.normal(0.95, 0.006, 1500)

    def test_one_kind_of_beads__is_found_above_cells_that_are_as_bright_as_dim_beads(self) -> None:
        found = beside_top(np.concatenate([self.cells, self.rng.normal(0.8, 0.025, 1500), self.beads]))
        assert not isinstance(found, NoGate)
        assert 0.85 < found.at < 0.94

    def test_two_kinds_of_beads__are_no_gate(self) -> None:
        found = beside_top(np.concatenate([self.cells, self.rng.normal(0.85, 0.007, 700), self.beads]))
        assert isinstance(found, NoGate)
        assert "two narrow peaks" in found.message

    def test_equal_values__have_no_tail(self) -> None:
        found = tail(np.full(5000, 0.4), sds=4)
        assert isinstance(found, NoGate)
        assert "same value" in found.message
