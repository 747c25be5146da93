"""Real files of many instruments, against numbers made by an independent reader and against two other readers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import fcsparser
import numpy as np
import pytest

from nkflow.errors import FCSError
from nkflow.fcs import data_sets, read_fcs
from nkflow.fcs.cross_check import cross_check

WHEEL = Path(fcsparser.test_sample_path).parents[1]
WHEEL_FILES = sorted(
    p for p in WHEEL.rglob("*") if p.suffix.lower() in {".fcs", ".lmd", ".001"} and p.is_file()
)

#: Files that are rightly refused, with the code.
REFUSED = {"corrupted.fcs": "not-fcs", "sample_header.fcs": "fcs-truncated"}
#: Files of the wheel where another reader does not agree, with its reason.
EXCEPTIONS = {
    ("FlowIO", "Cytek_xP5.fcs"): "reads integers of 8, 16 and 32 bits only",
    ("FlowIO", "fake_large_fcs.fcs"): "needs the offsets of DATA in HEADER, unless the file is large",
}


def test_every_reference_file__has_the_expected_shape_events_sums_and_medians(reference: Path) -> None:
    entries = json.loads((reference / "expected_parse.json").read_text())
    assert len(entries) >= 70
    wrong = [entry["file"] for entry in entries if not _as_expected(reference / entry["file"], entry)]
    assert wrong == []


def _as_expected(path: Path, entry: dict[str, Any]) -> bool:
    if entry.get("shape") is None:
        with pytest.raises(FCSError) as caught:
            read_fcs(path, data_set=0)
        return caught.value.code == REFUSED[path.name]
    sample = read_fcs(path, data_set=0)
    stored = sample.stored().astype(np.float64)
    names = [channel.original_name for channel in sample.channels]
    return (
        list(stored.shape) == entry["shape"]
        and names == entry["pnn"]
        and sample.version == entry["version"]
        and np.array_equal(stored[0], entry["first"])
        and np.array_equal(stored[-1], entry["last"])
        and np.allclose(stored.sum(axis=0), entry["column_sum"], rtol=1e-12)
        and np.allclose(np.median(stored, axis=0), entry["column_median"], rtol=1e-12)
    )


def test_every_reference_file__opens_or_is_refused_with_a_typed_error(reference: Path) -> None:
    suffixes = {".fcs", ".lmd", ".b08", ".001"}
    files = [p for p in reference.rglob("*") if p.suffix.lower() in suffixes and p.is_file()]
    assert len(files) >= 75
    for path in files:
        if path.name in REFUSED:
            with pytest.raises(FCSError):
                read_fcs(path)
        else:
            sample = read_fcs(path)
            assert sample.values([0]).shape == (sample.n_events, 1)


@pytest.mark.parametrize("name", ["coulter.lmd", "Beckman Coulter - Cytomics FC500.LMD"])
def test_FCS_D17__a_real_lmd_gives_its_last_data_set(name: str, reference: Path) -> None:
    path = reference / "parse" / name
    sets = data_sets(path)
    assert [info.version for info in sets] == ["FCS2.0", "FCS3.0"]
    last, first = read_fcs(path), read_fcs(path, data_set=0)
    assert (last.version, first.version) == ("FCS3.0", "FCS2.0")
    assert last.n_events == first.n_events
    assert last.channels[0].range == 2**20
    assert "lmd-last-data-set" in [finding.code for finding in last.findings]


def test_truncated_header_only_file__reads_its_complete_events_if_told_to(reference: Path) -> None:
    sample = read_fcs(reference / "parse" / "sample_header.fcs", on_truncated="read")
    assert sample.stored().shape == (0, 27)
    assert sample.truncated


@pytest.mark.parametrize("path", WHEEL_FILES, ids=lambda path: path.name)
def test_three_readers__agree_on_the_files_of_the_fcsparser_wheel(path: Path) -> None:
    assert len(WHEEL_FILES) == 14
    if path.name in REFUSED:
        with pytest.raises(FCSError) as caught:
            read_fcs(path)
        assert caught.value.code == REFUSED[path.name]
        return
    for comparison in cross_check(read_fcs(path), 0):
        reason = EXCEPTIONS.get((comparison.reader, path.name))
        if reason is None:
            assert comparison.state == "agrees", comparison.message
        else:
            assert comparison.state == "refuses"
            assert reason in comparison.reasons


def test_second_readers__have_no_unexplained_difference_on_the_reference_files(reference: Path) -> None:
    compared = 0
    for path in sorted((reference / "parse").iterdir()):
        if path.name in REFUSED:
            continue
        offset = data_sets(path)[-1].offset if path.suffix.lower() == ".lmd" else 0
        for comparison in cross_check(read_fcs(path), offset):
            assert comparison.explained, (path.name, comparison)
            compared += comparison.state == "agrees"
    assert compared >= 30
