from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fcs.fcs_builder import Build
from nkflow.errors import FCSFormatError
from nkflow.fcs import Limits, Sample, read_fcs

MATRIX = "2,FITC-A,PE-A,1,0.12,0.26,1"
VALUES = [[1, 0.12], [0.26, 1]]


def read(folder: Path, names: tuple[str, ...] = ("FSC-A", "FITC-A", "PE-A"), **keywords: str) -> Sample:
    path = folder / "spill.fcs"
    path.write_bytes(Build(version="FCS3.0", names=names, keywords=keywords).bytes())
    return read_fcs(path)


def finding(sample: Sample, code: str) -> str:
    return next(f"{f.severity}: {f.message}" for f in sample.findings if f.code == code)


@pytest.mark.parametrize(
    "key", ["$SPILLOVER", "SPILL", "$SPILL", "SPILLOVER", "spillover", "SPILLOVER_MATRIX"]
)
def test_FCS_C01__every_spelling_is_found(key: str, tmp_path: Path) -> None:
    sample = read(tmp_path, **{key: MATRIX})
    assert sample.spillover is not None
    assert (sample.spillover.names, sample.spillover.source) == (("FITC-A", "PE-A"), key.upper())
    assert sample.spillover.matrix.tolist() == VALUES


def test_FCS_C01__two_different_matrices_are_refused_unless_allowed(tmp_path: Path) -> None:
    with pytest.raises(FCSFormatError, match=r"\$SPILLOVER and SPILL hold different matrices"):
        read(tmp_path, **{"SPILL": MATRIX, "$SPILLOVER": "2,FITC-A,PE-A,1,0.5,0.26,1"})
    sample = read_fcs(tmp_path / "spill.fcs", allow=["spillover-conflict"])
    assert sample.spillover is not None
    assert sample.spillover.source == "$SPILLOVER"
    assert finding(sample, "spillover-conflict").startswith("warning")
    assert finding(read_fcs(tmp_path / "spill.fcs", strict=False), "spillover-conflict").startswith("error")


def test_FCS_C01__the_same_matrix_in_another_order_is_no_conflict(tmp_path: Path) -> None:
    sample = read(tmp_path, **{"SPILL": "2,PE-A,FITC-A,1,0.26,0.12,1", "$SPILLOVER": MATRIX})
    assert sample.spillover is not None
    assert sample.spillover.matrix.tolist() == VALUES


@pytest.mark.parametrize(
    "value",
    [
        "x,FITC-A,PE-A,1,0,0,1",
        "2,FITC-A,PE-A,1,0.12,0.26",
        "2,FITC-A,APC-A,1,0.12,0.26,1",
        "2,FITC-A,PE-A,1,0.12,0.26,nan",
        "2,FITC-A,PE-A,1,abc,0.26,1",
        "2,FITC-A,FITC-A,1,0.1,0.1,1",
        "1000000,FITC-A",
        "9" * 5000,
        "2," + "1" * 100_000,
    ],
)
def test_FCS_C02__what_is_no_matrix_is_a_finding(value: str, tmp_path: Path) -> None:
    sample = read(tmp_path, SPILL=value)
    assert sample.spillover is None
    assert finding(sample, "spillover-unusable").startswith("warning: SPILL holds no usable matrix")


def test_FCS_C02__names_without_values_are_no_matrix(tmp_path: Path) -> None:
    for value in ("2,FITC-A,PE-A", "0"):
        sample = read(tmp_path, SPILL=value)
        assert sample.spillover is None
        assert finding(sample, "spillover-without-values")


def test_FCS_C02__an_identity_means_that_none_was_recorded(tmp_path: Path) -> None:
    sample = read(tmp_path, SPILL="2,FITC-A,PE-A,1,0.000001,0,1")
    assert sample.spillover is None
    assert finding(sample, "spillover-identity")


def test_FCS_C02__a_strange_diagonal_is_kept_with_a_finding(tmp_path: Path) -> None:
    sample = read(tmp_path, SPILL="2,FITC-A,PE-A,0.9,0.1,0.2,1")
    assert sample.spillover is not None
    assert sample.spillover.matrix[0, 0] == 0.9
    assert finding(sample, "spillover-diagonal")


