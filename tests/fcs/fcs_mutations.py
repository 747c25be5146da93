"""Seeded mutations of small FCS files; also a program that reads many of them under a memory cap.

python tests/fcs/fcs_mutations.py SEED RUNS      (with tests/ on PYTHONPATH)
"""

from __future__ import annotations

import contextlib
import random
import re
import resource
import sys
import tempfile
import time
from pathlib import Path

from nkflow.errors import NkflowError
from nkflow.fcs import data_sets, read_fcs

MEMORY = 1 << 30
SLOWEST = 2.0
_NUMBERS = (
    b"0",
    b"-1",
    b"1",
    b"99999999",
    b"4294967296",
    b"9" * 19,
    b"9" * 30,
    b"1e999",
    b"nan",
    b"",
    b" ",
    b"0x10",
    b"\xff",
)
_KEYS = (
    b"$PAR",
    b"$TOT",
    b"$P1B",
    b"$P1R",
    b"$P1E",
    b"$BEGINDATA",
    b"$ENDDATA",
    b"$NEXTDATA",
    b"$BYTEORD",
    b"$DATATYPE",
    b"$BEGINSTEXT",
    b"$ENDSTEXT",
    b"$MODE",
    b"SPILL",
    b"$P2N",
    b"$TIMESTEP",
)


def mutate(content: bytes, rng: random.Random) -> bytes:
    """Return `content` with one to four wounds."""
    for _ in range(rng.randint(1, 4)):
        wound = rng.choice((_flip, _cut, _insert, _number, _value, _repeat, _swap))
        content = wound(content, rng)
    return content


def _place(content: bytes, rng: random.Random) -> int:
    """Return a position, more often in HEADER and TEXT than in DATA."""
    return rng.randrange(max(1, min(len(content), rng.choice((58, 400, 1000, len(content) or 1)))))


def _flip(content: bytes, rng: random.Random) -> bytes:
    at = _place(content, rng)
    return content[:at] + bytes([rng.randrange(256)]) + content[at + 1 :]


def _cut(content: bytes, rng: random.Random) -> bytes:
    at = _place(content, rng)
    return content[:at] + content[at + rng.choice((1, 2, 8, 100, len(content))) :]


def _insert(content: bytes, rng: random.Random) -> bytes:
    at = _place(content, rng)
    return (
        content[:at]
        + rng.choice((content[58:59], b"|", b"\0", b"$PAR", b"||", rng.randbytes(5)))
        + content[at:]
    )


def _number(content: bytes, rng: random.Random) -> bytes:
    found = list(re.finditer(rb"[0-9]+", content[:2000]))
    if not found:
        return content
    match = rng.choice(found)
    return content[: match.start()] + rng.choice(_NUMBERS) + content[match.end() :]


def _value(content: bytes, rng: random.Random) -> bytes:
    key, delimiter = rng.choice(_KEYS), content[58:59]
    at = content.find(key + delimiter)
    end = content.find(delimiter, at + len(key) + 1)
    if at < 0 or end < 0 or not delimiter:
        return content
    value = rng.choice(
        (*_NUMBERS, b"A", b"F", b"D", b"I", b"*", b"10", b"64", b"3,4,1,2", b"2,FSC-A,PE-A,1,0,0,1")
    )
    return content[: at + len(key) + 1] + value + content[end:]


def _repeat(content: bytes, rng: random.Random) -> bytes:
    at = _place(content, rng)
    return content[:at] + content[at : at + 64] * rng.choice((2, 5)) + content[at:]


def _swap(content: bytes, rng: random.Random) -> bytes:
    at, other = sorted((_place(content, rng), _place(content, rng)))
    return content[:at] + content[other : other + 16] + content[at:]


def look(path: Path) -> bool:
    """Read a file in every way; return whether some way gave events. Only typed errors may come out."""
    opened = False
    for options in ({}, {"strict": False, "on_truncated": "read", "data_set": 0}):
        with contextlib.suppress(NkflowError):
            sample = read_fcs(path, **options)  # type: ignore[arg-type]
            sample.stored()
            sample.values(range(min(2, len(sample.channels))))
            opened = True
    with contextlib.suppress(NkflowError):
        data_sets(path)
    return opened


def main(seed: int, runs: int) -> None:
    from fcs.fcs_corpus import CASES

    seeds = [case.content for case in CASES if len(case.content) < 4000]
    rng = random.Random(seed)
    slowest, opened = 0.0, 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mutant.fcs"
        path.write_bytes(seeds[0])
        look(path)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        for _ in range(runs):
            path.write_bytes(mutate(rng.choice(seeds), rng))
            start = time.perf_counter()
            opened += look(path)
            slowest = max(slowest, time.perf_counter() - start)
    assert slowest < SLOWEST, f"one file took {slowest:.1f} s"
    print(f"{runs} mutants, {opened} opened, slowest {slowest:.3f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
