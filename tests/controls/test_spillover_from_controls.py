"""Spillover from single stains: coefficients, errors, unit rows, and what is wrong with a control, by name."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import nkflow as nk
from nkflow.errors import CompensationError, PanelError
from nkflow.fcs.sample import Sample
from nkflow.simulate.stains import SimulatedControls, StainFault, simulate_controls

EVENTS = 12_000
DIM = {"7-AAD-A", "Alexa Fluor 700-A", "APC-Cy7-A"}
OFF = ~np.eye(8, dtype=bool)


@pytest.fixture(scope="module", params=["cells", "beads"])
def simulated(request: pytest.FixtureRequest) -> SimulatedControls:
    return simulate_controls(4, request.param, events=EVENTS)


def part(sample: Sample, start: int) -> Sample:
    """Every second event of a sample."""
    columns = list(sample.values()[start::2].T)
    made = Sample.from_arrays(columns, sample.channels, keywords=dict(sample.keywords), name=sample.name)
    return replace(made, acquired=sample.acquired)


@pytest.fixture(scope="module")
def real(reference: Path) -> tuple[dict[str, Path], Path]:
    folder = reference / "compensation" / "cytoexplorer"
    rows = list(csv.DictReader((folder / "channels.csv").read_text().splitlines()))
    controls = {row["channel"]: folder / row["name"] for row in rows if row["channel"] != "Unstained"}
    return controls, folder / "Compensation-Unstained.fcs"


@pytest.mark.parametrize("method", ["median", "regression"])
def test_simulated_controls__give_the_true_matrix_within_the_errors(
    simulated: SimulatedControls, method: str
) -> None:
    found = nk.spillover_from_controls(simulated.controls, unstained=simulated.negatives, method=method)
    assert found.names == found.detectors == simulated.spillover.names
    apart = (found.matrix - simulated.spillover.matrix)[OFF]
    assert np.mean(np.abs(apart) <= 3 * found.errors[OFF]) >= 0.93
    assert np.abs(apart).max() < 0.02
    assert np.all(found.errors[OFF] > 0)
    assert np.all(np.diag(found.matrix) == 1)
    assert np.all(np.diag(found.errors) == 0)
    assert found.trusted


def test_small_negative_coefficients__are_kept_until_asked_away() -> None:
    made = simulate_controls(4, events=EVENTS)
    found = nk.spillover_from_controls(made.controls, unstained=made.negatives)
    assert (found.matrix < 0).any()
    clean = found.without_noise(2.0)
    small = OFF & (np.abs(found.matrix) < 2 * found.errors)
    assert np.all(clean.matrix[small] == 0)
    assert np.all(clean.matrix[~small] == found.matrix[~small])


def test_detector_without_control__has_a_unit_row_and_markers_name_detectors_too() -> None:
    made = simulate_controls(5, events=EVENTS)
    found = nk.spillover_from_controls(
        {"CD56": made.controls["PE-A"], "APC-A": made.controls["APC-A"]}, unstained=made.negatives
    )
    assert found.names == made.spillover.names
    for name, row in zip(found.names, found.matrix, strict=True):
        unit = np.eye(8)[found.names.index(name)]
        assert np.array_equal(row, unit) is (name not in {"PE-A", "APC-A"})
    assert found.matrix[3, 4] == pytest.approx(made.spillover.matrix[3, 4], abs=0.005)


def test_order_of_the_controls__changes_nothing(simulated: SimulatedControls) -> None:
    forward = nk.spillover_from_controls(simulated.controls, unstained=simulated.negatives)
    turned = dict(reversed(simulated.controls.items()))
    backward = nk.spillover_from_controls(turned, unstained=simulated.negatives[::-1])
    assert forward.names == backward.names
    np.testing.assert_allclose(forward.matrix, backward.matrix, atol=1e-9)


def test_tandem_that_broke_down__shows_in_its_row() -> None:
    from nkflow.simulate.spectra import degraded, true_spillover

    broken = degraded(true_spillover(), "PE-Cy7-A", "PE-A", 0.2)
    made = simulate_controls(6, events=EVENTS, spillover=broken)
    found = nk.spillover_from_controls(made.controls, unstained=made.negatives)
    assert found.matrix[5, 3] == pytest.approx(broken.matrix[5, 3], abs=0.01)
    assert broken.matrix[5, 3] > 0.2


def test_unstained_by_detector__is_used_for_that_control() -> None:
    made = simulate_controls(7, events=EVENTS)
    cells, killed = made.negatives
    each = {name: killed if name == "PerCP-Cy5-5-A" else cells for name in made.controls}
    found = nk.spillover_from_controls(made.controls, unstained=each)
    assert "heat-killed" in found.report("PerCP-Cy5-5-A").negative
    assert "heat-killed" not in found.report("PE-A").negative
    both = nk.spillover_from_controls(made.controls, unstained=made.negatives)
    assert "heat-killed" in both.report("PerCP-Cy5-5-A").negative, "the one most like it is taken"


@pytest.mark.parametrize("carrier", ["cells", "beads"])
@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (StainFault("dim", "CD3"), "dim-control"),
        (StainFault("saturated", "CD19"), "saturated-control"),
        (StainFault("swapped", "CD56", "CD14"), "swapped-controls"),
        (StainFault("mislabelled", "CD16", "CD3"), "mislabelled-control"),
        (StainFault("duplicated", "TCRgd", "CD45"), "duplicated-control"),
    ],
)
def test_faulty_control__is_named(fault: StainFault, code: str, carrier: str) -> None:
    made = simulate_controls(8, carrier, events=EVENTS, faults=[fault])
    found = nk.spillover_from_controls(made.controls, unstained=made.negatives, strict=False)
    about = [finding for finding in found.findings if finding.code == code or finding.code == "no-positives"]
    assert any(fault.marker in finding.message for finding in about), found.findings
    if code in {"swapped-controls", "mislabelled-control", "duplicated-control"}:
        with pytest.raises(CompensationError, match=fault.marker) as refused:
            nk.spillover_from_controls(made.controls, unstained=made.negatives)
        assert refused.value.code == "controls-unusable"


@pytest.mark.parametrize("seed", [9016, 9052, 9090])
def test_barely_saturated_control_of_a_rare_cell__is_named_and_still_measured(seed: int) -> None:
    """Under 1 % of the events at the end; the dye's own cells are 5 %, and dimmer ones hide them from a fixed share."""
    fault = StainFault("saturated", "TCRgd")
    made = simulate_controls(seed, events=EVENTS, faults=[fault])
    found = nk.spillover_from_controls({"FITC-A": made.controls["FITC-A"]}, unstained=made.negatives)
    assert 0.001 < found.report("FITC-A").saturated < 0.01
    assert [(finding.code, finding.severity) for finding in found.findings] == [
        ("saturated-control", "warning")
    ]
    assert found.report("FITC-A").positives_are == "mode"
    row = found.names.index("FITC-A")
    assert np.abs(found.matrix - made.spillover.matrix)[row].max() < 0.001


