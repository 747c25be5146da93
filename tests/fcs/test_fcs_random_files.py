"""Random legal files: nothing is misread and nothing is refused without need."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fcs.fcs_builder import Build
from fcs.fcs_random import random_file
from nkflow.fcs import read_fcs

PADDING = " \t\r\n\0"


@pytest.mark.parametrize("first", range(0, 400, 20))
def test_random_files__read_as_they_were_written(first: int, tmp_path: Path) -> None:
    for seed in range(first, first + 20):
        truth = random_file(seed)
        path = tmp_path / f"{seed}.fcs"
        path.write_bytes(truth.content)
        sample = read_fcs(path)
        assert [c.original_name for c in sample.channels] == [c.name for c in truth.columns]
        assert sample.version == truth.version
        assert sample.time_step == truth.time_step
        for index, column in enumerate(truth.columns):
            assert sample.stored([index])[:, 0].tolist() == column.stored(), (seed, column.name)
            wanted = np.array(column.in_data_units(truth.time_step), dtype=np.float64)
            np.testing.assert_allclose(sample.values([index])[:, 0], wanted, rtol=1e-13, err_msg=f"{seed}")
        together = sample.stored().astype(np.float64)
        np.testing.assert_array_equal(together.T, [np.float64(c.stored()) for c in truth.columns])
        for key, value in truth.keywords.items():
            assert sample.keywords[key].strip(PADDING) == value.strip(PADDING), (seed, key)


def test_random_files__hold_what_the_corpus_does_not_combine() -> None:
    truths = [random_file(seed) for seed in range(400)]
    kinds = [{(c.kind, c.bits) for c in truth.columns} for truth in truths]
    assert any({"I", "F", "D"} <= {kind for kind, _ in found} for found in kinds)
    assert any(("D", 64) in found and found & {("I", bits) for bits in (24, 40, 48, 56)} for found in kinds)
    assert any(truth.packed and len(found) > 2 for truth, found in zip(truths, kinds, strict=True))
    assert any("STEXT1" in truth.keywords and truth.version == "FCS3.2" for truth in truths)
    assert {truth.version for truth in truths} == {"FCS2.0", "FCS3.0", "FCS3.1", "FCS3.2"}


@pytest.mark.parametrize("bits", [24, 40, 48, 56])
def test_FCS_D02__doubles_beside_integers_that_numpy_has_no_type_for(bits: int, tmp_path: Path) -> None:
    events = ((1e30, 5.0, 7.0), (2.5, 2.0**24 - 1, -1e300))
    build = Build(events=events, version="FCS3.2", types="DID", bits=(64, bits, 64), ranges=(1000,) * 3)
    path = tmp_path / "mixed.fcs"
    path.write_bytes(build.bend(ranges=(1000, 2**bits, 1000)).bytes())
    np.testing.assert_array_equal(read_fcs(path).stored().astype(float), events)
