from __future__ import annotations

import json
from pathlib import Path

import fcsparser
import numpy as np
import pytest

from fcs.fcs_builder import INTEGERS, Build, join
from fcs.fcs_corpus import CASES
from fcs.fcs_random import random_file
from nkflow.fcs import read_fcs
from nkflow.fcs.crc import crc16
from nkflow.fcs.cross_check import Comparison, cross_check
from nkflow.fcs.inspect import inspect
from nkflow.fcs.inspection import Inspection
from nkflow.fcs.second_readers import SecondReading, read_with_fcsparser
from nkflow.fcs.terminal import printable


def look(folder: Path, content: bytes, **options: bool) -> Inspection:
    path = folder / "look.fcs"
    path.write_bytes(content)
    inspection = inspect(path, **options)  # type: ignore[arg-type]
    document = inspection.as_dict()
    assert json.loads(json.dumps(document))["schema"] == "nkflow.inspection"
    assert document["trusted"] is inspection.trusted
    return inspection


def test_inspect__shows_what_is_in_a_good_file(tmp_path: Path) -> None:
    stated = {
        "$VOL": "36.6",
        "$DATE": "17-MAR-2026",
        "$BTIM": "10:00:00",
        "$ETIM": "10:01:00",
        "$CYT": "Aurora",
    }
    build = Build(keywords={**stated, "$P2S": "CD3", "$SPILLOVER": "2,FITC-A,PE-A,1,0.1,0.2,1"})
    inspection = look(tmp_path, build.bytes())
    assert inspection.trusted
    text = "\n".join(inspection.lines())
    for part in (
        "look.fcs: can be trusted",
        "FCS3.1, 4 events, 3 channels, Aurora",
        "60.0 s",
        "plausible as uL",
    ):
        assert part in text
    assert "spillover in $SPILLOVER: FITC-A, PE-A" in text
    assert "2 FITC-A                       CD3                  F32      2 .. 2000" in text


def test_inspect__a_refused_file_is_shown_and_not_trusted(tmp_path: Path) -> None:
    inspection = look(tmp_path, Build(keywords={"$TOT": "3"}).bytes())
    assert not inspection.trusted
    assert inspection.error is not None
    assert inspection.error.code == "tot-mismatch"
    assert inspection.sample is not None
    assert inspection.sample.n_events == 3
    assert inspection.lines()[0] == "look.fcs: CAN NOT BE TRUSTED"


def test_inspect__a_file_that_is_no_fcs(tmp_path: Path) -> None:
    inspection = look(tmp_path, b"hello")
    assert (inspection.trusted, inspection.sample) == (False, None)
    assert "not-fcs" in inspection.lines()[1]


def test_inspect__of_several_data_sets_the_first_is_shown(tmp_path: Path) -> None:
    inspection = look(tmp_path, join(Build(keywords={"$NEXTDATA": "0" * 12}).bytes(), Build().bytes()))
    assert not inspection.trusted
    assert len(inspection.data_sets) == 2
    assert inspection.sample is not None


def test_inspect__an_error_finding_is_not_trusted(tmp_path: Path) -> None:
    build = INTEGERS.bend(ranges=("junk", 1024, 1024), keywords={"$P1E": "4,1"})
    inspection = look(tmp_path, build.bytes())
    assert (inspection.error, inspection.trusted) == (None, False)


def test_FCS_D13__events_that_are_not_finite_are_counted(tmp_path: Path) -> None:
    inspection = look(tmp_path, Build(events=((np.nan, 1, 2), (np.inf, 1, 5), (3, 1, 9))).bytes())
    assert [span.non_finite for span in inspection.channels] == [2, 0, 0]
    assert (inspection.channels[0].lowest, inspection.channels[0].highest) == (3, 3)
    assert [f.where for f in inspection.findings if f.code == "non-finite"] == ["FSC-A"]


@pytest.mark.parametrize(("last", "odd"), [(6000, False), (5000, False), (100, True)])
def test_FCS_V07__the_time_channel_is_checked_against_the_clock(last: int, odd: bool, tmp_path: Path) -> None:
    stated = {"$TIMESTEP": "0.01", "$DATE": "17-MAR-2026", "$BTIM": "10:00:00", "$ETIM": "10:01:00"}
    build = Build(names=("FSC-A", "FITC-A", "Time"), events=((1, 1, 0), (2, 2, last)), keywords=stated)
    assert ("time-span" in [f.code for f in look(tmp_path, build.bytes()).findings]) is odd


