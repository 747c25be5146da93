"""Files that ask for too much, or lie: typed errors, no memory, no time (STANDARDS.md §7)."""

from __future__ import annotations

import contextlib
import random
import re
import socket
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from fcs.fcs_builder import EVENTS, INTEGERS, Build
from fcs.fcs_mutations import mutate
from nkflow.errors import FCSError, FCSFormatError, FCSLimitError, FCSTruncatedError
from nkflow.fcs import Limits, read_fcs

GOOD = Build()
BEGIN = int(GOOD.bytes()[26:34])


def hostile() -> dict[str, tuple[bytes, str]]:
    """Return content and the expected code by the threat."""
    many = b"|" * 2_000_000
    text = f"FCS3.1    {58:>8}{58 + len(many) - 1:>8}" + f"{0:>8}" * 4
    long_text = f"FCS3.1    {58:>8}{58 + 70 * 2**20:>8}" + f"{0:>8}" * 4
    return {
        "tot 10^12": (GOOD.bend(keywords={"$TOT": str(10**12)}).bytes(), "fcs-truncated"),
        "tot of many digits": (GOOD.bend(keywords={"$TOT": "1" * 100_000}).bytes(), "tot-invalid"),
        "tot negative": (GOOD.bend(keywords={"$TOT": "-4"}).bytes(), "tot-invalid"),
        "par 10^9": (GOOD.bend(keywords={"$PAR": str(10**9)}).bytes(), "fcs-limit"),
        "par 10^4 without widths": (GOOD.bend(keywords={"$PAR": "9999"}).bytes(), "keyword-missing"),
        "par of many digits": (GOOD.bend(keywords={"$PAR": "1" * 100_000}).bytes(), "keyword-missing"),
        "par negative": (GOOD.bend(keywords={"$PAR": "-3"}).bytes(), "keyword-missing"),
        "millions of delimiters": (text.encode() + many, "fcs-limit"),
        "text of 70 MiB": (long_text.encode() + bytes(70 * 2**20 + 10), "fcs-limit"),
        "text behind the file": (GOOD.bend(header={"text_end": "99999999"}).bytes(), "text-truncated"),
        "text backwards": (GOOD.bend(header={"text_begin": f"{900:>8}"}).bytes(), "text-missing"),
        "byte order of 10^5": (GOOD.bend(keywords={"$BYTEORD": "1," * 100_000 + "1"}).bytes(), "byteord-invalid"),
        "byte order of 9": (GOOD.bend(keywords={"$BYTEORD": "1,2,3,4,5,6,7,8,9"}).bytes(), "byteord-invalid"),
        "width of many digits": (INTEGERS.bend(keywords={"$P1B": "9" * 30}).bytes(), "width-invalid"),
        "width negative": (INTEGERS.bend(keywords={"$P1B": "-16"}).bytes(), "width-invalid"),
        "data inside the header": (GOOD.bend(header={"data_begin": f"{10:>8}", "data_end": f"{57:>8}"}, keywords={
            "$BEGINDATA": "10", "$ENDDATA": "57"}).bytes(), "data-missing"),
        "data inside text": (GOOD.bend(header={"data_begin": f"{80:>8}", "data_end": f"{127:>8}"}, keywords={
            "$BEGINDATA": "80", "$ENDDATA": "127"}).bytes(), "data-missing"),
    }  # fmt: skip


@pytest.mark.parametrize("threat", hostile())
def test_threat__is_refused_before_memory_or_time_is_spent(threat: str, tmp_path: Path) -> None:
    content, code = hostile()[threat]
    path = tmp_path / "hostile.fcs"
    path.write_bytes(content)
    with pytest.raises(FCSError):  # imports and kernels are loaded before anything is measured
        read_fcs(path)
    tracemalloc.start()
    start = time.process_time()
    with pytest.raises(FCSError) as caught:
        read_fcs(path)
    seconds, peak = time.process_time() - start, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert caught.value.code == code
    assert seconds < 0.5
    assert peak < 50 * 2**20
    assert len(str(caught.value)) < 2000


def test_ascii_data__is_capped(tmp_path: Path) -> None:
    path = tmp_path / "digits.fcs"
    path.write_bytes(Build(types="AAA", bits=(5, 6, 7)).bytes())
    with pytest.raises(FCSLimitError):
        read_fcs(path, limits=Limits(ascii_bytes=10))


def test_next_data__never_loops(tmp_path: Path) -> None:
    """A data set that points to itself by a wrap or backwards is the last one."""
    for value in ("-1", str(2**64 - 10), "0000"):
        path = tmp_path / "loop.fcs"
        path.write_bytes(Build(keywords={"$NEXTDATA": value}).bytes())
        if value.startswith("18"):
            with pytest.raises(FCSTruncatedError):
                read_fcs(path)
        else:
            assert read_fcs(path).n_events == 4


def test_data_sets__are_capped(tmp_path: Path) -> None:
    one = Build(keywords={"$NEXTDATA": "0" * 12}).bytes()
    linked = one.replace(b"000000000000", f"{len(one):012d}".encode(), 1)
    path = tmp_path / "many.fcs"
    path.write_bytes(linked * 80 + one)
    with pytest.raises(FCSLimitError):
        read_fcs(path)
    assert read_fcs(path, data_set=3).n_events == 4


