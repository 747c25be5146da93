"""``nkflow spillover`` as its users meet it: what is which control, matrix, documents, exit codes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

import nkflow as nk
from nkflow.cli import main
from nkflow.fcs.write import write_fcs
from nkflow.simulate.stains import StainFault, simulate_controls


def run(*words: object) -> Result:
    return CliRunner().invoke(main, ["-q", *[str(word) for word in words]], catch_exceptions=False)


@pytest.fixture(scope="module")
def lot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = nk.simulate_lot(41, events=12_000, single_stains="cells")
    return made.write(tmp_path_factory.mktemp("lots") / "lot")


@pytest.fixture(scope="module")
def folder(lot: Path) -> Path:
    return lot / "compensation"


def test_folder__gives_the_true_matrix_and_says_how_it_decided(folder: Path) -> None:
    result = run("spillover", folder, "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert (found["schema"], found["version"]) == ("nkflow.spillover", 1)
    truth = nk.Spillover.from_csv(folder / "true_spillover.csv")
    assert tuple(found["names"]) == truth.names
    apart = np.abs(np.array(found["matrix"]) - truth.matrix)
    assert np.all(apart <= np.maximum(5 * np.array(found["standard_errors"]), 1e-12))
    roles = {row["file"]: (row["role"], row["detector"]) for row in found["files"]}
    assert roles["PE CD56.fcs"] == ("control", "PE-A")
    assert roles["Unstained heat-killed.fcs"] == ("unstained", "")
    assert all(row["reason"] for row in found["files"])


def test_table__names_every_control(folder: Path) -> None:
    result = run("spillover", folder)
    assert result.exit_code == 0
    for word in ("PE CD56.fcs", "APC-Cy7-A", "unstained", "condition number", "SHA-256"):
        assert word in result.stdout


def test_out__writes_what_gate_reads_and_keeps_the_origin(lot: Path, folder: Path, tmp_path: Path) -> None:
    out, page = tmp_path / "matrix.csv", tmp_path / "controls.html"
    assert run("spillover", folder, "--out", out, "--page", page).exit_code == 0
    assert out.with_suffix(".svg").read_text().startswith("<svg")
    assert page.read_text().count("<svg") == 2 + 8 * 14
    assert nk.Spillover.from_csv(out).origin.cytometer == "nkflow simulated cytometer"
    gated = run("gate", lot / "A.fcs", "-t", "nk_release_7aad", "--spillover", out, "--json")
    assert gated.exit_code == 0
    document = json.loads(gated.stdout)
    assert document["fitness"]["assessable"] > 20
    assert not {f["code"] for f in document["findings"]} & {"other-instrument", "other-voltage", "other-date"}
    again = run("spillover", folder, "--out", out)
    assert again.exit_code == 2
    assert "--force" in again.stderr
    assert (
        run("spillover", folder, "--out", out, "--page", page, "--force", "--layout", "diva").exit_code == 0
    )
    assert "Spectral Overlap" in out.read_text()
    assert nk.Spillover.from_csv(out).origin is not None


def test_gate__says_how_fit_the_compensation_is(lot: Path, tmp_path: Path) -> None:
    result = run("gate", lot / "A.fcs", "-t", "nk_release_7aad", "--out", tmp_path / "gated")
    assert "compensation: of 56 pairs of channels" in result.stdout
    assert "not compensated before" in result.stdout
    assert (tmp_path / "gated" / "plots" / "compensation.svg").read_text().startswith("<svg")


def written(folder: Path, made: object) -> Path:
    folder.mkdir()
    for name, sample in made.controls.items():
        write_fcs(folder / f"{name}.fcs", sample, keywords={"TUBE NAME": name})
    for sample in made.negatives:
        write_fcs(folder / sample.name, sample, keywords={"TUBE NAME": sample.name})
    return folder


def test_swapped_controls__are_3_and_named(tmp_path: Path) -> None:
    made = simulate_controls(42, events=6000, faults=[StainFault("swapped", "CD56", "CD14")])
    result = run("spillover", written(tmp_path / "swapped", made), "--json")
    assert result.exit_code == 3
    error = json.loads(result.stdout)
    assert error["code"] == "controls-unusable"
    assert "swapped" in error["found"]
    assert "swapped" in result.stderr


def test_written_mapping__decides(folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "channels.csv"
    table.write_text(
        '"name","channel"\n"PE CD56.fcs","PE-A"\n"APC CD19.fcs","CD19"\n"Unstained.fcs","Unstained"\n'
    )
    found = json.loads(run("spillover", folder, "--controls", table, "--json").stdout)
    assert [report["detector"] for report in found["controls"]] == ["PE-A", "APC-A"]
    assert found["matrix"][0] == [1, 0, 0, 0, 0, 0, 0, 0]
    yaml = tmp_path / "controls.yaml"
    yaml.write_text(
        "nkflow: controls/1\ncontrols: {PE-A: PE CD56.fcs, CD19: APC CD19.fcs}\nunstained: [Unstained.fcs]\n"
    )
    other = json.loads(run("spillover", folder, "--controls", yaml, "--json").stdout)
    assert other["sha256"] == found["sha256"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", "file,dose\nPE CD56.fcs,1\n", "name and channel"),
        ("a.csv", "name,channel\nnone.fcs,PE-A\n", "no such file"),
        ("a.csv", "name,channel\nPE CD56.fcs,PE-A\nAPC CD19.fcs,PE-A\n", "one file for each channel"),
        ("a.csv", "name,channel\nUnstained.fcs,Unstained\n", "no control"),
        ("a.csv", "", "name and channel"),
        ("a.yaml", "nkflow: controls/1\ncontrols: {}\n", "controls"),
        ("a.yaml", "nkflow: controls/1\ncontrols: {PE-A: PE CD56.fcs}\nunstaned: []\n", "unstaned"),
    ],
)  # fmt: skip
def test_mistake_in_the_mapping__is_4(
    folder: Path, tmp_path: Path, name: str, content: str, says: str
) -> None:
    path = tmp_path / name
    path.write_text(content)
    result = run("spillover", folder, "--controls", path)
    assert result.exit_code == 4
    assert says in result.stderr


def test_two_files_for_one_detector__are_3(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "two")
    shutil.copy(folder / "PE CD56.fcs", tmp_path / "two" / "PE again.fcs")
    result = run("spillover", tmp_path / "two")
    assert result.exit_code == 3
    assert "PE-A" in result.stderr


def test_folder_without_files__is_3(tmp_path: Path) -> None:
    assert run("spillover", tmp_path).exit_code == 3


def test_spectra__are_rows_of_dyes(reference: Path, tmp_path: Path) -> None:
    folder = reference / "compensation" / "spectral_controls"
    result = run("spillover", folder, "--spectra", "--json", "--out", tmp_path / "spectra.csv")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert np.array(found["matrix"]).shape == (6, 64)
    assert nk.Spillover.from_csv(tmp_path / "spectra.csv").names == tuple(found["names"])


def test_real_folder__is_read_by_its_tube_names(reference: Path) -> None:
    found = json.loads(run("spillover", reference / "compensation" / "cytoexplorer", "--json").stdout)
    truth = dict(
        line.replace('"', "").split(",")
        for line in (reference / "compensation" / "cytoexplorer" / "channels.csv")
        .read_text()
        .splitlines()[1:]
    )
    assert {row["file"]: row["detector"] or "Unstained" for row in found["files"]} == truth
