"""A lot that is compensated with a matrix of its own: measured from controls, of this instrument and day, or not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import nkflow as nk
from nkflow.compensation import Spillover
from nkflow.controls.measured import MeasuredSpillover
from nkflow.errors import LotError


@pytest.fixture(scope="module")
def measured() -> MeasuredSpillover:
    made = nk.simulate_controls(61, "beads", events=10_000)
    return nk.spillover_from_controls(made.controls, unstained=made.negatives)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = nk.simulate_lot(61, events=12_000).write(tmp_path_factory.mktemp("lots") / "lot")
    text = (folder / "lot.yaml").read_text()
    (folder / "with.yaml").write_text(text.replace("\nprotocol:", "\nspillover: matrix.csv\nprotocol:", 1))
    return folder


def released(folder: Path, matrix: Spillover, document: dict | None) -> nk.Release:
    (folder / "matrix.csv").write_text(matrix.to_csv())
    (folder / "matrix.json").unlink(missing_ok=True)
    if document is not None:
        (folder / "matrix.json").write_text(json.dumps(document))
    return nk.release(folder / "with.yaml", second_engine=False)


def test_matrix_of_the_lot__is_used_and_recorded(folder: Path, measured: MeasuredSpillover) -> None:
    found = released(folder, measured, measured.as_dict())
    assert found.verdict != "INVALID"
    tubes = found.record["tubes"]
    assert {tube["gating"]["spillover"]["sha256"] for tube in tubes} == {measured.sha256}
    assert found.record["lot"]["spillover"] == "matrix.csv"
    assert all(tube["gating"]["fitness"]["state"] is not None for tube in tubes)


def test_matrix_of_another_voltage__makes_the_lot_invalid(folder: Path, measured: MeasuredSpillover) -> None:
    origin = replace(measured.origin, voltages={**measured.origin.voltages, "PE-A": 500.0})
    found = released(folder, measured, replace(measured, origin=origin).as_dict())
    assert found.verdict == "INVALID"
    assert any("other detector voltages" in reason for reason in found.reasons)


def test_transposed_matrix__makes_the_lot_invalid(folder: Path, measured: MeasuredSpillover) -> None:
    found = released(folder, Spillover(measured.names, measured.matrix.T), None)
    assert found.verdict == "INVALID"
    assert any("transposed" in reason for reason in found.reasons)


def test_matrix_that_is_none__is_a_mistake_of_the_lot(folder: Path) -> None:
    (folder / "matrix.json").unlink(missing_ok=True)
    (folder / "matrix.csv").write_text("a,b\n1,1\n1,1\n")
    with pytest.raises(LotError) as refused:
        nk.release(folder / "with.yaml")
    assert [problem.path for problem in refused.value.problems] == ["spillover"]
    (folder / "matrix.csv").unlink()
    with pytest.raises(LotError, match="spillover"):
        nk.release(folder / "with.yaml")