def test_saturated_control_of_which_only_the_smear_is_left__is_refused() -> None:
    """Nearly all events that carry the antigen stand at the end; the row of the others is wrong by eight errors."""
    made = simulate_controls(9000, events=30_000, faults=[StainFault("saturated", "CD14")])
    with pytest.raises(CompensationError, match=r"APC-Cy7 CD14.*saturated"):
        nk.spillover_from_controls({"APC-Cy7-A": made.controls["APC-Cy7-A"]}, unstained=made.negatives)


@pytest.mark.parametrize(("seed", "name"), [(9009, "V500-A"), (9001, "PerCP-Cy5-5-A")])
def test_line_through_a_dye_on_every_event__takes_its_dim_end_from_the_unstained_tube(
    seed: int, name: str
) -> None:
    """Some carry more, a mode of their own: by itself it gives a line with ten times the error."""
    made = simulate_controls(seed, events=30_000)
    only = {name: made.controls[name]}
    line = nk.spillover_from_controls(only, unstained=made.negatives, method="regression")
    level = nk.spillover_from_controls(only, unstained=made.negatives)
    assert line.report(name).positives_are == "mode"
    row = line.names.index(name)
    assert line.errors[row].max() < 2.0 * level.errors[row].max()


def test_right_controls__are_named_for_nothing(simulated: SimulatedControls) -> None:
    found = nk.spillover_from_controls(simulated.controls, unstained=simulated.negatives)
    assert found.findings == ()


