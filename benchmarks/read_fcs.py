"""Reading speed of nkflow beside numpy and FlowIO, on generated files in the page cache, in one run.

    python benchmarks/read_fcs.py [--events 1000000]

Every figure is the best of several runs, the two sides taken in turn, in processor seconds (user and system, one
thread), which other programs on the machine disturb least. The targets are those that the project set itself.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import flowio
import numpy as np

from nkflow.fcs import Sample, read_fcs

CHANNELS = 14
BLOCK = 8192


def write(path: Path, body: bytes, events: int, keywords: dict[str, str]) -> Path:
    """Write a plain FCS 3.1 file without nkflow's own writer."""
    text = "|" + "".join(f"{key}|{value}|" for key, value in keywords.items())
    text += f"$TOT|{events}|$MODE|L|$NEXTDATA|0|$BEGINANALYSIS|0|$ENDANALYSIS|0|$BEGINSTEXT|0|$ENDSTEXT|0|"
    places = "$BEGINDATA|%020d|$ENDDATA|%020d|"
    begin = 58 + len(text) + len(places % (0, 0))
    end = begin + len(body) - 1
    stated = (begin, end) if end <= 99_999_999 else (0, 0)
    header = "FCS3.1    " + "".join(f"{n:>8}" for n in (58, begin - 1, *stated, 0, 0))
    path.write_bytes((header + text + places % (begin, end)).encode() + body)
    return path


def channel_keywords(bits: list[int], ranges: list[int]) -> dict[str, str]:
    keywords = {"$PAR": str(len(bits))}
    for number, (width, range_) in enumerate(zip(bits, ranges, strict=True), start=1):
        keywords |= {
            f"$P{number}N": f"FL{number}-A",
            f"$P{number}B": str(width),
            f"$P{number}R": str(range_),
            f"$P{number}E": "0,0",
        }
    return keywords


def floats(folder: Path, events: int, order: str) -> Path:
    values = np.random.default_rng(1).normal(5e3, 2e3, (events, CHANNELS)).astype(order + "f4")
    keywords = {"$DATATYPE": "F", "$BYTEORD": "1,2,3,4" if order == "<" else "4,3,2,1"}
    keywords |= channel_keywords([32] * CHANNELS, [262144] * CHANNELS)
    return write(
        folder / f"f{'le' if order == '<' else 'be'}{events}.fcs", values.tobytes(), events, keywords
    )


def masked(folder: Path, events: int) -> Path:
    values = np.random.default_rng(2).integers(0, 65536, (events, CHANNELS)).astype(">u2")
    keywords = {"$DATATYPE": "I", "$BYTEORD": "4,3,2,1"} | channel_keywords(
        [16] * CHANNELS, [1024] * CHANNELS
    )
    return write(folder / "masked.fcs", values.tobytes(), events, keywords)


def mixed(folder: Path, events: int) -> Path:
    bits = [8, 16, 32, 16, 8, 32, 16, 16, 32, 8]
    rows = np.zeros(events, [(f"c{i}", f"<u{b // 8}") for i, b in enumerate(bits)])
    rng = np.random.default_rng(3)
    for i, b in enumerate(bits):
        rows[f"c{i}"] = rng.integers(0, 2**b, events)
    keywords = {"$DATATYPE": "I", "$BYTEORD": "1,2,3,4"} | channel_keywords(bits, [2**b for b in bits])
    return write(folder / "mixed.fcs", rows.tobytes(), events, keywords)


def race(one: Callable[[], object], other: Callable[[], object], runs: int = 5) -> tuple[float, float]:
    """Return the best seconds of both, taken in turn."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs):
        for kept, call in zip(times, (one, other), strict=True):
            start = time.process_time()
            call()
            kept.append(time.process_time() - start)
    return min(times[0]), min(times[1])


def numpy_read(path: Path, order: str) -> np.ndarray:
    begin = int(path.open("rb").read(58)[26:34])
    return np.fromfile(path, order + "f4", offset=begin).astype("=f4")


def gate_like(sample: Sample, columns: np.ndarray, out: np.ndarray) -> None:
    """Read every block as the gating engine does."""
    with sample.open() as reader:
        for first in range(0, sample.n_events, BLOCK):
            reader.read(first, min(BLOCK, sample.n_events - first), columns, out)


def peak_of_stream(path: Path) -> float:
    """Return by how many MB a streamed pass raises the peak memory of a fresh process."""
    program = f"""
import numpy as np
from pathlib import Path
from nkflow.fcs import read_fcs
import nkflow.kernels.decode
def peak():  # ru_maxrss would count the process that started this one
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024
before = peak()
sample = read_fcs({str(path)!r})
out = np.empty((10, {BLOCK}))
columns = np.arange(10)
with sample.open() as reader:
    for first in range(0, sample.n_events, {BLOCK}):
        reader.read(first, min({BLOCK}, sample.n_events - first), columns, out)
print(peak() - before)
"""
    return float(
        subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    )


def row(what: str, mine: float, other: float | None, versus: str, target: str) -> None:
    ratio = " " * 12 if other is None else f"{other / mine:8.2f} x  "
    theirs = " " * 12 if other is None else f"{other * 1e3:9.1f} ms"
    print(f"{what:<44} {mine * 1e3:9.1f} ms {theirs}  {ratio}{versus:<22} {target}")


def alone(call: Callable[[], object], runs: int) -> float:
    """Return the best seconds of one call."""
    return race(call, lambda: None, runs)[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    events = parser.parse_args().events
    print(f"{'':<44} {'nkflow':>12} {'other':>12}  {'speed-up':>10}  {'over':<22} target")
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as name:
        folder = Path(name)
        for order in "<>":
            path = floats(folder, events, order)
            sample = read_fcs(path)
            assert np.array_equal(sample.stored(), numpy_read(path, order).reshape(events, CHANNELS))
            mine, other = race(lambda s=sample: s.stored(), lambda p=path, o=order: numpy_read(p, o))
            row(
                f"stored(), float32 {order}, {events} x {CHANNELS}",
                mine,
                other,
                "np.fromfile().astype",
                ">= 0.67",
            )
        columns, out = np.arange(0, 10, dtype=np.int64), np.empty((10, BLOCK))
        row(
            "blocks of 8192, 10 of 14, float32 >",
            alone(lambda: gate_like(sample, columns, out), 15),
            None,
            "",
            "< 25 ms",
        )
        row("read_fcs(), without events", alone(lambda: read_fcs(path), 30), None, "", "<= 5 ms")
        for path in (masked(folder, events), mixed(folder, events)):
            sample = read_fcs(path)
            theirs = flowio.FlowData(path)
            assert np.array_equal(sample.stored(), theirs.as_array(preprocess=False))
            del theirs
            mine, other = race(
                lambda p=path: read_fcs(p).stored(),
                lambda p=path: flowio.FlowData(p).as_array(preprocess=False),
                2,
            )
            row(f"stored(), {path.stem} integers", mine, other, "FlowIO", ">= 20")
        path = floats(folder, 5 * events, ">")
        peak = peak_of_stream(path)
        print(
            f"streamed pass over {5 * events} events: peak {peak:.1f} MB above the process before it (target <= 100)"
        )


if __name__ == "__main__":
    main()
