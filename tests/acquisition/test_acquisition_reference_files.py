"""Real files: QC runs on all of them, in the order of the file, and says what a person sees in their time plots."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nkflow.acquisition import Quality, check_acquisition
from nkflow.errors import NkflowError
from nkflow.fcs.read import read_fcs
from nkflow.fcs.sample import Sample


def _samples(reference: Path) -> list[tuple[str, Sample]]:
    found = []
    for path in sorted(path for path in reference.rglob("*") if path.is_file()):
        try:
            found.append((str(path.relative_to(reference)), read_fcs(path, strict=False)))
        except NkflowError:
            continue
    return found


def _quality(path: Path) -> Quality:
    return check_acquisition(read_fcs(path, strict=False))


def test_every_real_file__is_judged_without_error(reference: Path) -> None:
    samples = _samples(reference)
    assert len(samples) >= 70
    assessable = []
    for name, sample in samples:
        quality = check_acquisition(sample)
        assert quality.mask.shape == quality.at_margin.shape == (sample.n_events,), name
        assert quality.removed_events == sum(segment.events for segment in quality.segments), name
        if quality.assessable:
            assessable.append(name)
            assert quality.kept_time is not None
            assert 0.0 <= quality.kept_time <= 1.0, name
            bounds = [(segment.first, segment.stop) for segment in quality.segments]
            assert bounds == sorted(bounds), name
        else:
            assert quality.reason, name
            assert quality.mask.all(), name
            assert "acquisition-not-assessable" in [finding.code for finding in quality.findings], name
    assert len(assessable) >= 25


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("parse/Beckman Coulter - Cyan.fcs", "the clock starts again 18 times"),
        ("parse/Partec - PAS.FCS", "the clock stops: 19373 events have one time"),
        ("parse/3FITC_4PE_004.fcs", "the file has no time channel"),
        ("parse/cyflow_cube_8.fcs", "fewer than ten bins"),
        ("gating/saeys_mouse_nk/Saeys_28.fcs", "not in the order of acquisition"),
        ("human_nk/aurora_innate_like/INF071_Ctrl_Tetramer.fcs", "not in the order of acquisition"),
    ],
)
def test_files_whose_clock_says_nothing__are_not_assessable(reference: Path, file: str, reason: str) -> None:
    quality = _quality(reference / file)
    assert not quality.assessable
    assert reason in quality.reason


def test_run_of_two_flow_rates__is_unsteady(reference: Path) -> None:
    quality = _quality(reference / "parse" / "coulter.lmd")  # 40 events a tick for 65 ticks, then 170
    assert {finding.code for finding in quality.findings} >= {"acquisition-unsteady"}
    assert not quality.steady_flow
    assert not quality.mask[: np.count_nonzero(quality.time <= 60.0)].any()


def test_run_that_began_fast__loses_its_beginning(reference: Path) -> None:
    quality = _quality(reference / "parse" / "0877408774.B08")  # 22 events a tick at first, then 15
    (segment,) = quality.segments
    assert segment.reason == "flow"
    assert segment.rate == pytest.approx(1.47, abs=0.1)
    assert segment.begin < 15.0
    assert 80.0 < segment.end < 120.0


@pytest.mark.parametrize("dye", ["APC", "APC-Cy7", "PE", "Unstained"])
def test_steady_runs__are_kept_whole(reference: Path, dye: str) -> None:
    quality = _quality(reference / "compensation" / "cytoexplorer" / f"Compensation-{dye}.fcs")
    assert quality.mask.all()
