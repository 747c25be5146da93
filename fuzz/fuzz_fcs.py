"""Coverage-guided fuzzing of the FCS reader: nothing but an NkflowError may come out, within 2 s and 1 GB.

    python fuzz/fuzz_fcs.py [--runs 200000]

Seeds are the corpus and the random files of the tests; libFuzzer writes what it finds to the working directory
(`crash-*`).
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import atheris

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

with atheris.instrument_imports(include=["nkflow.fcs"]):
    from nkflow.errors import NkflowError
    from nkflow.fcs import data_sets, read_fcs
    from nkflow.fcs.inspect import inspect

WORDS = (
    *("$PAR", "$TOT", "$MODE", "$BYTEORD", "$DATATYPE", "$NEXTDATA", "$BEGINDATA", "$ENDDATA", "$BEGINSTEXT"),
    *(
        "$ENDSTEXT",
        "$BEGINANALYSIS",
        "$P1B",
        "$P1R",
        "$P1E",
        "$P1G",
        "$P1N",
        "$P2B",
        "$P2DATATYPE",
        "$TIMESTEP",
    ),
    *("$SPILLOVER", "SPILL", "$VOL", "$DATE", "$BTIM", "$ETIM", "FCS2.0", "FCS3.0", "FCS3.1", "FCS3.2"),
    *("1,2,3,4", "4,3,2,1", "3,4,1,2", "99999999"),
)


def target(path: Path) -> Callable[[bytes], None]:
    """Return the function under test, which reads every input from `path`."""

    def one_input(data: bytes) -> None:
        path.write_bytes(data)
        for options in ({}, {"strict": False, "on_truncated": "read", "data_set": 0}):
            with contextlib.suppress(NkflowError):
                sample = read_fcs(path, **options)
                sample.stored()
                sample.values([0])
        with contextlib.suppress(NkflowError):
            data_sets(path)
        if len(data) % 8 == 0:  # a look at all values takes longer
            inspect(path)

    return one_input


def seeds(folder: Path) -> Path:
    """Write the corpus of the tests and libFuzzer's dictionary."""
    from fcs.fcs_corpus import CASES
    from fcs.fcs_random import random_file

    corpus = folder / "corpus"
    corpus.mkdir()
    for seed in range(200):  # combinations that no case of the corpus has
        (corpus / f"random{seed:04d}").write_bytes(random_file(seed).content[:8192])
    for number, case in enumerate(CASES):
        if len(case.content) < 8192:
            (corpus / f"{number:04d}").write_bytes(case.content)
    (folder / "words.dict").write_text("".join(f'"{word}"\n' for word in WORDS))
    return corpus


def main() -> None:
    """Fuzz as long as the options say; libFuzzer ends the process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200_000)
    options, more = parser.parse_known_args()
    fast = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(dir=fast) as name:
        folder = Path(name)
        corpus = seeds(folder)
        arguments = [
            sys.argv[0],
            f"-runs={options.runs}",
            "-timeout=2",
            "-rss_limit_mb=1024",
            "-max_len=8192",
        ]
        arguments += [f"-dict={folder / 'words.dict'}", *more, str(corpus)]
        run = target(folder / "input.fcs")
        for seed in sorted(corpus.iterdir()):  # compile or load the kernels before the clock runs
            run(seed.read_bytes())
        atheris.Setup(arguments, run)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
