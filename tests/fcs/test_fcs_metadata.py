from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from fcs.fcs_builder import Build
from nkflow.fcs import Sample, find, read_fcs
from nkflow.fcs.acquired import parse_clock, parse_date
from nkflow.fcs.unstained import unstained_centers
from nkflow.fcs.volume import StatedVolume


def read(folder: Path, **keywords: str) -> Sample:
    path = folder / "meta.fcs"
    names = ("FSC-A", "FITC-A", "PE-A")
    path.write_bytes(Build(version="FCS3.2", names=names, keywords={"$CYT": "x", **keywords}).bytes())
    return read_fcs(path)


@pytest.mark.parametrize(
    ("text", "expected", "ambiguous"),
    [
        ("17-MAY-2018", date(2018, 5, 17), False),
        ("17-may-2018", date(2018, 5, 17), False),
        ("03-Feb-06", date(2006, 2, 3), False),
        ("15-NOV-93", date(1993, 11, 15), False),
        ("2013-Jul-19", date(2013, 7, 19), False),
        ("21 Dec 2010", date(2010, 12, 21), False),
        ("2024-03-05", date(2024, 3, 5), False),
        ("19-10-2020", date(2020, 10, 19), False),
        ("05/04/2020", date(2020, 4, 5), True),
        ("12/31/2020", date(2020, 12, 31), False),
        ("31-Feb-2020", None, False),
        ("yesterday", None, False),
        ("1" * 1000, None, False),
    ],
)
def test_FCS_M01__dates_in_all_spellings(text: str, expected: date | None, ambiguous: bool) -> None:
    assert parse_date(text) == (expected, ambiguous)


@pytest.mark.parametrize(
    ("text", "version", "seconds"),
    [
        ("14:07:38", "FCS3.1", 38.0),
        ("14:07:38.25", "FCS3.1", 38.25),
        ("14:07:38:30", "FCS3.0", 38.5),
        ("14:07:38:30", "FCS3.1", 38.3),
        ("14:07:38:75", "FCS3.0", 38.75),
        ("14:07:38:509", "FCS3.0", 38.509),
        ("14:61:00", "FCS3.0", None),
        ("noon", "FCS3.0", None),
    ],
)
def test_FCS_M01__clocks_count_sixtieths_in_30_and_hundredths_in_31(
    text: str, version: str, seconds: float
) -> None:
    expected = None if seconds is None else timedelta(hours=14, minutes=7, seconds=seconds)
    assert parse_clock(text, version) == expected


def test_FCS_M01__a_run_past_midnight_ends_on_the_next_day(tmp_path: Path) -> None:
    acquired = read(tmp_path, **{"$DATE": "31-DEC-2020", "$BTIM": "23:59:30", "$ETIM": "00:01:00"}).acquired
    assert acquired.begin == datetime(2020, 12, 31, 23, 59, 30)
    assert acquired.end == datetime(2021, 1, 1, 0, 1)
    assert acquired.seconds == 90


def test_FCS_M01__the_instants_of_fcs_32_have_a_zone(tmp_path: Path) -> None:
    stated = {"$BEGINDATETIME": "2026-03-17T10:00:00+01:00", "$ENDDATETIME": "2026-03-17T10:00:30.5+01:00"}
    acquired = read(tmp_path, **stated, **{"$DATE": "01-JAN-1990"}).acquired
    assert acquired.begin == datetime(2026, 3, 17, 10, tzinfo=timezone(timedelta(hours=1)))
    assert acquired.seconds == 30.5


def test_FCS_M01__what_is_no_date_is_a_finding(tmp_path: Path) -> None:
    sample = read(tmp_path, **{"$DATE": "someday", "$BTIM": "25:99", "$BEGINDATETIME": "now"})
    assert sample.acquired.begin is None
    assert {"date-unreadable", "clock-unreadable"} <= {finding.code for finding in sample.findings}


def test_FCS_M02__a_volume_has_no_unit(tmp_path: Path) -> None:
    sample = read(tmp_path, **{"$VOL": "36.6"})
    assert sample.volume == StatedVolume(36.6, None)
    assert read(tmp_path).volume is None
    assert read(tmp_path, **{"$VOL": "lots"}).volume is None
    assert read(tmp_path, **{"$VOL": "-3"}).volume is None