@pytest.mark.parametrize("name", ["PE-A", "V450-A", "V500-A", "APC-A"])
def test_sample_tube_given_as_a_control__is_no_single_stain(name: str) -> None:
    made = simulate_controls(12, events=EVENTS)
    tube = nk.simulate_lot(12, events=EVENTS).tubes[0].sample
    found = nk.spillover_from_controls({name: tube}, unstained=made.negatives, strict=False)
    about = [finding for finding in found.findings if finding.severity == "error"]
    assert {finding.code for finding in about} & {"another-dye", "mislabelled-control"}, found.findings
    assert all(tube.name in finding.message for finding in about)


@pytest.mark.parametrize("method", ["median", "regression"])
def test_right_controls_without_an_unstained_tube__use_their_own_negatives(method: str) -> None:
    """CD3 is on more than half of the cells; CD45 and the dye of heat-killed cells are on all, and need a tube."""
    made = simulate_controls(4, events=EVENTS)
    found = nk.spillover_from_controls(made.controls, method=method, strict=False)
    assert found.report("V450-A").negative == "its own negatives"
    without = {finding.where for finding in found.findings if finding.code == "no-negative"}
    assert without == ({"V500-A", "PerCP-Cy5-5-A"} if method == "median" else set())
    assert not any(finding.code == "saturated-control" for finding in found.findings)
    measured = found.errors > 0
    assert np.abs(found.matrix - made.spillover.matrix)[measured].max() < 0.01


def test_negative_of_another_carrier__is_not_taken() -> None:
    beads, cells = simulate_controls(9, "beads", events=EVENTS), simulate_controls(9, "cells", events=EVENTS)
    found = nk.spillover_from_controls({"PE-A": beads.controls["PE-A"]}, unstained=cells.negatives[0])
    assert found.report("PE-A").negative == "its own negatives"


def test_other_settings_of_one_control__are_found() -> None:
    made = simulate_controls(10, events=EVENTS)
    odd = made.controls["APC-A"]
    keywords = dict(odd.keywords)
    channel = odd.channels[odd.index("APC-A")]
    keywords[f"$P{channel.index + 1}V"] = "333"
    changed = Sample.from_arrays(list(odd.values().T), odd.channels, keywords=keywords, name=odd.name)
    found = nk.spillover_from_controls(
        made.controls | {"APC-A": changed}, unstained=made.negatives, strict=False
    )
    assert [finding.code for finding in found.findings] == ["other-voltage"]
    assert "333" in found.findings[0].message
    assert odd.name in found.findings[0].message


def test_unknown_or_doubled_key__is_refused() -> None:
    made = simulate_controls(11, events=2000)
    with pytest.raises(PanelError):
        nk.spillover_from_controls({"BV785-A": made.controls["PE-A"]}, unstained=made.negatives)
    with pytest.raises(CompensationError, match="two controls for one detector"):
        nk.spillover_from_controls(
            {"CD56": made.controls["PE-A"], "PE-A": made.controls["PE-A"]}, unstained=made.negatives
        )
    with pytest.raises(CompensationError, match="no detector"):
        nk.spillover_from_controls({"FSC-A": made.controls["PE-A"]}, unstained=made.negatives)
    with pytest.raises(CompensationError, match="no control"):
        nk.spillover_from_controls({})


def test_real_controls__agree_with_the_reference(real: tuple[dict[str, Path], Path], reference: Path) -> None:
    """Within 0.01 for bright dyes and 0.04 for dim ones, of a matrix that a person gated."""
    controls, unstained = real
    truth = nk.Spillover.from_csv(reference / "compensation" / "cytoexplorer" / "spillover_reference.csv")
    found = nk.spillover_from_controls(controls, unstained=unstained)
    assert found.names == truth.names
    for name, row, expected in zip(found.names, found.matrix, truth.matrix, strict=True):
        assert np.abs(row - expected).max() <= (0.04 if name in DIM else 0.01), name
    assert {finding.where for finding in found.findings if finding.code == "dim-control"} <= DIM


@pytest.mark.parametrize("start", [0, 1])
def test_real_controls__lie_level_on_events_that_were_not_used(
    real: tuple[dict[str, Path], Path], start: int
) -> None:
    """CO-23: after compensation medians of positives and negatives agree within 0.25 robust SD of the negative."""
    controls, unstained = real
    all_of = {name: nk.read_fcs(path) for name, path in controls.items()}
    empty = nk.read_fcs(unstained)
    found = nk.spillover_from_controls(
        {name: part(sample, start) for name, sample in all_of.items()}, unstained=part(empty, start)
    )
    assert len(set(all_of) - DIM) == 3
    for name in set(all_of) - DIM:
        apart, error = compared(found, part(all_of[name], 1 - start), part(empty, 1 - start), name)
        assert len(apart) == 10
        assert np.all(np.abs(apart) <= np.maximum(0.25, 3 * error)), name
        assert np.median(np.abs(apart)) < 0.12, name