@pytest.mark.parametrize(
    "value", ["\x1b[31mred\x07", "<script>alert(1)</script>", "../../etc/passwd", "\u202eevil", "=cmd()"]
)
def test_values__reach_no_terminal_unescaped(value: str, tmp_path: Path) -> None:
    from nkflow.fcs.inspect import inspect

    path = tmp_path / "x.fcs"
    build = Build(
        encoding="utf-8",
        names=("FSC-A", value, "PE-A"),
        keywords={"$CYT": value, "$P1S": value, "$DATE": value},
    )
    path.write_bytes(build.bytes())
    lines = inspect(path).lines()
    assert any("FSC-A" in line for line in lines)
    assert all(line.isprintable() for line in lines)


def test_names_of_people__are_not_shown(tmp_path: Path) -> None:
    from nkflow.fcs.inspect import inspect

    secret = {
        key: f"SECRET{n}"
        for n, key in enumerate(("$SMNO", "$SRC", "$OP", "$INST", "$FIL", "$COM", "$EXP", "PATIENT ID"))
    }
    path = tmp_path / "x.fcs"
    path.write_bytes(Build(keywords=secret).bytes())
    inspection = inspect(path)
    assert "SECRET" not in "".join(inspection.lines()) + str(inspection.as_dict())


def test_reading__opens_no_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    path = tmp_path / "x.fcs"
    path.write_bytes(GOOD.bytes())
    assert read_fcs(path).stored().shape == (4, 3)


def test_patterns__do_not_blow_up() -> None:
    """No pattern of the reader takes long on a long repetition."""
    from nkflow.fcs import acquired, byte_order, channels, conformance, header, numerals, panel

    patterns = [p for m in (acquired, byte_order, channels, conformance, header, numerals, panel)
                for p in vars(m).values() if isinstance(p, re.Pattern)]  # fmt: skip
    assert len(patterns) >= 15
    start = time.process_time()
    for pattern in patterns:
        for piece in ("1", "a", " ", "-", "1,", "fs", "fsc-", "event_", "time ", "1e", "+"):
            text = piece * 20_000 + "!"
            subject = text.encode() if isinstance(pattern.pattern, bytes) else text
            pattern.fullmatch(subject)
            pattern.match(subject)
    assert time.process_time() - start < 5


def test_prefixes__of_a_file_end_in_typed_errors(tmp_path: Path) -> None:
    content = Build(version="FCS3.0", keywords={"SPILL": "2,FITC-A,PE-A,1,0.1,0.2,1"}).bytes()
    path = tmp_path / "cut.fcs"
    complete = 0
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises((FCSFormatError, FCSTruncatedError)):
            read_fcs(path).stored()
        with contextlib.suppress(FCSFormatError, FCSTruncatedError):
            sample = read_fcs(path, on_truncated="read", strict=False)
            np.testing.assert_array_equal(sample.stored(), np.array(EVENTS)[: sample.n_events])
            complete += 1
    assert complete == 12 * 4  # every length that cuts DATA


def test_prefixes__of_real_files_end_in_typed_errors(reference: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.fcs"
    for source in sorted((reference / "parse").iterdir()):
        content = source.read_bytes()[:4096]
        for length in range(0, len(content), 173):
            path.write_bytes(content[:length])
            with contextlib.suppress(FCSError):
                read_fcs(path, 0).stored()


def test_bytes_outside_the_segments__change_nothing(tmp_path: Path) -> None:
    rng = random.Random(11)
    builds = [
        GOOD.bend(before_data=b"x" * 50, tail=b"y" * 80),
        INTEGERS.bend(before_data=b" " * 50, tail=b"00000000"),
        INTEGERS.bend(bits=(9, 10, 12), packed="lsb", ranges=(512, 1024, 4096), events=EVENTS[:2], tail=b"z" * 30),
    ]  # fmt: skip
    path = tmp_path / "mutant.fcs"
    for build in builds:
        content = bytearray(build.bytes())
        path.write_bytes(content)
        truth = read_fcs(path).stored()
        text_end, begin, end = int(content[18:26]), int(content[26:34]), int(content[34:42])
        outside = [*range(text_end + 1, begin), *range(end + 1, len(content)), *range(6, 10)]
        for _ in range(100):
            at = rng.choice(outside)
            content[at] = rng.randrange(256)
            path.write_bytes(content)
            np.testing.assert_array_equal(read_fcs(path).stored(), truth)


def test_mutants__give_typed_errors_under_a_memory_cap(project: Path) -> None:
    program = project / "tests" / "fcs" / "fcs_mutations.py"
    run = subprocess.run(
        [sys.executable, str(program), "20260317", "3000"],
        capture_output=True,
        text=True,
        timeout=300,
        env={"PYTHONPATH": str(project / "tests"), "PATH": "", "HOME": str(Path.home())},
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert re.match(r"3000 mutants, [1-9]\d+ opened", run.stdout)


def test_mutate__is_seeded() -> None:
    content = GOOD.bytes()
    assert mutate(content, random.Random(5)) == mutate(content, random.Random(5)) != content
