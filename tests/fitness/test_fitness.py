"""Fitness on the stained tube: right matrices pass, wrong ones are found, events compensated before are told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import nkflow as nk
from nkflow.errors import CompensationError, InvalidValueError
from nkflow.fcs.sample import Sample
from nkflow.fitness import assess, compensation_state, fitness
from nkflow.simulate.spectra import true_spillover, wrong

TRUTH = true_spillover()
NAMES = list(TRUTH.names)


@pytest.fixture(scope="module")
def tube() -> Sample:
    return nk.simulate_lot(21, events=40_000).tubes[0].sample


@pytest.fixture(scope="module")
def observed(tube: Sample) -> np.ndarray:
    return tube.values(NAMES)


@pytest.mark.parametrize("seed", range(6))
def test_right_matrix__is_not_flagged(seed: int) -> None:
    sample = nk.simulate_lot(100 + seed, events=30_000).tubes[0].sample
    found = assess(sample.values(NAMES), TRUTH)
    assert found.wrong == ()
    assert found.assessable >= 25
    assert found.state.word == "not compensated"


@pytest.mark.parametrize(
    ("dye", "into"),
    [("V500-A", "V450-A"), ("V500-A", "APC-A"), ("PE-A", "PerCP-Cy5-5-A"), ("PE-A", "V450-A"),
     ("PE-Cy7-A", "FITC-A"), ("PerCP-Cy5-5-A", "V450-A"), ("APC-Cy7-A", "V450-A")],
)  # fmt: skip
@pytest.mark.parametrize("by", [-0.02, 0.02])
def test_wrong_coefficient_of_a_bright_dye__is_found_with_its_size(
    observed: np.ndarray, dye: str, into: str, by: float
) -> None:
    found = assess(observed, wrong(TRUTH, dye, into, by))
    pair = next(pair for pair in found.wrong if (pair.source, pair.target) == (dye, into))
    assert pair.judgement == ("over" if by > 0 else "under")
    assert pair.slope == pytest.approx(-by, abs=0.008)
    assert pair.low < pair.slope < pair.high


def test_what_the_tube_says_nothing_of__is_named(observed: np.ndarray) -> None:
    found = assess(observed, TRUTH)
    dark, full = found.silent
    assert full == ("V500-A",), "CD45"
    assert "FITC-A" in dark, "a handful of gamma-delta T cells"
    assert {pair.judgement for pair in found.pairs if pair.target == "V500-A"} == {"not assessable"}
    assert "too few bright events: FITC-A" in found.summary()
    assert found.summary().endswith("what spills into it: V500-A")
    nothing = fitness(observed[:50], NAMES)
    assert nothing.silent == (tuple(NAMES), ())


def test_events_near_a_line__are_counted_as_distances_would() -> None:
    from nkflow.fitness.line import _near

    rng = np.random.default_rng(3)
    x, y = rng.uniform(10, 4000, 3000), rng.normal(0, 300, 3000)
    slopes = np.array([-0.6, -0.05, 0.0, 0.01, 0.06])
    expected = [np.count_nonzero(np.abs(y - slope * x) <= 80.0) for slope in slopes]
    assert _near((x, y), slopes, 80.0).tolist() == expected
    assert _near((-x, y), slopes, 80.0).tolist() == [0] * 5


def test_events_that_were_compensated_before__are_told(observed: np.ndarray) -> None:
    state = assess(TRUTH.apply(observed), TRUTH).state
    assert state.word == "compensated already"
    assert state.share == pytest.approx(1.0, abs=0.1)
    assert [finding.code for finding in state.findings()] == ["compensated-before"]


def test_real_files__keywords_decide_nothing(reference: Path) -> None:
    """FCS-C06: all three say APPLY COMPENSATION=TRUE; only the events of the first were compensated."""
    files = {
        "gating/saeys_mouse_nk/Saeys_28.fcs": "compensated already",
        "gating/flowsom_mouse_nk/68983.fcs": "not compensated",
        "compensation/cytoexplorer/Compensation-PE.fcs": "not compensated",
        "compensation/cytoexplorer/Compensation-FITC.fcs": "not compensated",
        "compensation/cytoexplorer/Compensation-APC.fcs": "not compensated",
    }
    for name, word in files.items():
        sample = nk.read_fcs(reference / name)
        assert sample.keywords["APPLY COMPENSATION"] == "TRUE"
        assert compensation_state(sample).word == word, name


def test_real_file_compensated_in_between__is_told(reference: Path) -> None:
    sample = nk.read_fcs(reference / "gating" / "flowsom_mouse_nk" / "68983.fcs")
    matrix = sample.spillover
    once = matrix.apply(sample.values(list(matrix.detectors)))
    assert assess(once, matrix).state.word == "compensated already"


def test_sample_without_matrix__has_no_state(tube: Sample) -> None:
    with pytest.raises(CompensationError, match="no matrix"):
        compensation_state(replace(tube, spillover=None))


def test_few_or_no_events__are_not_assessable() -> None:
    rng = np.random.default_rng(1)
    for n in (0, 1, 50):
        found = fitness(rng.normal(0, 50, (n, 3)), ["a", "b", "c"])
        assert found.assessable == 0
        assert {pair.judgement for pair in found.pairs} == {"not assessable"}
        assert found.as_dict()["pairs"] == []


def test_names_that_do_not_fit__are_refused() -> None:
    with pytest.raises(InvalidValueError):
        fitness(np.zeros((10, 3)), ["a", "b"])


def test_non_finite_events__are_left_out(observed: np.ndarray) -> None:
    dirty = observed.copy()
    dirty[::50, 2] = np.nan
    dirty[7::50, 4] = np.inf
    kept = np.isfinite(dirty).all(axis=1)
    found, clean = (fitness(TRUTH.apply(rows), NAMES) for rows in (dirty, dirty[kept]))
    both = np.isfinite(found.slopes) & np.isfinite(clean.slopes)
    assert both.sum() >= 25
    np.testing.assert_allclose(found.slopes[both], clean.slopes[both], atol=0.004)


class TestGating:
    template = nk.load_template("nk_release_7aad")

    def test_every_gating_has_it(self, tube: Sample) -> None:
        gating = nk.gate(tube, self.template)
        assert gating.fitness.wrong == ()
        assert gating.findings == ()
        found = gating.as_dict()["fitness"]
        assert found["assessable"] == len(found["pairs"]) >= 25
        assert found["state"]["state"] == "not compensated"

    def test_wrong_coefficient__is_a_finding_that_names_the_gates(self, tube: Sample) -> None:
        matrix = wrong(TRUTH, "V500-A", "V450-A", 0.03)
        found = [
            f for f in nk.gate(tube, self.template, spillover=matrix).findings if f.code == "over-compensated"
        ]
        assert len(found) == 1
        assert "V450-A is over-compensated for V500-A" in found[0].message
        assert "NK" in found[0].consequence

    def test_wrong_coefficient_that_no_gate_reads__is_no_finding(self, tube: Sample) -> None:
        matrix = wrong(TRUTH, "V500-A", "V450-A", 0.03)
        gating = nk.gate(
            tube, nk.Template.of(nk.Range("CD56", low=900), nk.Range("CD45", low=2000)), spillover=matrix
        )
        assert [pair.target for pair in gating.fitness.wrong] == ["V450-A"]
        assert [f.code for f in gating.findings] == ["matrix-given"]

    def test_events_compensated_before__are_an_error(self, tube: Sample, observed: np.ndarray) -> None:
        columns = list(tube.values().T)
        for name, column in zip(NAMES, TRUTH.apply(observed).T, strict=True):
            columns[tube.index(name)] = column
        done = Sample.from_arrays(columns, tube.channels, spillover=TRUTH, name="done.fcs")
        findings = nk.gate(done, self.template).findings
        assert [f.severity for f in findings if f.code == "compensated-before"] == ["error"]

    def test_transposed_matrix__is_refused_or_an_error(self, tube: Sample) -> None:
        turned = nk.Spillover(TRUTH.names, TRUTH.matrix.T, source="turned.csv")
        with pytest.raises(CompensationError) as refused:
            nk.gate(tube, self.template, spillover=turned)
        assert refused.value.code == "transposed"
        without = replace(tube, spillover=None)
        codes = {f.code: f.severity for f in nk.gate(without, self.template, spillover=turned).findings}
        assert codes["transposed-matrix"] == "error"
        assert "compensated-before" not in codes

    def test_inverted_matrix__is_refused(self, tube: Sample) -> None:
        inverse = nk.Spillover(TRUTH.names, TRUTH.inverse, source="inverse.csv")
        with pytest.raises(CompensationError) as refused:
            nk.gate(tube, self.template, spillover=inverse)
        assert refused.value.code == "inverted"

    def test_without_a_matrix__there_are_slopes_and_no_findings(self, tube: Sample) -> None:
        template = nk.Template.of(
            nk.Quadrant("CD3", 900, "CD45", 1500, names={"++": "a", "+-": "b", "-+": "c", "--": "d"}),
            compensation="none",
        )
        gating = nk.gate(tube, template)
        assert gating.fitness.names == ("V450-A", "V500-A")
        assert [f.code for f in gating.findings] == ["matrix-not-used"]


def test_pictures__name_every_channel(observed: np.ndarray) -> None:
    found = assess(observed, wrong(TRUTH, "V500-A", "V450-A", 0.03))
    svg = found.svg()
    assert svg == found.svg()
    assert all(name in svg for name in NAMES)
    assert svg.count("<rect") == found.assessable + 1  # and the ground
    assert ">−</text>" in svg
    figure = found.figure()
    assert list(figure.data[0].x) == NAMES


@pytest.mark.parametrize("seed", [5, 6, 8])
def test_beads_alone__hold_nothing_to_judge_a_matrix_by(seed: int) -> None:
    tube = next(tube for tube in nk.simulate_lot(seed, events=12_000).controls if tube.role == "bead-only")
    gating = nk.gate(tube.sample, nk.load_template("nk_release_7aad"))
    assert not gating.findings
    assert not gating.fitness.wrong