def test_FCS_D18__a_checksum_is_shown_and_a_wrong_one_found(tmp_path: Path) -> None:
    plain = Build().bytes()
    right = look(tmp_path, plain + f"{crc16(plain):>8}".encode())
    assert right.checksum is not None
    assert right.checksum.state == "right"
    wrong = look(tmp_path, plain + b"       1")
    assert wrong.trusted
    assert "checksum-wrong" in [finding.code for finding in wrong.findings]


THREE_BYTES = INTEGERS.bend(bits=(24,) * 3, ranges=(2**24,) * 3, events=((1, 2, 70000),))


def compared(folder: Path, build: Build) -> dict[str, Comparison]:
    inspection = look(folder, build.bytes(), cross_check=True)
    return {comparison.reader: comparison for comparison in inspection.comparisons}


def test_cross_check__three_readers_agree_on_a_plain_file(tmp_path: Path) -> None:
    found = compared(tmp_path, Build(order="4,3,2,1"))
    assert [(c.state, c.explained) for c in found.values()] == [("agrees", True)] * 2


@pytest.mark.parametrize(
    ("build", "reader", "state", "reason"),
    [
        (THREE_BYTES, "fcsparser", "differs", "wrong side"),
        (THREE_BYTES, "FlowIO", "refuses", "8, 16 and 32 bits"),
        (INTEGERS.bend(ranges=(0, 1024, 1024)), "FlowIO", "differs", "$PnR is 0"),
        (Build(version="FCS3.2", types="FFI", keywords={"$CYT": "x"}), "fcsparser", "differs", "PnDATATYPE"),
        (Build(version="FCS3.2", types="FFI", keywords={"$CYT": "x"}), "FlowIO", "differs", "PnDATATYPE"),
        (INTEGERS.bend(version="FCS3.0", bits=(32,) * 3, order="3,4,1,2"), "FlowIO", "differs", "byte order"),
        (Build(delimiter="^"), "FlowIO", "refuses", "regular expression"),
        (Build(types="AAA", bits=(5, 6, 7)), "fcsparser", "refuses", "decimal digits"),
    ],
)  # fmt: skip
def test_cross_check__known_differences_are_explained(
    build: Build, reader: str, state: str, reason: str, tmp_path: Path
) -> None:
    comparison = compared(tmp_path, build)[reader]
    assert (comparison.state, comparison.explained) == (state, True)
    assert reason in " ".join(comparison.reasons)


def test_cross_check__explains_every_file_of_the_corpus_and_random_ones(tmp_path: Path) -> None:
    """Whatever the second readers do with a legal file, they don't end the look at it, and it is known why."""
    contents = {case.id: case.content for case in CASES if not case.code and not case.options}
    contents |= {f"random file {seed}": random_file(seed).content for seed in range(120)}
    unexplained = [
        (name, comparison.reader, comparison.message)
        for name, content in contents.items()
        for comparison in look(tmp_path, content, cross_check=True).comparisons
        if not comparison.explained
    ]
    assert unexplained == []


def test_cross_check__an_unexplained_difference_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nkflow.fcs import second_readers

    def liar(path: Path, data_set: int, offset: int) -> SecondReading:
        values = np.array(read_fcs(path).stored())
        values[2, 1] += 1
        return SecondReading(("FSC-A", "FITC-A", "PE-A"), values)

    monkeypatch.setitem(second_readers.READERS, "FlowIO", liar)
    inspection = look(tmp_path, Build().bytes(), cross_check=True)
    comparison = inspection.comparisons[0]
    assert not inspection.trusted
    assert not comparison.explained
    difference = comparison.differences[0]
    assert (difference.channel, difference.events, difference.first) == ("FITC-A", 1, 2)
    assert (difference.here, difference.there) == (200, 201)
    assert any("no known reason" in line for line in inspection.lines())


def test_shim__is_still_needed_and_leaves_fcsparser_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "big.fcs"
    path.write_bytes(Build(order="4,3,2,1").bytes())
    original = fcsparser.api.fromfile
    assert isinstance(read_with_fcsparser(path, 0, 0), SecondReading)
    assert fcsparser.api.fromfile is original
    with pytest.raises(AttributeError, match="newbyteorder"):
        fcsparser.parse(str(path), dtype=None)


def test_cross_check__needs_a_file() -> None:
    from nkflow.fcs import Sample

    assert cross_check(Sample.from_arrays({"A": [1.0]}), 0) == ()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[2J", r"\x1b[2J"),
        ("a\u202eb", r"a\u202eb"),
        ("Zoe\u0308", "Zoë"),
        ("a\nb", r"a\nb"),
        ("\x9b1m", r"\x9b1m"),
    ],
)
def test_printable__writes_out_what_does_not_print(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert len(printable("x" * 1000, 50)) == 50
