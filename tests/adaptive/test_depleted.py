"""Products with hardly any T cells: a right verdict by the FMO, and none where CD3 may not have been stained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from benchmarks.adaptive_lots import released, t_per_kg
from benchmarks.depleted_lots import FAILED, depleted_lot, released_failed
from benchmarks.fixable_tubes import with_fixable_dye

from nkflow.gating import gate, load_template, parse_template
from nkflow.gating.adaptive.document import FMOMethod, ValleyMethod
from nkflow.gating.adaptive.find import find_cut
from nkflow.gating.adaptive.found import Cut, NoGate
from nkflow.gating.adaptive.likeness import unlike
from nkflow.gating.adaptive.window import ANYWHERE
from nkflow.simulate import simulate_lot


@pytest.mark.parametrize(("share", "seed"), [(0.0, 1), (0.0002, 2), (0.001, 3), (0.003, 4), (0.01, 5)])
def test_depleted_lot__gets_its_verdict(share: float, seed: int, tmp_path: Path) -> None:
    lot = depleted_lot(seed, share)
    result = released(lot, tmp_path)
    assert result.verdict == "PASS", result.reasons
    labels = {tube.id: tube.truth_counts for tube in lot.tubes}
    for tube in result.tubes:
        if tube.role == "sample":
            counts, true = tube.gating.counts, labels[tube.tube.name]
            assert counts["CD56+"] == pytest.approx(true["CD56+"], rel=0.01)
            assert abs(counts["T"] - true["T"]) <= max(5, 0.15 * true["T"])
            assert counts["CD3dim"] >= counts["T"]
    if share <= 0.001:
        found = {tube.tube.name: tube.gating.resolution["CD3"] for tube in _samples(result)}
        assert {cut.source for cut in found.values()} == {"FMO CD3"}
        valley = gate(simulate_lot(seed).tubes[0].sample, load_template("nk_release_7aad_adaptive"))
        assert min(cut.u for cut in found.values()) > 1.5 * valley.resolution["CD3"].u
        codes = [finding.code for tube in _samples(result) for finding in tube.findings]
        assert codes.count("cut-open") == 3
    if (bound := t_per_kg(result, lot)) is not None and 0 < share < 0.01:
        assert bound[1] >= bound[0]


def _samples(result):
    return [tube for tube in result.tubes if tube.role == "sample"]


@pytest.mark.parametrize(("kind", "seed"), [*((kind, 7000) for kind in FAILED), ("sample tubes", 7005)])
def test_badly_stained_lot__does_not_pass(kind: str, seed: int, tmp_path: Path) -> None:
    result, _ = released_failed(kind, seed, tmp_path)
    assert result.verdict != "PASS"


@pytest.mark.parametrize("seed", [11, 12])
def test_ordinary_tube__is_cut_at_the_valley_as_before(seed: int) -> None:
    lot, template = simulate_lot(seed), load_template("nk_release_7aad_adaptive")
    text = yaml.safe_load(template.to_yaml())
    for cut in text["cuts"]:
        cut["find"].pop("at_least", None)
        if cut["name"].startswith("CD3") and cut["name"] != "CD3 FMO":
            del cut["otherwise"]
    plain = parse_template(yaml.safe_dump(text, sort_keys=False))
    new, old = (
        gate(lot.tubes[0].sample, each, controls=lot.controls, histograms=False) for each in (template, plain)
    )
    assert new.resolution["CD3"].source == "tube"
    assert new.resolution.values == old.resolution.values
    assert new.boundaries == old.boundaries
    assert new.counts == old.counts


def test_depleted_tube_without_a_process_control__has_no_gate_and_says_why() -> None:
    lot = depleted_lot(21, 0.0005, events=30_000)
    fmos = [tube for tube in lot.controls if tube.role == "fmo"]
    found = gate(lot.tubes[0].sample, load_template("nk_release_7aad_adaptive"), controls=iter(fmos))
    message = found.resolution.missing["CD3"].message
    assert "there is no process-control to show that CD3 was stained" in message
    assert "T" not in found.counts


def test_depleted_tube_with_an_unstained_process_control__has_no_gate() -> None:
    lot = depleted_lot(21, 0.0005, events=30_000)
    fmos = {tube.marker: tube.sample for tube in lot.controls if tube.role == "fmo"}
    controls = fmos | {"process-control": fmos["CD3"]}
    found = gate(lot.tubes[0].sample, load_template("nk_release_7aad_adaptive"), controls=controls)
    assert "does not show CD3 either" in found.resolution.missing["CD3"].message


def test_depleted_tube__explains_what_answered() -> None:
    lot = depleted_lot(22, 0.0005, events=30_000)
    template = load_template("nk_release_7aad_adaptive")
    found = gate(lot.tubes[0].sample, template, controls=lot.controls)
    text = str(found.explain("CD3dim"))
    assert "valley gave no gate" in text
    assert "CD3 of T: tail" in text
    assert "left open" in text
    dim = next(p.gate for p in found.resolution.template.populations if p.names == ("CD3dim",))
    assert dim.high is None
    assert found.resolution["CD3 of T"].as_dict()["open"] is True
    assert "CD3 of T" not in {boundary.name for boundary in found.boundaries}


def test_fixable_dye__depleted_tube_is_gated_as_its_labels_say() -> None:
    lot = depleted_lot(23, 0.001, events=40_000)
    tube, *others = (
        with_fixable_dye(each, 23)
        for each in (lot.tubes[0], *(c for c in lot.controls if c.role in ("fmo", "process-control")))
    )
    found = gate(tube.sample, load_template("nk_release_fixable"), controls=others, histograms=False)
    assert set(found.resolution.missing) == {"CD3 of T"}
    assert found.counts["CD56+"] == pytest.approx(tube.truth_counts["CD56+"], rel=0.01)
    assert abs(found.counts["T"] - tube.truth_counts["T"]) <= 5


class TestLikeness:
    rng = np.random.default_rng(5)
    control, tube = rng.normal(0.2, 0.05, 20_000), rng.normal(0.2, 0.05, 40_000)

    usual = {"end": 0.5, "shift": (0.1, 0.3)}

    def test_cells_with_a_little_antibody__are_alike_also_beside_clear_positives(self) -> None:
        bright = self.rng.normal(0.7, 0.03, 400)
        assert unlike(np.append(self.tube + 0.01, bright), self.control, **self.usual) == ""

    @pytest.mark.parametrize("by", [0.0, 0.02])
    def test_cells_without_antibody_or_with_much__are_unlike(self, by: float) -> None:
        assert "with antibody on it and no dim cells" in unlike(self.tube + by, self.control, **self.usual)

    def test_dim_cells__are_unlike(self) -> None:
        dim = self.rng.normal(0.34, 0.05, 800)
        why = unlike(np.append(self.tube + 0.01, dim), self.control, **self.usual)
        assert "a little of the marker" in why

    def test_no_events__are_unlike(self) -> None:
        assert unlike(self.tube[:0], self.control, **self.usual) != ""


def test_valley__beside_a_small_peak_is_too_few_events() -> None:
    rng = np.random.default_rng(3)
    values = np.concatenate([rng.normal(0.2, 0.03, 9000), rng.normal(0.6, 0.03, 120)])
    few = find_cut(ValleyMethod(kind="valley", at_least=150), values, window=ANYWHERE)
    assert isinstance(few, NoGate)
    assert few.reason == "too-few-events"
    assert few.message.startswith("120 events in a peak")
    assert isinstance(find_cut(ValleyMethod(kind="valley", at_least=100), values, window=ANYWHERE), Cut)


def test_fmo__several_times_as_far_from_the_median() -> None:
    values = np.random.default_rng(3).normal(0.2, 0.03, 20_000)
    near = find_cut(FMOMethod(kind="fmo", marker="CD3"), values, window=ANYWHERE)
    far = find_cut(FMOMethod(kind="fmo", marker="CD3", times=1.5), values, window=ANYWHERE)
    middle = np.median(values)
    assert far.at - middle == pytest.approx(1.5 * (near.at - middle))
    assert far.floor[0] == near.at
    assert far.u > (far.at - near.at) / 3**0.5
    assert far.se == pytest.approx(1.5 * near.se)
