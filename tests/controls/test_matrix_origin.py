"""A matrix knows where it was measured: another instrument, voltage or day is a finding; its CSV keeps that."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

import nkflow as nk
from nkflow.compensation import Origin
from nkflow.controls.measured import MeasuredSpillover
from nkflow.errors import CompensationError
from nkflow.fcs.sample import Sample
from nkflow.simulate.stains import simulate_controls

TEMPLATE = nk.Template.of(nk.Range("CD45", low=2000))


@pytest.fixture(scope="module")
def measured() -> MeasuredSpillover:
    made = simulate_controls(31, events=8000)
    return nk.spillover_from_controls(made.controls, unstained=made.negatives)


@pytest.fixture(scope="module")
def tube() -> Sample:
    return nk.simulate_lot(31, events=8000).tubes[0].sample


def written(measured: MeasuredSpillover, folder: Path, layout: str = "square") -> Path:
    (folder / "matrix.json").write_text(json.dumps(measured.as_dict()))
    (folder / "matrix.csv").write_text(measured.to_csv(layout))
    return folder / "matrix.csv"


@pytest.mark.parametrize("layout", ["square", "diva"])
def test_csv__comes_back_with_its_origin(measured: MeasuredSpillover, tmp_path: Path, layout: str) -> None:
    read = nk.Spillover.from_csv(written(measured, tmp_path, layout))
    assert read.agrees_with(measured)
    assert read.origin == measured.origin
    assert read.origin.voltages["PE-A"] == 455
    assert read.origin.brightness["PE-A"] > 1000
    document = nk.Spillover.from_csv(tmp_path / "matrix.json")
    assert document.sha256 == measured.sha256
    assert document.source == measured.source


def test_csv_that_was_changed__is_refused_beside_its_document(
    measured: MeasuredSpillover, tmp_path: Path
) -> None:
    path = written(measured, tmp_path)
    changed = measured.matrix.copy()
    changed[0, 1] += 0.01
    path.write_text(nk.Spillover(measured.names, changed).to_csv())
    with pytest.raises(CompensationError) as refused:
        nk.Spillover.from_csv(path)
    assert refused.value.code == "matrix-document"


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"schema": "nkflow.spillover", "version": 9}',
        '{"schema": "nkflow.spillover", "version": 1}',
    ],
)
def test_document_that_is_none__is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "matrix.json"
    path.write_text(content)
    with pytest.raises(CompensationError) as refused:
        nk.Spillover.from_csv(path)
    assert refused.value.code == "matrix-document"


def test_other_json_beside_a_csv__is_left_alone(measured: MeasuredSpillover, tmp_path: Path) -> None:
    path = written(measured, tmp_path)
    path.with_suffix(".json").write_text('{"mine": 1}')
    assert nk.Spillover.from_csv(path).origin is None


def test_same_settings__are_no_finding(measured: MeasuredSpillover, tube: Sample) -> None:
    codes = {f.code for f in nk.gate(tube, TEMPLATE, spillover=measured).findings}
    assert not codes & {"other-instrument", "other-voltage", "other-date"}


@pytest.mark.parametrize(
    ("change", "code", "severity"),
    [
        (lambda o: replace(o, cytometer="another"), "other-instrument", "error"),
        (lambda o: replace(o, serial="SIM-2"), "other-instrument", "error"),
        (lambda o: replace(o, voltages={**o.voltages, "PE-A": 456.0}), "other-voltage", "error"),
        (lambda o: replace(o, day=o.day - timedelta(days=9)), "other-date", "warning"),
        (lambda o: replace(o, brightness={"PE-A": 2000.0}), "brighter-than-control", "warning"),
    ],
)  # fmt: skip
def test_other_settings__are_findings(
    measured: MeasuredSpillover, tube: Sample, change: object, code: str, severity: str
) -> None:
    matrix = replace(measured, origin=change(measured.origin))
    found = [f for f in nk.gate(tube, TEMPLATE, spillover=matrix).findings if f.code == code]
    assert [f.severity for f in found] == [severity]


def test_what_is_not_known__is_not_compared(measured: MeasuredSpillover, tube: Sample) -> None:
    matrix = replace(measured, origin=Origin())
    assert {f.code for f in nk.gate(tube, TEMPLATE, spillover=matrix).findings} <= {"matrix-given"}


def test_measured_document__is_plain_json(measured: MeasuredSpillover) -> None:
    document = json.loads(json.dumps(measured.as_dict(), allow_nan=False))
    assert document["schema"] == "nkflow.spillover"
    assert np.array(document["standard_errors"]).shape == (8, 8)
    assert len(measured.coefficients()) == 56
