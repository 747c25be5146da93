"""Other templates made a laboratory's own: `tbnk`, `nk_release_fixable`, and one with an ellipse; then new tubes."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from benchmarks.blood_tubes import CYTOMETERS, SUBSETS, BloodTube, Cytometer, blood_tube
from benchmarks.fixable_tubes import with_fixable_dye
from click.testing import CliRunner

from adaptive.test_ellipse import TEXT, sample_of
from laboratory.own_instrument import CYTOMETER, own_sample
from nkflow.cli import main
from nkflow.errors import GatingError
from nkflow.fcs import read_fcs, write_fcs
from nkflow.fcs.sample import Sample
from nkflow.gating import Template, gate, load_template
from nkflow.laboratory.adoption import adopt
from nkflow.simulate import SimulatedTube, simulate_lot


def adopted_by_verb(name: str, tubes: Path, out: Path) -> tuple[Template, dict]:
    """Adopt as a person does; return the draft and what was said."""
    words = ["template", "adopt", name, "--tubes", str(tubes), "--out", str(out), "--json"]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.stderr
    page = out.with_suffix(".html").read_text()
    assert page.count("<svg") >= 3
    draft = load_template(out)
    assert draft.document.draft
    return draft, json.loads(result.stdout)


def f1(inside: np.ndarray, true: np.ndarray) -> float:
    return float(2 * np.count_nonzero(inside & true) / (inside.sum() + true.sum()))


class TestBlood:
    @staticmethod
    def written(path: Path, tube: BloodTube) -> Sample:
        sample, words = tube.sample, {"$CYT": tube.cytometer.name, "$CYTSN": "B-1"}
        path.parent.mkdir(exist_ok=True)
        spill = sample.spillover
        write_fcs(path, sample.values(), channels=sample.channels, keywords=words, spillover=spill)
        return read_fcs(path)

    @pytest.mark.parametrize(
        "cytometer", [CYTOMETERS[0], CYTOMETERS[2], CYTOMETERS[4]], ids=lambda each: each.name
    )
    def test_draft__gates_new_tubes_as_their_labels_say(self, cytometer: Cytometer, tmp_path: Path) -> None:
        for seed in range(40, 51):
            self.written(
                tmp_path / "tubes" / f"patient {seed}.fcs", blood_tube(seed, cytometer, events=12_000)
            )
        draft, said = adopted_by_verb("tbnk", tmp_path / "tubes", tmp_path / "ours.yaml")
        assert said["n_tubes"] == 11
        assert draft.reference.instrument == cytometer.name
        windows = {cut["name"]: cut for cut in said["cuts"]}
        for name in ("CD3", "CD19", "CD16+56", "CD4", "CD8"):
            (low, high), (lowest, highest) = windows[name]["window"], windows[name]["window_before"]
            assert lowest < low < high < highest
            assert windows[name]["n"] >= 10
        picture = (
            adopt("tbnk", tmp_path / "tubes").page().partition("<title>CD3</title>")[2].partition("</svg>")[0]
        )
        places = [
            float(at) for at in re.findall(r'd="M([\d.]+) [^"]*" stroke="#777777" stroke-dash', picture)
        ]
        assert (
            len(places) < 2 or places[1] - places[0] > 100
        )  # the shipped window, as wide as it is on this axis
        assert (windows["singlets"]["n"] == 0) is not cytometer.height
        for seed in (60, 61, 62):
            tube = blood_tube(seed, cytometer, events=12_000)
            found = gate(self.written(tmp_path / f"new {seed}.fcs", tube), draft, histograms=False)
            assert set(found.resolution.missing) <= {"singlets"}
            for name in SUBSETS:
                assert f1(found.mask(name), tube.mask(name)) >= (0.93 if name == "NKT-like" else 0.97), name


class TestFixable:
    @staticmethod
    def written(path: Path, tube: SimulatedTube) -> Sample:
        values, channels, words = own_sample(tube.sample)
        path.parent.mkdir(exist_ok=True)
        spill = tube.sample.spillover
        write_fcs(path, values, channels=channels, keywords=words, spillover=spill)
        return read_fcs(path)

    def test_draft__gates_new_tubes_as_their_labels_say(self, tmp_path: Path) -> None:
        fmos = {}
        for seed in range(700, 711):
            lot = simulate_lot(seed, events=30_000)
            self.written(tmp_path / "tubes" / f"donor {seed}.fcs", with_fixable_dye(lot.tubes[0], seed))
            for tube in (each for each in lot.controls if each.role == "fmo" and seed == 700):
                path = tmp_path / "tubes" / f"FMO {tube.marker}.fcs"
                fmos[tube.marker] = self.written(path, with_fixable_dye(tube, seed))
        draft, said = adopted_by_verb("nk_release_fixable", tmp_path / "tubes", tmp_path / "ours.yaml")
        assert (said["n_tubes"], draft.reference.instrument) == (11, CYTOMETER)
        assert all(cut["n"] == 11 for cut in said["cuts"])
        for seed in (720, 721, 722):
            tube = with_fixable_dye(simulate_lot(seed, events=30_000).tubes[0], seed)
            found = gate(
                self.written(tmp_path / f"new {seed}.fcs", tube), draft, controls=fmos, histograms=False
            )
            assert found.resolution.missing == {}
            for name in ("viable", "NK", "NKT-like", "T"):
                assert found.counts[name] == pytest.approx(tube.truth_counts[name], rel=0.02, abs=5), name


class TestEllipse:
    @staticmethod
    def written(path: Path, seed: int, *, gains: tuple[float, float]) -> Sample:
        """Write a tube of an instrument with other gains of scatter, which vary by 3 % between tubes."""
        sample = sample_of(6000, seed=seed)
        vary = np.exp(0.03 * np.random.default_rng([seed, 9]).standard_normal(2))
        channels = [replace(channel, range=262144.0) for channel in sample.channels]
        path.parent.mkdir(exist_ok=True)
        values = np.minimum(sample.values() * np.array(gains) * vary, 262143)
        write_fcs(path, values, channels=channels, keywords={"$CYT": "Own", "$CYTSN": "1"})
        return read_fcs(path)

    @pytest.mark.parametrize("gains", [(1.0, 1.0), (0.7, 1.4)])
    def test_all_windows__are_the_laboratorys_own(self, gains: tuple[float, float], tmp_path: Path) -> None:
        (tmp_path / "round.yaml").write_text(TEXT)
        for seed in range(10):
            self.written(tmp_path / "tubes" / f"{seed}.fcs", seed, gains=gains)
        draft, said = adopted_by_verb(
            str(tmp_path / "round.yaml"), tmp_path / "tubes", tmp_path / "ours.yaml"
        )
        (cut,), find = draft.document.cuts, draft.document.cuts[0].find
        assert sum(cut.window) / 2 == pytest.approx(0.30 * 262144 * gains[0], rel=0.04)
        assert sum(find.y_window) / 2 == pytest.approx(0.14 * 262144 * gains[1], rel=0.04)
        for window, shipped in (
            (cut.window, (60000, 100000)),
            (find.y_window, (20000, 60000)),
            (find.size, (0.05, 0.3)),
        ):
            assert window[1] - window[0] < shipped[1] - shipped[0]
        assert said["cuts"][0]["outline"]["y_window"] == list(find.y_window)
        for seed in (20, 21, 22):
            found = gate(self.written(tmp_path / f"new {seed}.fcs", seed, gains=gains), draft)
            assert found.counts["lymphocytes"] == pytest.approx(0.95 * 3000, rel=0.03)

    def test_few_tubes__are_refused(self, tmp_path: Path) -> None:
        (tmp_path / "round.yaml").write_text(TEXT)
        for seed in range(9):
            self.written(tmp_path / "tubes" / f"{seed}.fcs", seed, gains=(1.0, 1.0))
        with pytest.raises(GatingError, match="9 sample tubes can be used, 10 are needed"):
            adopt(tmp_path / "round.yaml", tmp_path / "tubes")
