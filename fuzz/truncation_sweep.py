"""Read every prefix of real files: only an FCSError may come out, within 100 ms and 50 MB.

    python fuzz/truncation_sweep.py FOLDER... [--step 1] [--first 4096]

Every byte of the first 4 KiB is an end once, and a hundred places behind them.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import re
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from nkflow.errors import FCSError
from nkflow.fcs import read_fcs

SLOWEST = 0.1
MEMORY_MB = 50


def prefixes(size: int, first: int, step: int) -> Iterator[int]:
    """Yield lengths from long to short."""
    rng = random.Random(size)
    yield from sorted((rng.randrange(first, size) for _ in range(100 if size > first else 0)), reverse=True)
    yield from range(min(first, size - 1), -1, -step)


def look(path: Path, *, events: bool) -> float:
    """Read `path` strictly and with every tolerance; return the seconds of this process."""
    start = time.process_time()
    for options in ({}, {"on_truncated": "read", "strict": False, "data_set": 0}):
        with contextlib.suppress(FCSError):
            sample = read_fcs(path, **options)
            if events:
                sample.stored()
    return time.process_time() - start


def sweep(path: Path, copy: Path, first: int = 4096, step: int = 1) -> tuple[int, float]:
    """Return how many prefixes of `path` were read and the slowest one in seconds."""
    content = path.read_bytes()
    copy.write_bytes(content)
    count, slowest = 0, 0.0
    for length in prefixes(len(content), first, step):
        os.truncate(copy, length)
        slowest = max(slowest, look(copy, events=length <= first))
        count += 1
    return count, slowest


def main() -> int:
    """Sweep all files and return 1 where one was too slow or took too much memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--first", type=int, default=4096)
    options = parser.parse_args()
    found = [p for folder in options.folders for p in sorted(folder.rglob("*")) if p.is_file()]
    files = [path for path in found if re.search(r"\.(fcs|lmd|b08|001)$", path.name, re.IGNORECASE)]
    total, slowest = 0, (0.0, "")
    fast = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(dir=fast) as name:
        for path in files:  # load the kernels before anything is measured
            look(path, events=True)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for path in files:
            count, seconds = sweep(path, Path(name) / "cut.fcs", options.first, options.step)
            total += count
            slowest = max(slowest, (seconds, path.name))
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    summary = f"{total} prefixes of {len(files)} files; slowest {slowest[0] * 1e3:.0f} ms ({slowest[1]})"
    sys.stdout.write(f"{summary}; {grown:.0f} MB more\n")
    return int(slowest[0] > SLOWEST or grown > MEMORY_MB)


if __name__ == "__main__":
    sys.exit(main())
