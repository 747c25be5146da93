"""Does acquisition QC find the faults it should, and leave the rest? Simulated lots with known truth; and its speed.

    python -m benchmarks.acquisition [--share 0.1] [--out docs/validation/acquisition.json]
    python -m benchmarks.acquisition --real FOLDER       the share removed of each FCS file under FOLDER

Each of 200 seeds gives three lots of three sample tubes: one without faults, one with one kind of fault (the kinds
take turns), one with all five. Everything is judged by recorded time. What the seconds are and how tubes are pooled
stands in tests/acquisition/acquisition_study.py; the sizes of the faults in src/nkflow/simulate/faults_figures.py.
"""

from __future__ import annotations

import argparse
import collections
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from benchmarks import evidence

from acquisition.acquisition_study import (
    SINGLE,
    SIZES,
    Judged,
    by_beads,
    judged,
    pooled,
    share_found,
    volume_is_refused,
)
from nkflow.acquisition import check_acquisition
from nkflow.errors import NkflowError
from nkflow.fcs.read import read_fcs
from nkflow.fcs.write import write_fcs
from nkflow.gating import load_template
from nkflow.simulate import simulate_lot

ROOT = Path(__file__).parents[1]
SEED = 30_000
WHOLE = 200
SOURCES = (
    "src/nkflow/acquisition/*.py",
    "src/nkflow/kernels/acquisition*.py",
    "src/nkflow/simulate/*.py",
    "src/nkflow/counting/volume.py",
    "tests/acquisition/acquisition_study.py",
    "benchmarks/acquisition.py",
)


def faults(seeds: int) -> dict[str, Any]:
    """Return what the QC does to `seeds` lots of each kind."""
    template = load_template("nk_release_7aad")
    tubes: dict[str, list[Judged]] = collections.defaultdict(list)
    reasons: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    refused: dict[str, list[bool]] = collections.defaultdict(list)
    apart: dict[str, list[dict[str, float]]] = collections.defaultdict(list)
    for seed in range(SEED, SEED + seeds):
        one = SINGLE[seed % len(SINGLE)]
        clean = simulate_lot(seed)
        without = by_beads(clean.tubes, template)
        for kind, given in (("none", ()), (one, (one,)), ("all five", SINGLE)):
            lot = clean if not given else simulate_lot(seed, faults=given)
            results = [judged(tube) for tube in lot.tubes]
            tubes[kind] += [result for result, _ in results]
            refused[kind] += [volume_is_refused(quality) for _, quality in results]
            if kind in SINGLE:
                longest = (result.reasons[:1] or ("nothing",) for result, _ in results)
                reasons[kind].update(reason for (reason,) in longest)
            kept = by_beads(lot.tubes, template, masks=[quality.mask for _, quality in results])
            apart[f"{kind}, after QC"].append(_apart(kept, without))
            apart[f"{kind}, without QC"].append(_apart(by_beads(lot.tubes, template), without))
    with_faults = [tube for kind, group in tubes.items() if kind != "none" for tube in group]
    return {
        "seeds": seeds,
        "all lots with faults": pooled(with_faults),
        "by kind": {kind: pooled(group) for kind, group in sorted(tubes.items())},
        "reason of the longest stretch": {kind: dict(count) for kind, count in sorted(reasons.items())},
        "volumetric count refused": {
            kind: f"{sum(x)} of {len(x)} tubes" for kind, x in sorted(refused.items())
        },
        "concentration by beads, deviation from the lot without faults": {
            kind: {name: _spread([lot[name] for lot in lots]) for name in lots[0]}
            for kind, lots in sorted(apart.items())
        },
    }


def _apart(these: dict[str, float], those: dict[str, float]) -> dict[str, float]:
    return {name: abs(these[name] / those[name] - 1.0) for name in those}


def _spread(deviations: list[float]) -> dict[str, float | int]:
    return {
        "median lot": float(np.median(deviations)),
        "worst lot": max(deviations),
        "lots beyond 2 %": sum(deviation > 0.02 for deviation in deviations),
    }


def sizes(seeds: int) -> dict[str, Any]:
    """Return the share of bad seconds found by size of a fault and its length, in single faults."""
    runs = range(SEED, SEED + seeds)
    return {
        kind: {
            f"{seconds:g} s": {
                f"{size:g}": share_found(kind, size, seconds=seconds, seeds=runs) for size in steps
            }
            for seconds in (1.0, 3.0, 10.0)
        }
        for kind, (_, _, steps) in SIZES.items()
    }


def speed(events: int = 1_000_000) -> dict[str, float]:
    """Return the best of some runs on a file in the page cache, s."""
    tube = simulate_lot(SEED).tubes[0].sample
    values = tube.values()
    times = -(-events // len(values))
    table = np.tile(values, (times, 1))[:events]
    table[:, -1] = np.floor(np.linspace(0.0, 600.0, events, endpoint=False) / 0.01)  # ticks
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "million.fcs"
        names = [channel.name for channel in tube.channels]
        write_fcs(path, table.astype(np.float32), channels=names, keywords={"$TIMESTEP": "0.01"})
        best = busy = float("inf")
        for _ in range(6):
            begin, used = time.perf_counter(), time.process_time()
            check_acquisition(read_fcs(path))
            best = min(best, time.perf_counter() - begin)
            busy = min(busy, time.process_time() - used)
    return {"events": events, "channels": len(names), "seconds": best, "seconds of one core": busy}


def real(folder: Path) -> int:
    """Print the share removed of every file under `folder` that can be read."""
    print("| file | events | removed time | removed events | at a margin | reasons, or why not assessable |")
    print("|---|---|---|---|---|---|")
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        try:
            sample = read_fcs(path, strict=False)
        except NkflowError:
            continue
        quality = check_acquisition(sample)
        kept = quality.kept_time
        removed = "not assessable" if kept is None else f"{100 * (1 - kept):.1f} %"
        why = quality.reason or ", ".join(sorted({segment.reason for segment in quality.segments}))
        print(
            f"| {path.relative_to(folder)} | {sample.n_events} | {removed} | "
            f"{100 * quality.removed_events / max(sample.n_events, 1):.1f} % | "
            f"{100 * np.count_nonzero(quality.at_margin) / max(sample.n_events, 1):.1f} % | {why} |"
        )
    return 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--share", type=float, default=1.0, help="of the 200 seeds")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "validation" / "acquisition.json")
    parser.add_argument("--real", type=Path, default=None)
    parser.add_argument("--speed", action="store_true", help="nothing but the time for a million events")
    given = parser.parse_args(arguments)
    if given.real is not None:
        return real(given.real)
    if given.speed:
        print(json.dumps(speed(), indent=1))
        return 0
    seeds = max(5, round(WHOLE * given.share))
    figures = {
        "faults": faults(seeds),
        "share found by size": sizes(max(2, seeds // 20)),
        "speed": speed(),
    }
    command = "python -m benchmarks.acquisition" + (f" --share {given.share:g}" if given.share != 1 else "")
    evidence.write(given.out, command=command, seed=SEED, sources=SOURCES, figures=figures)
    print(json.dumps(figures, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
