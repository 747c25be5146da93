"""Scales and compensation of nkflow beside FlowUtils' C functions and numpy, one thread, in one run.

    python benchmarks/scales.py [--events 1000000]

Every figure is the best of several runs, alternating between the two sides. nkflow works block by block on
columns, as its engine does; FlowUtils and numpy get the whole array in the order they like best.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
from flowutils import compensate as flowutils_compensate
from flowutils import transforms as flowutils

from nkflow.compensation import Spillover
from nkflow.kernels.compensate import compensate_columns
from nkflow.scales import Arcsinh, Biex, Hyperlog, Linear, Log, Logicle
from nkflow.scales.biexponential import _fast as tables

BLOCK = 8192
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
DETECTORS = 8

Step = Callable[[], object]


def fastest(*steps: Step, runs: int = 7) -> list[float]:
    """Return the best time of each step in seconds; they take turns, so that noise hits all alike."""
    best = [float("inf")] * len(steps)
    for run in range(runs + 1):
        for k, step in enumerate(steps):
            begin = time.perf_counter()
            step()
            if run:  # the first run compiles and warms
                best[k] = min(best[k], time.perf_counter() - begin)
    return best


def values(events: int) -> np.ndarray:
    """Half negatives round zero, half log-normal positives up to full scale, mixed."""
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.normal(0, 200, events // 2), rng.lognormal(8, 2, events - events // 2)])
    return np.minimum(rng.permutation(x), 262143.0)


def by_blocks(scale: object, x: np.ndarray) -> Step:
    out = np.empty(BLOCK)

    def step() -> None:
        for first in range(0, len(x), BLOCK):
            part = x[first : first + BLOCK]
            scale.column(part, out[: len(part)])

    return step


def scales(events: int) -> list[tuple[str, float, float, str, float | None]]:
    x = values(events)
    wide = x.reshape(-1, 1)
    rivals: list[tuple[object, str, Step, float | None]] = [
        (
            Logicle(262144, 0.5, 4.5),
            "FlowUtils C",
            lambda: flowutils.logicle(wide, [0], 262144, 4.5, 0.5, 0),
            40.0,
        ),
        (
            Hyperlog(262144, 0.5, 4.5),
            "FlowUtils C",
            lambda: flowutils.hyperlog(wide, [0], 262144, 4.5, 0.5, 0),
            None,
        ),
        (Arcsinh(262144, 4.5), "FlowUtils", lambda: flowutils.asinh(wide, [0], 262144, 4.5, 0), None),
        (Log(262144, 4.5), "FlowUtils", lambda: flowutils.log(np.abs(wide), [0], 262144, 4.5), None),
        (Linear(262144, 100), "numpy", lambda: (x + 100.0) / 262244.0, None),
    ]
    lut = Biex().inverse(np.arange(4097.0))
    rivals.append((Biex(), "np.interp", lambda: np.interp(x, lut, np.arange(4097.0)), None))
    rows = []
    for scale, rival, step, target in rivals:
        ours, theirs = fastest(by_blocks(scale, x), step)
        rows.append((str(scale), ours, theirs, rival, target))
    exact, theirs = fastest(lambda: Logicle(262144, 0.5, 4.5).forward(x), rivals[0][2], runs=3)
    rows.append(("the same, exact path", exact, theirs, "FlowUtils C", None))
    return rows


def compensation(events: int) -> list[tuple[str, float, float, str, float | None]]:
    rng = np.random.default_rng(2)
    matrix = np.eye(DETECTORS) + rng.uniform(0, 0.1, (DETECTORS, DETECTORS)) * (1 - np.eye(DETECTORS))
    spillover = Spillover(tuple(f"D{k}-A" for k in range(DETECTORS)), matrix)
    observed = rng.normal(0, 1e4, (events, DETECTORS))
    blocks = [np.ascontiguousarray(observed[a : a + BLOCK].T) for a in range(0, events, BLOCK)]
    rows_of, detectors = np.arange(DETECTORS), list(range(DETECTORS))
    out = np.empty((DETECTORS, BLOCK))

    def wanted(names: tuple[str, ...]) -> Step:
        weights = spillover.weights(names)

        def step() -> None:
            for block in blocks:
                compensate_columns(block, rows_of, weights, block.shape[1], out)

        return step

    flow: Step = lambda: flowutils_compensate.compensate(observed, matrix, detectors)  # noqa: E731
    gemm: Step = lambda: observed @ spillover.inverse  # noqa: E731
    all_of_them, half, theirs, plain = fastest(
        wanted(spillover.names), wanted(spillover.names[:4]), flow, gemm
    )
    title = f"compensate {DETECTORS} of {DETECTORS}"
    return [
        (title, all_of_them, theirs, "FlowUtils", 5.0),
        (title, all_of_them, plain, "numpy GEMM", None),
        (f"compensate 4 of {DETECTORS}", half, plain, "numpy GEMM, all", None),
    ]


def fixed_costs() -> list[tuple[str, float]]:
    def fresh(build: Callable[[], object]) -> float:
        best = float("inf")
        for _ in range(5):
            tables.cache_clear()
            begin = time.perf_counter()
            build()
            best = min(best, time.perf_counter() - begin)
        return best

    logicle = Logicle(262144, 0.5, 4.5)
    return [
        ("build the pieces of a logicle scale", fresh(logicle.table)),
        ("pull a threshold back through it", fresh(lambda: logicle.pull_back(0.4))),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--events", type=int, default=1_000_000)
    events = parser.parse_args().events
    if any(os.environ.get(name) != "1" for name in THREADS):  # BLAS reads them when it is loaded
        return subprocess.call([sys.executable, *sys.argv], env=os.environ | dict.fromkeys(THREADS, "1"))
    missed = 0
    print(f"{events} events, one thread\n")
    print("| step | nkflow ms | ns an event | beside | ms | ratio | demanded |")
    print("|---|---|---|---|---|---|---|")
    for name, ours, theirs, rival, target in scales(events) + compensation(events):
        ratio = theirs / ours
        missed += target is not None and ratio < target
        demanded = "" if target is None else f"{target:g}"
        line = f"{ours * 1e3:.2f} | {ours / events * 1e9:.2f} | {rival} | {theirs * 1e3:.1f} | {ratio:.1f}"
        print(f"| {name} | {line} | {demanded} |")
    print()
    for name, seconds in fixed_costs():
        print(f"{name}: {seconds * 1e3:.2f} ms")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
