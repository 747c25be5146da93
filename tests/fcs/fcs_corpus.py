"""The corpus: one deviation a file, each with its truth or with the code of its refusal.

Every case reads in strict mode and gives `truth`, or is refused with `code`. `findings` must be among those of the
sample. The items are those of the FCS chapter of the standards brief.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fcs.fcs_builder import EVENTS, INTEGERS, OLD, Build, join
from nkflow.errors import FCSError
from nkflow.fcs import Sample, read_fcs


@dataclass(frozen=True, eq=False)
class Case:
    item: str
    name: str
    content: bytes
    truth: Sequence[Sequence[float]] | None = EVENTS
    code: str = ""
    findings: tuple[str, ...] = ()
    check: Callable[[Sample], object] | None = None
    suffix: str = ".fcs"
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.item} {self.name}"


def verify(case: Case, folder: Path) -> None:
    path = folder / f"case{case.suffix}"
    path.write_bytes(case.content)
    if case.code:
        with pytest.raises(FCSError) as caught:
            read_fcs(path, **case.options).stored()
        assert caught.value.code == case.code
        assert str(caught.value)
        return
    sample = read_fcs(path, **case.options)
    truth = np.array(case.truth, dtype=np.float64).reshape(-1, len(sample.channels))
    np.testing.assert_array_equal(sample.stored().astype(np.float64), truth)
    found = {finding.code for finding in sample.findings}
    assert set(case.findings) <= found, found
    if case.check is not None:
        assert case.check(sample) is not False


def offsets(build: Build) -> tuple[int, int]:
    """Return first and last byte of DATA as `build` places it."""
    header = build.bytes()[:58]
    return int(header[26:34]), int(header[34:42])


def _header_cases() -> list[Case]:
    good = Build()
    begin, end = offsets(good)
    wide = {"data_begin": f"{begin:<8}", "data_end": f"{end:<8}"}
    zeros = {"data_begin": f"{begin:08d}", "data_end": f"{end:08d}"}
    nul = {"data_begin": f"{begin}".rjust(8, "\0"), "data_end": f"{end}".rjust(8, "\0")}
    none = {"data_begin": f"{0:>8}", "data_end": f"{0:>8}"}
    cases = [
        Case("H01", "plain", good.bytes()),
        Case("H01", "left-justified", good.bend(header=wide).bytes()),
        Case("H01", "zero-padded", good.bend(header=zeros).bytes()),
        Case("H01", "NUL-padded", good.bend(header=nul).bytes()),
        Case(
            "H01",
            "blank analysis",
            good.bend(header={"analysis_begin": " " * 8, "analysis_end": " " * 8}).bytes(),
        ),
    ]
    for name, junk in {
        "hexadecimal": "    0x3a",
        "exponent": "     5e2",
        "underscore": "     1_0",
        "plus sign": "     +58",
        "negative": "     -58",
        "letters": "  abcdef",
        "full stop": "   58.00",
        "two numbers": "   5   8",
        "superscript": "      5²",
    }.items():
        bent = good.bend(header={"data_begin": junk}).bytes()
        cases.append(Case("H01", f"{name} for DATA", bent, code="header-offset"))
    cases += [
        Case(
            "H01", "junk for TEXT", good.bend(header={"text_end": "  0x7f  "}).bytes(), code="header-offset"
        ),
        Case(
            "H01",
            "junk for ANALYSIS",
            good.bend(header={"analysis_end": "********"}).bytes(),
            code="analysis-offset",
        ),
        Case(
            "H01",
            "junk for ANALYSIS, allowed",
            good.bend(header={"analysis_end": "********"}).bytes(),
            findings=("analysis-offset",),
            options={"allow": {"analysis-offset"}},
        ),
        Case("H02", "analysis 0,-1", good.bend(header={"analysis_end": f"{-1:>8}"}).bytes()),
        Case(
            "H02",
            "one event of one byte",
            Build(events=((7,),), types="I", bits=(8,), ranges=(256,), names=("A",)).bytes(),
            truth=((7,),),
        ),
        Case(
            "H02",
            "end one byte too far",
            good.bend(end_shift=1, tail=b"x").bytes(),
            findings=("data-end-plus-one",),
        ),
        Case(
            "H02",
            "end one byte behind the file",
            good.bend(end_shift=1).bytes(),
            findings=("data-end-plus-one",),
        ),
        Case(
            "H03",
            "second data set",
            join(good.bend(keywords={"$NEXTDATA": "0" * 12}).bytes(), Build(events=((5, 6, 7),)).bytes()),
            truth=((5, 6, 7),),
            options={"data_set": 1},
        ),
        Case("H04", "zeros in HEADER", good.bend(header=none).bytes()),
        Case("H04", "TEXT behind DATA", good.bend(text_after_data=True).bytes()),
        Case("H05", "begin kept, end zero", good.bend(header={"data_end": f"{0:>8}"}).bytes()),
        Case("H05", "end 99999999", good.bend(header={"data_end": "99999999"}).bytes()),
        Case("H06", "small file, zeros in HEADER, FCS 3.0", good.bend(version="FCS3.0", header=none).bytes()),
        Case(
            "H07",
            "FCS 2.0 with wrong $BEGINDATA",
            OLD.bend(keywords={"$BEGINDATA": "58", "$ENDDATA": "105"}).bytes(),
        ),
        Case(
            "H07",
            "FCS 2.0 without HEADER offsets",
            OLD.bend(header=none, keywords={"$BEGINDATA": "600", "$ENDDATA": "647"}).bytes(),
            code="data-missing",
        ),
        Case(
            "H08",
            "FCS 3.2 without offsets of ANALYSIS and STEXT",
            good.bend(
                version="FCS3.2",
                keywords={
                    "$BEGINANALYSIS": None,
                    "$ENDANALYSIS": None,
                    "$BEGINSTEXT": None,
                    "$ENDSTEXT": None,
                    "$CYT": "x",
                },
            ).bytes(),
        ),
        Case("H09", "OTHER offsets of ten bytes before TEXT", _with_other(good)),
        Case("H10", "filler before DATA", good.bend(before_data=b"\xff filler \x00").bytes()),
        Case("H10", "filler behind DATA", good.bend(tail=b"\xff\x00junk").bytes()),
        Case("H11", "truncated", good.bytes()[:-5], code="fcs-truncated"),
        Case(
            "H11",
            "truncated, complete events",
            good.bytes()[:-5],
            truth=EVENTS[:3],
            options={"on_truncated": "read"},
            findings=("truncated",),
            check=lambda s: s.truncated,
        ),
        Case("H11", "nothing behind TEXT", good.bytes()[:begin], code="fcs-truncated"),
        Case(
            "H11",
            "nothing behind TEXT, read",
            good.bytes()[:begin],
            truth=(),
            options={"on_truncated": "read"},
        ),
        Case("H12", "TEXT ends on byte 9 of DATA", _shared_bytes(good, 9), code="segment-overlap"),
        Case(
            "H12",
            "TEXT ends on byte 9 of DATA, allowed",
            _shared_bytes(good, 9),
            options={"allow": ["segment-overlap"]},
        ),
        Case(
            "H12", "TEXT ends on the first byte of DATA", _shared_bytes(good), findings=("text-end-plus-one",)
        ),
        Case(
            "H12",
            "ANALYSIS inside DATA",
            good.bend(
                header={"analysis_begin": f"{begin + 4:>8}", "analysis_end": f"{begin + 20:>8}"}
            ).bytes(),
            code="segment-overlap",
        ),
        Case(
            "H12",
            "ANALYSIS inside DATA, allowed",
            good.bend(
                header={"analysis_begin": f"{begin + 4:>8}", "analysis_end": f"{begin + 20:>8}"}
            ).bytes(),
            options={"allow": ["segment-overlap"]},
            findings=("segment-overlap",),
        ),
        Case(
            "H12",
            "TEXT inside HEADER",
            good.bend(header={"text_begin": f"{40:>8}"}).bytes(),
            code="segment-overlap",
        ),
    ]
    return cases + _decision_cases()


def _decision_cases() -> list[Case]:
    """HEADER and TEXT say different things; the arithmetic of events decides."""
    good = Build()
    begin, end = offsets(good)
    decoy = good.bend(before_data=b"\0" * 16)
    at, to = offsets(decoy)
    return [
        Case(
            "H05",
            "HEADER wild, TEXT right",
            good.bend(header={"data_begin": f"{begin + 3:>8}", "data_end": f"{end + 900:>8}"}).bytes(),
            findings=("data-offsets-differ",),
        ),
        Case(
            "H05",
            "TEXT wild, HEADER right",
            good.bend(
                keywords={"$BEGINDATA": f"{begin + 4000:012d}", "$ENDDATA": f"{end + 4000:012d}"}
            ).bytes(),
            findings=("data-offsets-differ",),
        ),
        Case(
            "H05",
            "both fit, HEADER goes first",
            decoy.bend(keywords={"$BEGINDATA": f"{at - 16:012d}", "$ENDDATA": f"{to - 16:012d}"}).bytes(),
            findings=("data-offsets-differ",),
        ),
        Case(
            "H05",
            "HEADER too long, TEXT right",
            good.bend(tail=b"\0" * 99, header={"data_end": f"{end + 60:>8}"}).bytes(),
            findings=("data-offsets-differ",),
        ),
        Case(
            "H05",
            "TEXT inside TEXT, HEADER right",
            good.bend(keywords={"$BEGINDATA": f"{100:012d}", "$ENDDATA": f"{147:012d}"}).bytes(),
        ),
        Case(
            "H05",
            "FlowJo's export without offsets in TEXT",
            good.bend(keywords={"$BEGINDATA": None, "$ENDDATA": None}).bytes(),
            findings=("keywords-missing",),
        ),
        Case(
            "H05",
            "end equals begin (iQue)",
            good.bend(header={"data_end": f"{begin:>8}"}, keywords={"$ENDDATA": f"{begin:012d}"}).bytes(),
            findings=("data-offsets-differ",),
        ),
        Case(
            "H05",
            "no offsets anywhere",
            good.bend(
                header={"data_begin": f"{0:>8}", "data_end": f"{0:>8}"},
                keywords={"$BEGINDATA": "0", "$ENDDATA": "0"},
            ).bytes(),
            code="data-missing",
        ),
        Case(
            "H05",
            "99999999 in TEXT as well",
            good.bend(header={"data_end": "99999999"}, keywords={"$ENDDATA": "99999999"}).bytes(),
            findings=("data-offsets-differ",),
        ),
        Case(
            "H05",
            "both ends behind the file",
            good.bend(end_shift=500).bytes(),
            code="tot-mismatch",
        ),
        Case(
            "H05",
            "some slack, less than an event",
            good.bend(end_shift=7, tail=b"abcdefgh").bytes(),
            findings=("data-slack",),
        ),
    ]


def _with_other(build: Build) -> bytes:
    """Put 20 bytes of OTHER offsets between HEADER and TEXT."""
    plain = build.bytes()
    begin, end = offsets(build)
    text_end = int(plain[18:26])
    moved = plain.replace(f"{begin:012d}".encode(), f"{begin + 20:012d}".encode())
    moved = moved.replace(f"{end:012d}".encode(), f"{end + 20:012d}".encode())
    header = f"{build.version:<10}" + "".join(
        f"{n:>8}" for n in (78, text_end + 20, begin + 20, end + 20, 0, 0)
    )
    return header.encode() + b"%10d%10d" % (0, 0) + moved[58:]


def _shared_bytes(build: Build, count: int = 1) -> bytes:
    """Let TEXT end on byte number `count` of DATA."""
    plain = build.bytes()
    return plain[:18] + f"{offsets(build)[0] + count - 1:>8}".encode() + plain[26:]


def _text_cases() -> list[Case]:
    good = Build()
    cases = [
        Case(
            "T01",
            f"delimiter {d!r}",
            good.bend(delimiter=d, keywords={"$OP": f"a{d}b"}).bytes(),
            check=lambda s, d=d: s.keywords["$OP"] == f"a{d}b",
        )
        for d in (
            "/",
            "\\",
            ",,"[0],
            "!",
            "*",
            "\x0c",
            "\x1e",
            "\r",
            "^",
            ".",
            "+",
            "?",
            "(",
            "[",
            "$",
            "#",
            "\t",
            "~",
        )
        if d not in "$,."
    ]
    return cases + [
        Case(
            "T01",
            "delimiter above 126",
            good.bend(delimiter="\xa4", version="FCS3.0").bytes(),
            findings=("delimiter-unusual",),
        ),
        Case(
            "T01",
            "a letter as delimiter",
            good.bend(delimiter="q", version="FCS3.0", keywords={"$OP": "aqb"}).bytes(),
            check=lambda s: s.keywords["$OP"] == "aqb",
        ),
        Case(
            "T01",
            "TEXT begins with a letter",
            good.bend(text=lambda t: b"A" + t[1:]).bytes(),
            code="text-delimiter",
        ),
        Case(
            "T02",
            "doubled delimiter in a value",
            good.bend(keywords={"$FIL": "a|b||c"}).bytes(),
            check=lambda s: s.keywords["$FIL"] == "a|b||c",
        ),
        Case(
            "T02",
            "doubled delimiter in a vendor's key",
            good.bend(keywords={"A|B": "x"}).bytes(),
            check=lambda s: s.keywords["A|B"] == "x",
        ),
        Case(
            "T03",
            "empty value before a standard keyword",
            _literal("|$COM||$OP|me|"),
            check=lambda s: (s.keywords["$COM"], s.keywords["$OP"]) == ("", "me"),
            findings=("text-empty-values",),
        ),
        Case(
            "T03",
            "empty value before a required keyword",
            _empty_before("$PAR"),
            findings=("text-empty-values",),
        ),
        Case(
            "T03",
            "empty value of a vendor: escaping wins",
            _literal("|FOO||BAR|x|"),
            check=lambda s: s.keywords["FOO|BAR"] == "x",
            findings=("text-two-parses",),
        ),
        Case(
            "T03",
            "empty and escaped values together",
            _literal("|$COM||$OP|a||b|"),
            check=lambda s: (s.keywords["$COM"], s.keywords["$OP"]) == ("", "a|b"),
        ),
        Case(
            "T04",
            "value that ends with the delimiter",
            _literal("|$FIL|abc|||$OP|me|"),
            check=lambda s: (s.keywords["$FIL"], s.keywords["$OP"]) == ("abc|", "me"),
        ),
        Case("T04", "four in a row", _literal("|$FIL|a||||b|"), check=lambda s: s.keywords["$FIL"] == "a||b"),
        Case(
            "T05",
            "no delimiter at the end",
            _literal("|$OP|me"),
            check=lambda s: s.keywords["$OP"] == "me",
            findings=("text-unterminated",),
        ),
        Case(
            "T06", "filler behind the last delimiter", good.bend(text=lambda t: t + b" \0\r\n    \0").bytes()
        ),
        Case(
            "T06",
            "key without a value",
            _literal("|$OP|me|LONELY|"),
            findings=("text-unpaired",),
            check=lambda s: s.keywords["$OP"] == "me" and "LONELY" not in s.keywords,
        ),
        Case(
            "T07",
            "keys in lower case",
            good.bend(text=lambda t: t.replace(b"$PAR", b"$par").replace(b"$P1B", b"$p1b")).bytes(),
            check=lambda s: s.keywords["$PAR"] == "3" and s.keywords.spelling["$PAR"] == "$par",
        ),
        Case(
            "T07",
            "a $ in a value",
            good.bend(keywords={"$COM": "cost $5"}).bytes(),
            check=lambda s: s.keywords["$COM"] == "cost $5",
        ),
        Case(
            "T07",
            "$SPILL and SPILL are two keywords",
            good.bend(keywords={"$TR": "1", "TR": "2"}).bytes(),
            check=lambda s: (s.keywords["$TR"], s.keywords["TR"]) == ("1", "2"),
        ),
        Case(
            "T08",
            "the same key twice",
            _literal("|$OP|first|$OP|second|"),
            findings=("keyword-duplicate",),
            check=lambda s: s.keywords["$OP"] == "first" and s.keywords.duplicates["$OP"] == ("second",),
        ),
        Case(
            "T09",
            "UTF-8 value",
            good.bend(encoding="utf-8", keywords={"$OP": "Zoë 名前"}).bytes(),
            check=lambda s: s.keywords["$OP"] == "Zoë 名前",
        ),
        Case(
            "T09",
            "latin-1 value",
            good.bend(keywords={"$OP": "Zoë"}).bytes(),
            findings=("text-encoding",),
            check=lambda s: s.keywords["$OP"] == "Zoë",
        ),
        Case(
            "T10",
            "NUL inside a value",
            good.bend(keywords={"$OP": "a\0b", "$TOT": "4\0"}).bytes(),
            check=lambda s: s.keywords["$OP"] == "a\0b",
        ),
        Case("T10", "byte order mark", good.bend(encoding="utf-8", keywords={"$TOT": "\ufeff4"}).bytes()),
        Case(
            "T11",
            "numbers with blanks around them",
            good.bend(keywords={"$TOT": "  4 ", "$PAR": " 3", "$P1B": "32  "}).bytes(),
        ),
        Case("T11", "range with a fraction", INTEGERS.bend(ranges=("65536.0", "1e5", "65536")).bytes()),
        Case(
            "T11",
            "blank offsets of STEXT",
            good.bend(keywords={"$BEGINSTEXT": "   ", "$ENDSTEXT": "   "}).bytes(),
        ),
        Case("T11", "underscore in $TOT", good.bend(keywords={"$TOT": "0_4"}).bytes(), code="tot-invalid"),
        Case(
            "T12",
            "optional keyword in supplemental TEXT",
            good.bend(stext=b"|EXTRA|value|").bytes(),
            check=lambda s: s.keywords["EXTRA"] == "value",
        ),
        Case(
            "T12",
            "supplemental TEXT without the first delimiter",
            good.bend(stext=b"EXTRA|value|").bytes(),
            check=lambda s: s.keywords["EXTRA"] == "value",
        ),
        Case(
            "T12",
            "spillover in supplemental TEXT",
            good.bend(stext=b"|$SPILLOVER|2,FITC-A,PE-A,1,0.1,0.2,1|").bytes(),
            check=lambda s: s.spillover.names == ("FITC-A", "PE-A"),
        ),
        Case(
            "T12",
            "primary TEXT holds on a clash",
            good.bend(stext=b"|$PAR|9|$OP|me|").bytes(),
            findings=("stext-clash",),
        ),
        Case(
            "T12",
            "supplemental TEXT is primary TEXT",
            good.bend(keywords={"$BEGINSTEXT": "58", "$ENDSTEXT": "300"}).bytes(),
            findings=("stext-ignored",),
        ),
        Case(
            "T12",
            "supplemental TEXT is no text",
            good.bend(stext=b"|PK\3\4\0\0|\1\2|").bytes(),
            findings=("stext-ignored",),
        ),
        Case(
            "T14",
            "carriage return as delimiter, bars in a value",
            good.bend(
                delimiter="\r",
                version="FCS3.2",
                keywords={"$CYT": "S8", "BDCHORUSDATARECORD": '{"a": "x|y|z"}'},
            ).bytes(),
            check=lambda s: s.keywords["BDCHORUSDATARECORD"] == '{"a": "x|y|z"}',
        ),
        Case(
            "T14",
            "form feed as delimiter, filler at the end",
            good.bend(delimiter="\x0c", text=lambda t: t + b"\n").bytes(),
        ),
    ]


def _literal(more: str, build: Build | None = None) -> bytes:
    """Put `more` at the end of TEXT as it stands, its first delimiter shared."""
    return (build or Build()).bend(text=lambda t: t[:-1] + more.encode("latin-1")).bytes()


def _empty_before(key: str) -> bytes:
    return Build(text=lambda t: t.replace(f"|{key}|".encode(), f"|VENDOR||{key}|".encode())).bytes()


def _data_cases() -> list[Case]:
    good = Build()
    big = "4,3,2,1"
    i8 = INTEGERS.bend(bits=(8, 8, 8), ranges=(256, 256, 256), events=((1, 2, 3), (250, 128, 255)))
    i24 = INTEGERS.bend(
        bits=(24,) * 3, ranges=(2**24,) * 3, events=((1, 2, 3), (0x010203, 0xFFFFFF, 0x800000))
    )
    i64 = INTEGERS.bend(bits=(64,) * 3, ranges=(2**64,) * 3, events=((1, 2, 3), (2**40, 2**53, 2**33)))
    mixed = INTEGERS.bend(
        bits=(8, 16, 32), ranges=(256, 65536, 2**32), events=((1, 2, 3), (255, 65535, 2**32 - 1))
    )
    odd = INTEGERS.bend(
        bits=(40, 48, 56), ranges=(2**40, 2**48, 2**56), events=((1, 2, 3), (2**39, 2**47, 2**50))
    )
    pdp = INTEGERS.bend(
        version="FCS3.0", bits=(32,) * 3, ranges=(2**32,) * 3, events=((0x0A0B0C0D, 1, 2**31),)
    )
    return [
        *(
            Case("D01", f"mode {mode}", good.bend(keywords={"$MODE": mode}).bytes(), code="mode-unsupported")
            for mode in "CUcu"
        ),
        Case("D01", "mode in lower case", good.bend(keywords={"$MODE": "l"}).bytes()),
        Case("D01", "no mode", good.bend(version="FCS3.2", keywords={"$MODE": None, "$CYT": "x"}).bytes()),
        Case("D02", "float32, big-endian", good.bend(order=big).bytes()),
        Case(
            "D02",
            "float64, little-endian",
            good.bend(types="DDD", bits=(64,) * 3, events=((0.1, 1e300, -2.5),)).bytes(),
            truth=((0.1, 1e300, -2.5),),
        ),
        Case("D02", "float64, big-endian", good.bend(types="DDD", bits=(64,) * 3, order=big).bytes()),
        Case(
            "D02",
            "types per channel",
            good.bend(
                version="FCS3.2",
                types="FID",
                bits=(32, 16, 64),
                ranges=(1, 65536, 1),
                keywords={"$CYT": "x"},
                events=((1.5, 3, 0.1), (2.5, 65535, -1e300)),
            ).bytes(),
            truth=((1.5, 3, 0.1), (2.5, 65535, -1e300)),
        ),
        Case(
            "D02",
            "types per channel, big-endian",
            good.bend(
                version="FCS3.2",
                types="IFI",
                bits=(32, 32, 8),
                order=big,
                ranges=(2**32, 1, 256),
                keywords={"$CYT": "x"},
                events=((7, 0.5, 9),),
            ).bytes(),
            truth=((7, 0.5, 9),),
        ),
        Case(
            "D02",
            "a float beside decimal digits",
            good.bend(types="AAA", bits=(8,) * 3, version="FCS3.2", keywords={"$P2DATATYPE": "F"}).bytes(),
            code="datatype-invalid",
        ),
        Case("D02", "unknown type", good.bend(keywords={"$DATATYPE": "X"}).bytes(), code="datatype-invalid"),
        Case(
            "D02",
            "unknown type of a channel",
            good.bend(keywords={"$P2DATATYPE": "Q"}).bytes(),
            code="datatype-invalid",
        ),
        Case(
            "D03",
            "float32 that says 64 bits",
            good.bend(keywords={f"$P{n}B": "64" for n in (1, 2, 3)}).bytes(),
            findings=("width-repaired",),
        ),
        Case(
            "D03",
            "float64 that says type F",
            good.bend(types="DDD", bits=(64,) * 3, keywords={"$DATATYPE": "F"}).bytes(),
            findings=("width-repaired",),
        ),
        Case(
            "D03",
            "neither type nor width fit",
            good.bend(keywords={"$P1B": "16"}, end_shift=-5).bytes()[:-5],
            code="width-mismatch",
        ),
        Case("D04", "digits in fields", Build(types="AAA", bits=(5, 6, 7), ranges=(1024,) * 3).bytes()),
        Case(
            "D04", "digits in fields, big-endian order", Build(types="AAA", bits=(5, 6, 7), order=big).bytes()
        ),
        Case("D04", "free digits", _free(b"1 2 3\r\n10,20\t30 100  200,300\n1000 2000 3000")),
        Case(
            "D04",
            "free digits, one number missing",
            _free(b"1 2 3 10 20 30 100 200 300 1000 2000"),
            code="tot-mismatch",
        ),
        Case(
            "D04",
            "letters among digits",
            _free(b"1 2 3 10 20 30 100 2x0 300 1000 2000 3000"),
            code="ascii-value",
        ),
        Case(
            "D04",
            "a number of more than 64 bits",
            _free(b"1 2 3 10 20 30 100 99999999999999999999 300 1 2 3"),
            code="ascii-value",
        ),
        Case("D05", "16 bits, order 2,1", INTEGERS.bend(version="FCS2.0", order="2,1").bytes()),
        Case("D05", "16 bits, order 1,2", INTEGERS.bend(version="FCS3.0", order="1,2").bytes()),
        Case("D05", "16 bits, order of four bytes", INTEGERS.bend(order=big).bytes()),
        Case(
            "D05",
            "order 3,4,1,2",
            pdp.bend(order="3,4,1,2").bytes(),
            truth=((0x0A0B0C0D, 1, 2**31),),
            check=lambda s: _first_bytes(s) == b"\x0b\x0a\x0d\x0c",
        ),
        Case("D05", "order 2,1,4,3", pdp.bend(order="2,1,4,3").bytes(), truth=((0x0A0B0C0D, 1, 2**31),)),
        Case("D05", "blanks in the order", INTEGERS.bend(order="1, 2, 3, 4").bytes()),
        Case(
            "D05",
            "mixed order for another width",
            INTEGERS.bend(version="FCS3.0", order="3,4,1,2").bytes(),
            code="byteord-width",
        ),
        Case(
            "D05",
            "no permutation",
            good.bend(keywords={"$BYTEORD": "1,2,3,3"}).bytes(),
            code="byteord-invalid",
        ),
        Case("D05", "no order, one byte", i8.bend(keywords={"$BYTEORD": None}).bytes(), truth=i8.events),
        Case("D05", "no order", good.bend(keywords={"$BYTEORD": None}).bytes(), code="byteord-invalid"),
        Case("D06", "float32 in order 3,4,1,2", good.bend(version="FCS3.0", order="3,4,1,2").bytes()),
        Case("D06", "float32 in order 2,1,4,3", good.bend(version="FCS3.0", order="2,1,4,3").bytes()),
        Case("D07", "8 bits", i8.bytes(), truth=i8.events),
        Case("D07", "24 bits, little-endian", i24.bytes(), truth=i24.events),
        Case("D07", "24 bits, big-endian", i24.bend(order=big).bytes(), truth=i24.events),
        Case(
            "D07", "24 bits, order 3,2,1", i24.bend(version="FCS3.0", order="3,2,1").bytes(), truth=i24.events
        ),
        Case("D07", "32 bits", mixed.bend(bits=(32,) * 3, ranges=(2**32,) * 3).bytes(), truth=mixed.events),
        Case("D07", "40, 48 and 56 bits", odd.bytes(), truth=odd.events),
        Case("D07", "40, 48 and 56 bits, big-endian", odd.bend(order=big).bytes(), truth=odd.events),
        Case("D07", "64 bits", i64.bytes(), truth=i64.events),
        Case("D07", "64 bits, big-endian", i64.bend(order=big).bytes(), truth=i64.events),
        Case("D07", "mixed widths", mixed.bytes(), truth=mixed.events),
        Case("D07", "mixed widths, big-endian", mixed.bend(order=big).bytes(), truth=mixed.events),
        Case(
            "D08",
            "10 bits packed, most significant first",
            _ten("msb", big),
            truth=((1, 2, 3),),
            findings=("packed-bit-order",),
        ),
        Case(
            "D08",
            "10 bits packed, least significant first",
            _ten("lsb", "1,2,3,4"),
            truth=((1, 2, 3),),
            findings=("packed-bit-order",),
        ),
        Case(
            "D08",
            "12 and 20 bits packed, several events",
            INTEGERS.bend(
                bits=(12, 20, 9),
                ranges=(4096, 2**20, 512),
                packed="msb",
                order=big,
                events=((1, 2, 3), (4095, 2**20 - 1, 511), (17, 70000, 300)),
            ).bytes(),
            truth=((1, 2, 3), (4095, 2**20 - 1, 511), (17, 70000, 300)),
        ),
        Case(
            "D08",
            "least significant first against the rule",
            packed_clusters("lsb", big)[0],
            truth=packed_clusters("lsb", big)[1],
        ),
        Case(
            "D08",
            "most significant first against the rule",
            packed_clusters("msb", "1,2,3,4")[0],
            truth=packed_clusters("msb", "1,2,3,4")[1],
        ),
        Case(
            "D09",
            "10 bits that are 16",
            INTEGERS.bend(keywords={f"$P{n}B": "10" for n in (1, 2, 3)}).bytes(),
            findings=("width-repaired",),
        ),
        Case(
            "D09",
            "10 bits that are 16, end one too far",
            INTEGERS.bend(end_shift=1, tail=b" ", keywords={f"$P{n}B": "10" for n in (1, 2, 3)}).bytes(),
            findings=("width-repaired", "data-end-plus-one"),
        ),
        Case(
            "D09",
            "10 bits that are 16, truncated",
            INTEGERS.bend(keywords={f"$P{n}B": "10" for n in (1, 2, 3)}).bytes()[:-7],
            truth=EVENTS[:2],
            options={"on_truncated": "read"},
        ),
        *_mask_cases(),
        Case(
            "D11",
            "floats beyond their range and below 0",
            good.bend(ranges=(1, 2, 3), events=((5.5, -7, 1e6),)).bytes(),
            truth=((5.5, -7, 1e6),),
        ),
        Case(
            "D12",
            "32-bit integers beyond 2^24",
            INTEGERS.bend(
                bits=(32,) * 3, ranges=(2**32,) * 3, events=((2**24 + 1, 2**31 + 1, 2**32 - 1),)
            ).bytes(),
            truth=((2**24 + 1, 2**31 + 1, 2**32 - 1),),
            check=lambda s: s.stored().dtype == np.uint32 and s.values()[0, 0] == 2**24 + 1,
        ),
        Case(
            "D13",
            "NaN and infinity",
            good.bend(events=((np.nan, np.inf, -np.inf), (1, 2, 3))).bytes(),
            truth=((np.nan, np.inf, -np.inf), (1, 2, 3)),
        ),
        Case(
            "D13",
            "NaN and infinity, big-endian",
            good.bend(order=big, events=((np.nan, np.inf, -np.inf),)).bytes(),
            truth=((np.nan, np.inf, -np.inf),),
        ),
        Case("D14", "$TOT too small", good.bend(keywords={"$TOT": "3"}).bytes(), code="tot-mismatch"),
        Case(
            "D14",
            "$TOT too small, allowed",
            good.bend(keywords={"$TOT": "3"}).bytes(),
            truth=EVENTS[:3],
            options={"allow": ["tot-mismatch"]},
            findings=("tot-mismatch",),
        ),
        Case(
            "D14",
            "$TOT too small, the rest is filler",
            good.bend(events=(*EVENTS[:3], (0, 0, 0)), keywords={"$TOT": "3"}).bytes(),
            truth=EVENTS[:3],
            findings=("data-slack",),
        ),
        Case(
            "D14",
            "$TOT too large",
            good.bend(keywords={"$TOT": "5"}, tail=b"x" * 50).bytes(),
            code="tot-mismatch",
        ),
        Case(
            "D14",
            "$TOT too large, allowed",
            good.bend(keywords={"$TOT": "5"}, tail=b"x" * 50).bytes(),
            options={"allow": ["tot-mismatch"]},
        ),
        Case(
            "D14",
            "no $TOT in FCS 2.0, truncated",
            OLD.bend(keywords={"$TOT": None}).bytes()[:-20],
            code="fcs-truncated",
        ),
        Case(
            "D14",
            "no $TOT in FCS 2.0, truncated, read",
            OLD.bend(keywords={"$TOT": None}).bytes()[:-20],
            truth=EVENTS[:2],
            options={"on_truncated": "read"},
        ),
        Case("D14", "no $TOT in FCS 2.0", OLD.bend(keywords={"$TOT": None}).bytes()),
        Case(
            "D14", "no $TOT in FCS 3.1", good.bend(keywords={"$TOT": None}).bytes(), findings=("tot-missing",)
        ),
        Case("D15", "no events", good.bend(events=()).bytes(), truth=()),
        Case("D15", "no events, FCS 2.0", OLD.bend(events=()).bytes(), truth=()),
        *_data_set_cases(),
        Case("D18", "zeros for a checksum", good.bend(tail=b"00000000").bytes()),
        Case("D18", "wrong checksum", good.bend(tail=b"12345678").bytes()),
    ]


def _mask_cases() -> list[Case]:
    every = ((0xFFFF, 0x1234, 0x0400),)

    def masked(
        *ranges: object,
        bits: int = 16,
        events: Any = every,
        findings: tuple[str, ...] = (),
        truth: Any = every,
    ) -> Case:
        build = INTEGERS.bend(bits=(bits,) * 3, ranges=ranges, events=events)
        return Case("D10", f"ranges {ranges}, {bits} bits", build.bytes(), truth=truth, findings=findings)

    return [
        masked(1024, 1000, 1025, truth=((1023, 0x234, 0x400),)),
        masked(65536, 65536, 65536),
        masked(0, 1, 65536, findings=("range-unusable",)),
        masked("", "junk", "65536", findings=("range-unusable",)),
        masked("1023.5", 1024.0, "1e3", truth=((0xFFFF, 0x234, 0x000),), findings=("range-unusable",)),
        masked(262144, 2**40, 65537),
        masked("1" + "0" * 400, "1e999", "NaN", findings=("range-unusable",)),
        masked(-5, 1024, 65536, truth=((0xFFFF, 0x234, 0x400),), findings=("range-unusable",)),
        masked(
            2**32,
            2**31,
            2**32 - 1,
            bits=32,
            events=((2**32 - 1, 2**32 - 1, 5),),
            truth=((2**32 - 1, 2**31 - 1, 5),),
        ),
        masked(2**52, 2**64, 1024, bits=64, events=((2**53, 2**53, 2**53 + 5),), truth=((0, 2**53, 5),)),
        masked(1024, 256, 2**24, bits=24, events=((2**24 - 1,) * 3,), truth=((1023, 255, 2**24 - 1),)),
    ]


def _data_set_cases() -> list[Case]:
    first = Build(keywords={"$NEXTDATA": "0" * 12})
    other = Build(events=((5, 6, 7), (8, 9, 10)))
    two = join(first.bytes(), other.bytes())
    absolute = join(first.bytes(), join(first.bytes(), other.bytes()))
    at = 2 * len(first.bytes())
    return [
        Case("D16", "two data sets, none chosen", two, code="data-set-ambiguous"),
        Case("D16", "two data sets, the first", two, options={"data_set": 0}),
        Case("D16", "two data sets, the second", two, truth=other.events, options={"data_set": 1}),
        Case("D16", "two data sets, a third", two, code="data-set-missing", options={"data_set": 2}),
        Case(
            "D16",
            "two data sets, one before the first",
            two,
            code="data-set-missing",
            options={"data_set": -1},
        ),
        Case(
            "D16",
            "three, the last by its absolute place",
            absolute[: len(first.bytes())]
            + absolute[len(first.bytes()) :].replace(
                f"{len(first.bytes()):012d}".encode(), f"{at:012d}".encode(), 1
            ),
            truth=other.events,
            options={"data_set": 2},
        ),
        Case(
            "D16",
            "$NEXTDATA behind the file",
            Build(keywords={"$NEXTDATA": "99999"}).bytes(),
            code="nextdata-invalid",
        ),
        Case(
            "D16",
            "$NEXTDATA on no data set",
            Build(keywords={"$NEXTDATA": "100"}).bytes(),
            findings=("nextdata-ignored",),
        ),
        Case(
            "D16",
            "$NEXTDATA negative",
            Build(keywords={"$NEXTDATA": "-58"}).bytes(),
            findings=("nextdata-ignored",),
        ),
        Case("D16", "$NEXTDATA blank", Build(keywords={"$NEXTDATA": "  "}).bytes()),
        Case(
            "D17",
            "LMD with two data sets",
            two,
            truth=other.events,
            suffix=".LMD",
            findings=("lmd-last-data-set",),
        ),
        Case("D17", "LMD with two data sets, the first", two, suffix=".lmd", options={"data_set": 0}),
        Case("D17", "LMD with one data set", Build().bytes(), suffix=".lmd"),
    ]


def _free(digits: bytes) -> bytes:
    return Build(types="AAA", bits=("*", "*", "*"), ranges=(1024,) * 3).bend(data=lambda _: digits).bytes()


def _ten(order: str, byte_order: str) -> bytes:
    build = INTEGERS.bend(
        bits=(10,) * 3, ranges=(1024,) * 3, packed=order, order=byte_order, events=((1, 2, 3),)
    )
    expected = {"msb": bytes.fromhex("0040200c"), "lsb": bytes.fromhex("01083000")}[order]
    assert build.body() == expected
    return build.bytes()


def packed_clusters(order: str, byte_order: str) -> tuple[bytes, list[tuple[int, ...]]]:
    """Return 2000 events of three narrow clusters of 9 bits, packed in `order`."""
    rng = np.random.default_rng(5)
    events = np.clip(rng.normal((60, 300, 200), (4, 6, 8), (2000, 3)), 0, 511).astype(int)
    rows = [tuple(map(int, row)) for row in events]
    build = INTEGERS.bend(bits=(9,) * 3, ranges=(512,) * 3, packed=order, order=byte_order, events=rows)
    return build.bytes(), rows


def _first_bytes(sample: Sample) -> bytes:
    content = Path(str(sample.path)).read_bytes()
    begin = int(content[26:34])
    return content[begin : begin + 4]


def _keyword_cases() -> list[Case]:
    good = Build()
    return [
        Case("K01", "no $PAR", good.bend(keywords={"$PAR": None}).bytes(), code="keyword-missing"),
        Case("K01", "no $P2B", good.bend(keywords={"$P2B": None}).bytes(), code="keyword-missing"),
        Case("K01", "no $DATATYPE", good.bend(keywords={"$DATATYPE": None}).bytes(), code="keyword-missing"),
        Case("K01", "$PAR is 0", good.bend(keywords={"$PAR": "0"}).bytes(), code="keyword-missing"),
        Case("K01", "width 0", INTEGERS.bend(keywords={"$P2B": "0"}).bytes(), code="width-invalid"),
        Case("K01", "width 65", INTEGERS.bend(keywords={"$P2B": "65"}).bytes(), code="width-invalid"),
        Case(
            "K01",
            "no names",
            good.bend(version="FCS3.0", keywords={f"$P{n}N": None for n in (1, 2, 3)}).bytes(),
            check=lambda s: [c.name for c in s.channels] == ["P1", "P2", "P3"],
        ),
        Case(
            "K01",
            "3.0 with keywords of 3.1",
            good.bend(version="FCS3.0", keywords={"$VOL": "12"}).bytes(),
            findings=("keywords-of-later-version",),
        ),
        Case("K01", "3.2 without $CYT", good.bend(version="FCS3.2").bytes(), findings=("keywords-missing",)),
        Case("K01", "not FCS", b"PK\3\4" + b"\0" * 200, code="not-fcs"),
        Case("K01", "FCS 1.0", good.bend(version="FCS1.0").bytes(), code="fcs-version"),
        Case("K01", "FCS 4.0", good.bend(version="FCS4.0").bytes(), code="fcs-version"),
        Case("K01", "empty file", b"", code="not-fcs"),
        Case("K01", "channels from 0", _from_zero(), findings=("channels-from-zero",)),
        Case(
            "K01",
            "duplicate names",
            good.bend(names=("FL1", "FL1", "FL2")).bytes(),
            findings=("channel-name-made",),
            check=lambda s: [c.name for c in s.channels] == ["FL1-1", "FL1-2", "FL2"],
        ),
    ]


def _from_zero() -> bytes:
    def renumber(text: bytes) -> bytes:
        for number in (1, 2, 3):
            for what in b"NBRE":
                text = text.replace(b"$P%d%c" % (number, what), b"$P%d%c" % (number - 1, what))
        return text

    return Build(text=renumber).bytes()


CASES: tuple[Case, ...] = (*_header_cases(), *_text_cases(), *_data_cases(), *_keyword_cases())


def cases(item: str) -> pytest.MarkDecorator:
    """Parametrise a test with the cases of one item."""
    chosen = [case for case in CASES if case.item == item]
    assert chosen, item
    return pytest.mark.parametrize("case", chosen, ids=lambda case: case.name)