def test_remainder_on_unused_events__is_sampling_noise(real: tuple[dict[str, Path], Path]) -> None:
    """Over random halves the differences average to less than 0.25 robust SD: single ones scatter by up to 0.5."""
    controls, unstained = real
    all_of = {name: nk.read_fcs(path) for name, path in controls.items() if name not in DIM}
    empty = nk.read_fcs(unstained)
    apart: dict[str, list[np.ndarray]] = {name: [] for name in all_of}
    for seed in range(4):
        rng = np.random.default_rng(seed)
        chosen = {name: rng.random(sample.n_events) < 0.5 for name, sample in all_of.items()}
        dark = rng.random(empty.n_events) < 0.5
        for flip in (False, True):
            used = {name: picked(sample, chosen[name] ^ flip) for name, sample in all_of.items()}
            found = nk.spillover_from_controls(used, unstained=picked(empty, dark ^ flip))
            for name, sample in all_of.items():
                rest = picked(sample, ~chosen[name] ^ flip)
                apart[name].append(compared(found, rest, picked(empty, ~dark ^ flip), name)[0])
    for name, several in apart.items():
        assert np.abs(np.mean(several, axis=0)).max() <= 0.25, name


def picked(sample: Sample, keep: np.ndarray) -> Sample:
    """The events of a sample that `keep` says."""
    columns = list(sample.values()[keep].T)
    made = Sample.from_arrays(columns, sample.channels, keywords=dict(sample.keywords), name=sample.name)
    return replace(made, acquired=sample.acquired)


def compared(found: nk.Spillover, stained: Sample, empty: Sample, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Differences of medians of every secondary detector and their errors, in robust SDs of the negative."""
    from nkflow.controls.gated import gate_control
    from nkflow.controls.tube import tube_of

    own = found.names.index(name)
    control = gate_control(tube_of(stained, found.names), own, [tube_of(empty, found.names)])
    positive, negative = found.apply(control.positives.T), found.apply(control.negative.T)
    width, wide = [
        np.diff(np.quantile(rows, [0.1587, 0.8413], axis=0), axis=0)[0] / 2 for rows in (negative, positive)
    ]
    apart = (np.median(positive, axis=0) - np.median(negative, axis=0)) / width
    # the estimate rests on as many events as the comparison
    error = 1.2533 * np.sqrt(2.0) * wide / width / np.sqrt(len(positive))
    return np.delete(apart, own), np.delete(error, own)


def test_spectral_controls__give_peaks_and_a_stable_spectrum(reference: Path) -> None:
    folder = reference / "compensation" / "spectral_controls"
    peaks = {
        "CD16 APC": "R1-A",
        "Spark Blue": "B3-A",
        "BV605": "V10-A",
        "CD14": "V3-A",
        "CD19": "V3-A",
        "Zombie": "R",
    }
    samples = {path.stem: nk.read_fcs(path) for path in sorted(folder.glob("DR_*.fcs"))}
    unstained = nk.read_fcs(folder / "INF071_Ctrl_Unstained.fcs")
    whole = nk.spectra_from_controls(samples, unstained=unstained)
    assert whole.matrix.shape == (6, 64)
    for words, peak in peaks.items():
        row = next(k for k, name in enumerate(whole.names) if words in name)
        assert whole.detectors[int(np.argmax(whole.matrix[row]))].startswith(peak)
    alike = [finding for finding in whole.findings if finding.code == "spectra-alike"]
    assert len(alike) == 1
    assert "CD14" in alike[0].message
    assert "CD19" in alike[0].message
    halves = [
        nk.spectra_from_controls({n: part(s, k) for n, s in samples.items()}, unstained=part(unstained, k))
        for k in (0, 1)
    ]
    for one, other in zip(halves[0].matrix, halves[1].matrix, strict=True):
        assert one @ other / np.linalg.norm(one) / np.linalg.norm(other) > 0.99
