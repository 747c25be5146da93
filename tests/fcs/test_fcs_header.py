from __future__ import annotations

from pathlib import Path

import pytest

from fcs.fcs_builder import Build
from fcs.fcs_corpus import Case, cases, verify
from nkflow.errors import FCSTruncatedError, InvalidValueError
from nkflow.fcs import read_fcs
from nkflow.fcs.header import Segment


@cases("H01")
def test_FCS_H01__offsets_are_decimal_numbers_of_eight_bytes(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("H02")
def test_FCS_H02__the_end_is_the_last_byte_and_zeros_mean_none(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("H03")
def test_FCS_H03__offsets_count_from_the_data_set(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("H04")
def test_FCS_H04__zeros_send_to_text_which_may_come_after_data(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("H05")
def test_FCS_H05__split_and_contradicting_offsets_are_decided_by_the_events(
    case: Case, tmp_path: Path
) -> None:
    verify(case, tmp_path)


@cases("H06")
def test_FCS_H06__small_files_may_have_zeros_too(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("H07")
def test_FCS_H07__in_fcs_20_only_the_header_counts(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("H08")
def test_FCS_H08__offsets_of_stext_and_analysis_are_optional_in_32(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("H09")
def test_FCS_H09__other_segments_never_fail_a_read(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("H10")
def test_FCS_H10__bytes_outside_all_segments_are_filler(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("H11")
def test_FCS_H11__a_truncated_file_is_an_error_or_its_complete_events(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("H12")
def test_FCS_H12__overlapping_segments_are_refused(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


def test_segment__counts_its_last_byte_and_knows_none() -> None:
    assert Segment(58, 58).length == 1
    assert [Segment(*pair).present for pair in ((0, 0), (0, -1), (10, 9), (58, 57))] == [False] * 4
    assert Segment(58, 100).overlaps(Segment(100, 120))
    assert not Segment(58, 100).overlaps(Segment(101, 120))


def test_truncation__keeps_its_numbers_in_the_message(tmp_path: Path) -> None:
    path = tmp_path / "cut.fcs"
    path.write_bytes(Build().bytes()[:-1])
    with pytest.raises(
        FCSTruncatedError, match=r"found 3 complete events; expected 4 events.*on_truncated='read'"
    ):
        read_fcs(path)


def test_options__that_are_not_known_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "good.fcs"
    path.write_bytes(Build().bytes())
    with pytest.raises(InvalidValueError, match="on_truncated"):
        read_fcs(path, on_truncated="skip")  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match="tot-mismatsch"):
        read_fcs(path, allow={"tot-mismatsch"})