def test_FCS_M02__the_acquisition_time_shows_which_units_are_plausible() -> None:
    assert StatedVolume(35.09).plausible_units(62.4) == ("uL",)  # Aurora: 34 uL/min
    assert StatedVolume(10957).plausible_units(44.0) == ("nL",)  # MACSQuant: 15 uL/min
    assert StatedVolume(1500).plausible_units(60.0) == ("nL",)
    assert StatedVolume(500).plausible_units(60.0) == ("uL",)
    assert StatedVolume(1e9).plausible_units(60.0) == ()
    assert StatedVolume(35.09).plausible_units(None) == ()


def test_FCS_M03__originality_is_shown(tmp_path: Path) -> None:
    codes = [finding.code for finding in read(tmp_path, **{"$ORIGINALITY": "Appended"}).findings]
    assert "originality" in codes
    assert "originality" not in [
        finding.code for finding in read(tmp_path, **{"$ORIGINALITY": "Original"}).findings
    ]


def test_FCS_M04__unstained_centers_are_read_by_name(tmp_path: Path) -> None:
    sample = read(tmp_path, **{"$UNSTAINEDCENTERS": "2,FITC-A,PE-A,10.5,-3"})
    assert unstained_centers(sample.keywords) == {"FITC-A": 10.5, "PE-A": -3.0}
    for bad in ("", "2,FITC-A,1", "x", "2,A,B,1,nan", "1000000,A,1"):
        assert unstained_centers(read(tmp_path, **{"$UNSTAINEDCENTERS": bad or " "}).keywords) == {}


def test_FCS_M05__types_of_fcs_32_say_what_a_channel_is(tmp_path: Path) -> None:
    sample = read(
        tmp_path,
        **{
            "$P1TYPE": "Side Scatter",
            "$P1FEATURE": "Height",
            "$P2TYPE": "Unmixed Fluorescence",
            "$P2TAG": "FITC",
            "$P2ANALYTE": "CD3",
            "$P2DET": "B1",
            "$P3TYPE": "Classification",
        },
    )
    first, second, third = sample.channels
    assert (first.kind, first.feature, first.compensated) == ("scatter", "H", False)
    assert (second.kind, second.tag, second.analyte, second.detector) == ("fluorescence", "FITC", "CD3", "B1")
    assert second.compensated
    assert third.kind == "other"


@pytest.mark.parametrize(
    ("name", "kind", "feature"),
    [
        ("FSC-A", "scatter", "A"),
        ("SSC-H", "scatter", "H"),
        ("FS Lin", "scatter", ""),
        ("SSC-B-A", "scatter", "A"),
        ("VSSC-A", "scatter", "A"),
        ("ForSc", "scatter", ""),
        ("FSC LogH", "scatter", "H"),
        ("Time", "time", ""),
        ("HDR-T", "time", ""),
        ("HDR-CE", "other", ""),
        ("Event_length", "other", ""),
        ("FITC-A", "fluorescence", "A"),
        ("CFSE-A", "fluorescence", "A"),
        ("FL2-W", "fluorescence", "W"),
        ("<PE-Cy7-A>", "fluorescence", "A"),
        ("Nd142Di", "fluorescence", ""),
        ("FITC Area", "fluorescence", "A"),
    ],
)
def test_FCS_M05__names_say_it_where_there_is_no_type(name: str, kind: str, feature: str) -> None:
    from nkflow.fcs.channels import feature_of, kind_of

    assert (kind_of(name), feature_of(name)) == (kind, feature)


def test_FCS_M06__doubled_names_are_made_unique_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "double.fcs"
    path.write_bytes(Build(names=("FL1", "FL1", "FL1-1")).bytes())
    sample = read_fcs(path)
    assert [channel.name for channel in sample.channels] == ["FL1-2", "FL1-3", "FL1-1"]
    assert [channel.original_name for channel in sample.channels] == ["FL1", "FL1", "FL1-1"]


def test_FCS_M06__names_that_look_alike_are_a_finding(tmp_path: Path) -> None:
    path = tmp_path / "alike.fcs"
    path.write_bytes(Build(names=("PE-A", "pe-a", "FITC-A")).bytes())
    assert "channel-names-alike" in [finding.code for finding in read_fcs(path).findings]


def test_FCS_M07__a_slash_may_be_an_underscore(tmp_path: Path) -> None:
    path = tmp_path / "slash.fcs"
    path.write_bytes(Build(names=("FSC-A", "BL 530/30-A", "PE-A")).bytes())
    assert find(read_fcs(path).channels, "BL 530_30-A").index == 1
