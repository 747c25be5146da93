"""Acquisition QC inside a release: the template's parameters, the mask on the counts, findings in the record."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import nkflow as nk
from nkflow.fcs import read_fcs, write_fcs
from nkflow.release.inputs import TubeFile
from nkflow.release.tubes import Given, gate_tube


@pytest.fixture(scope="module")
def clogged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return nk.simulate_lot(8, faults=("clog", "carry-over"), events=12_000).write(
        tmp_path_factory.mktemp("x") / "l"
    )


def _tube(lot: Path, name: str = "A") -> TubeFile:
    return TubeFile(name, "sample", lot / f"{name}.fcs")


def test_public_face__offers_the_check(clogged: Path) -> None:
    quality = nk.check_acquisition(nk.read_fcs(clogged / "A.fcs"))
    assert quality.assessable
    assert quality.mask.dtype == np.bool_
    assert {segment.reason for segment in quality.segments} == {"clog", "carry-over"}


def test_removed_stretches__stand_in_the_record_and_leave_the_counts(clogged: Path) -> None:
    tube = gate_tube(_tube(clogged), Given(nk.load_template("nk_release_7aad")), second_engine=False)
    record = tube.as_dict()
    assert record["kept"]["beads"] < record["gating"]["counts"]["beads"]
    assert record["acquisition"]["segments"][0]["reason"] == "carry-over"
    assert record["acquisition"]["volume_reason"]
    assert "acquisition-removed" in [finding["code"] for finding in record["findings"]]


def test_template__carries_the_parameters(clogged: Path) -> None:
    template = nk.load_template("nk_release_7aad")
    deaf = nk.Template(
        template.document.model_copy(
            update={"acquisition": nk.AcquisitionChecks(slow=0.001, fast=90.0, shift=0.49)}
        )
    )
    assert deaf.to_yaml() != template.to_yaml()
    tube = gate_tube(_tube(clogged), Given(deaf), second_engine=False)
    assert tube.as_dict()["acquisition"]["checks"]["shift"] == 0.49
    assert tube.quality is not None
    assert {segment.reason for segment in tube.quality.segments} == {
        "drift"
    }  # carry-over, by its light alone


@pytest.mark.parametrize(("gain", "found"), [(0.0, False), (6000.0, True)])
def test_seven_aad_that_drifts__is_a_finding(
    small_lot: Path, tmp_path: Path, gain: float, found: bool
) -> None:
    sample = read_fcs(small_lot / "A.fcs")
    values = np.array(sample.values())
    place = np.linspace(0.0, 1.0, len(values))
    takes_up = np.random.default_rng(1).random(len(values)) < 0.3
    values[:, sample.index("7-AAD")] += np.where(takes_up, gain * place, 0.0)
    changed = nk.Sample.from_arrays(
        values, sample.channels, spillover=sample.spillover, keywords=dict(sample.keywords)
    )
    write_fcs(tmp_path / "A.fcs", changed)
    tube = gate_tube(_tube(tmp_path), Given(nk.load_template("nk_release_7aad")), second_engine=False)
    assert ("share-drifts" in [finding.code for finding in tube.findings]) is found
    assert tube.drift is not None
    assert tube.as_dict()["dead_drift"]["events"] > 1000
