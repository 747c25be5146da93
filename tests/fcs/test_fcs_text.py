from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fcs.fcs_builder import Build
from fcs.fcs_corpus import Case, cases, verify
from nkflow.errors import FCSLimitError
from nkflow.fcs import read_fcs
from nkflow.fcs.header import HEADER_BYTES, parse_header
from nkflow.fcs.keywords import Keywords
from nkflow.fcs.limits import Limits
from nkflow.fcs.numerals import parse_float, parse_floats, parse_integer
from nkflow.fcs.source import Source, Window
from nkflow.fcs.text import split_text
from nkflow.fcs.text_segments import read_analysis
from nkflow.fcs.tolerance import Tolerance


@cases("T01")
def test_FCS_T01__the_first_byte_is_the_delimiter_whatever_it_is(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("T02")
def test_FCS_T02__a_doubled_delimiter_is_a_literal_one(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("T03")
def test_FCS_T03__empty_values_are_found_by_the_second_parse(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("T04")
def test_FCS_T04__runs_of_delimiters_are_read_from_the_left(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("T05")
def test_FCS_T05__the_last_delimiter_may_be_missing(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("T06")
def test_FCS_T06__filler_behind_text_is_no_keyword(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("T07")
def test_FCS_T07__keys_have_no_case_and_keep_their_dollar(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("T08")
def test_FCS_T08__the_first_of_several_values_holds(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("T09")
def test_FCS_T09__values_are_utf_8_or_else_cp1252(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("T10")
def test_FCS_T10__nul_and_byte_order_marks_stay_but_do_not_spoil_numbers(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("T11")
def test_FCS_T11__numbers_may_be_padded_and_are_strict(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("T12")
def test_FCS_T12__supplemental_text_adds_keywords(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


@cases("T14")
def test_FCS_T14__a_carriage_return_may_be_the_delimiter(case: Case, tmp_path: Path) -> None:
    verify(case, tmp_path)


def test_FCS_T13__analysis_has_the_syntax_of_text(tmp_path: Path) -> None:
    analysis = b"|GATE1|lymphocytes|RESULT||x|12|"
    path = tmp_path / "analysis.fcs"
    plain = Build().bytes()
    at = len(plain)
    path.write_bytes(plain[:42] + f"{at:>8}{at + len(analysis) - 1:>8}".encode() + plain[58:] + analysis)
    assert read_fcs(path).n_events == 4
    assert dict(_analysis(path)) == {"GATE1": "lymphocytes", "RESULT|X": "12"}


def test_FCS_T13__text_may_say_where_analysis_is(tmp_path: Path) -> None:
    plain, analysis = Build().bytes(), b"|A|1|"
    path = tmp_path / "analysis.fcs"
    path.write_bytes(plain + analysis)
    with Source(path) as source:
        window = Window(source, 0)
        header = parse_header(window.read(0, HEADER_BYTES), Tolerance("x"))
        for end, found in ((len(plain) + 4, {"A": "1"}), (len(plain) + 5, {})):
            stated = Keywords({"$BEGINANALYSIS": str(len(plain)), "$ENDANALYSIS": str(end)})
            assert dict(read_analysis(window, header, stated, Tolerance("x"), Limits())) == found


def test_FCS_T13__a_broken_analysis_is_a_finding(tmp_path: Path) -> None:
    path = tmp_path / "analysis.fcs"
    plain = Build().bytes()
    path.write_bytes(plain[:42] + f"{len(plain):>8}{len(plain) + 3:>8}".encode() + plain[58:] + b"ABCD")
    tolerance = Tolerance("x")
    assert not _analysis(path, tolerance)
    assert [finding.code for finding in tolerance.findings] == ["analysis-unreadable"]
    assert read_fcs(path).n_events == 4


def _analysis(path: Path, tolerance: Tolerance | None = None) -> Keywords:
    with Source(path) as source:
        window = Window(source, 0)
        header = parse_header(window.read(0, HEADER_BYTES), Tolerance("x"))
        return read_analysis(window, header, Keywords({}), tolerance or Tolerance("x"), Limits())


_TOKEN = st.text(st.sampled_from("ab |$é"), min_size=1, max_size=8).filter(lambda t: t[0] not in "|")


@given(st.lists(st.tuples(_TOKEN.filter(lambda t: "$" not in t), _TOKEN), min_size=1, max_size=8))
@settings(deadline=None, max_examples=300)
def test_text__that_was_escaped_comes_back(pairs: list[tuple[str, str]]) -> None:
    doubled = [part.replace("|", "||") for pair in pairs for part in pair]
    segment = ("|" + "".join(f"{part}|" for part in doubled)).encode()
    found = split_text(
        segment, name="TEXT", complete=lambda _: True, tolerance=Tolerance("x"), limits=Limits()
    )
    assert [(key.decode(), value.decode()) for key, value in found] == pairs


@given(st.binary(min_size=2, max_size=60))
@settings(deadline=None, max_examples=300)
def test_text__of_any_bytes_gives_pairs_or_a_typed_error(content: bytes) -> None:
    try:
        pairs = split_text(
            b"|" + content, name="T", complete=lambda _: True, tolerance=Tolerance("x"), limits=Limits()
        )
    except FCSLimitError:
        pairs = []
    assert sum(len(key) + len(value) for key, value in pairs) <= len(content)


def test_text__caps_are_checked_before_memory_is_asked_for() -> None:
    limits = Limits(delimiters=10, keywords=3, value_bytes=5)

    def split(segment: bytes) -> object:
        return split_text(
            segment, name="TEXT", complete=lambda _: True, tolerance=Tolerance("x"), limits=limits
        )

    assert split(b"|a|12345|") == [(b"a", b"12345")]
    for segment in (b"|" * 12, b"|a|1|b|2|c|3|d|4|", b"|a|123456|"):
        with pytest.raises(FCSLimitError):
            split(segment)


@pytest.mark.parametrize(
    ("text", "integer", "number"),
    [
        ("12", 12, 12.0),
        (" 12\0", 12, 12.0),
        ("-3", -3, -3.0),
        ("1_0", None, None),
        ("\u0661", None, None),
        ("1e3", None, 1000.0),
        ("262144.0", None, 262144.0),
        (".5", None, 0.5),
        ("1e999", None, None),
        ("nan", None, None),
        ("inf", None, None),
        ("0x10", None, None),
        ("9" * 21, None, 1e21),
        ("9" * 10_000, None, None),
        ("1,5", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_numerals__are_those_of_the_standard(
    text: str | None, integer: int | None, number: float | None
) -> None:
    assert parse_integer(text) == integer
    assert parse_float(text) == number
    assert parse_floats([text or ""]) == (None if number is None else [number])