def test_FCS_C03__decimal_commas_are_joined(tmp_path: Path) -> None:
    sample = read(tmp_path, SPILL="2,FITC-A,PE-A,1,0,0,12,0,26,1,0")
    assert sample.spillover is not None
    assert sample.spillover.matrix.tolist() == VALUES


def test_FCS_C03__names_with_commas_are_matched_with_the_channels(tmp_path: Path) -> None:
    sample = read(tmp_path, ("FSC-A", "FITC,A", "PE-A"), SPILL="2,FITC,A,PE-A,1,0.12,0.26,1")
    assert sample.spillover is not None
    assert sample.spillover.names == ("FITC,A", "PE-A")


def test_FCS_C03__names_with_commas_are_no_decimal_commas(tmp_path: Path) -> None:
    """Two names with four commas make as many tokens as two names and four numbers with decimal commas."""
    sample = read(tmp_path, ("FSC-A", "F,I,T", "P,E,A"), SPILL="2,F,I,T,P,E,A,1,0.12,0.26,1")
    assert sample.spillover is not None
    assert sample.spillover.names == ("F,I,T", "P,E,A")
    assert sample.spillover.matrix.tolist() == [[1.0, 0.12], [0.26, 1.0]]


def test_FCS_C03__numbers_instead_of_names_count_from_one(tmp_path: Path) -> None:
    sample = read(tmp_path, SPILL="2,2,3,1,0.12,0.26,1")
    assert sample.spillover is not None
    assert sample.spillover.names == ("FITC-A", "PE-A")
    by_name = read(tmp_path, ("FSC-A", "3", "2"), SPILL="2,3,2,1,0.12,0.26,1")
    assert by_name.spillover is not None
    assert by_name.spillover.names == ("3", "2")


def test_FCS_C04__the_order_is_that_of_the_matrix(tmp_path: Path) -> None:
    sample = read(tmp_path, SPILL="2,PE-A,FITC-A,1,0.26,0.12,1")
    assert sample.spillover is not None
    assert sample.spillover.names == ("PE-A", "FITC-A")
    assert sample.spillover.matrix[0, 1] == 0.26


def test_FCS_C05__what_the_instrument_subtracted_is_shown_and_never_applied(tmp_path: Path) -> None:
    sample = read(tmp_path, **{"$COMP": "3,0,-5,0,0,0,0,0,0,0", "$DFC1TO2": "12.5"})
    assert sample.spillover is None
    assert "$COMP, $DFC1TO2" in finding(sample, "compensated-in-hardware")
    np.testing.assert_array_equal(sample.values(), sample.stored())


def test_FCS_C05__percent_is_divided_by_100(tmp_path: Path) -> None:
    sample = read(tmp_path, SPILL="2,FITC-A,PE-A,100,12,26,100")
    assert sample.spillover is not None
    assert sample.spillover.matrix.tolist() == VALUES
    assert finding(sample, "spillover-percent")


def test_FCS_C06__compensated_channels_say_so(tmp_path: Path) -> None:
    sample = read(tmp_path, ("FSC-A", "Comp-FITC-A", "<PE-A>"), SPILL="2,Comp-FITC-A,<PE-A>,1,0.12,0.26,1")
    assert [channel.compensated for channel in sample.channels] == [False, True, True]
    assert finding(sample, "already-compensated").startswith("warning")


def test_FCS_C06__the_setting_of_the_display_decides_nothing(tmp_path: Path) -> None:
    sample = read(tmp_path, **{"APPLY COMPENSATION": "TRUE", "$ORIGINALITY": "DataModified", "SPILL": MATRIX})
    assert sample.spillover is not None
    assert not any(channel.compensated for channel in sample.channels)
    assert finding(sample, "apply-compensation").startswith("info")
    assert finding(sample, "originality").startswith("warning")


def test_spillover__of_many_detectors_is_capped(tmp_path: Path) -> None:
    path = tmp_path / "spill.fcs"
    path.write_bytes(Build(version="FCS3.0", keywords={"SPILL": MATRIX}).bytes())
    assert read_fcs(path, limits=Limits(matrix=1)).spillover is None


def test_spillover__of_a_duplicated_name_is_refused(tmp_path: Path) -> None:
    sample = read(tmp_path, ("FSC-A", "PE-A", "PE-A"), SPILL="2,FSC-A,PE-A,1,0.1,0.1,1")
    assert sample.spillover is None
    assert "names several channels" in finding(sample, "spillover-unusable")
