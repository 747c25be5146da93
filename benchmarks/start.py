"""A process from its start to its end: ``nkflow gate`` beside a FlowKit script that gates the same file.

    python -m benchmarks.start [--events 100000] [--cpu]

Both read one simulated tube and print the counts of the shipped template; FlowKit gets it as Gating-ML. nkflow judges
the run and its compensation besides. All kernels are in the cache. Every figure is the best of several processes that
take turns; the targets are those of issue C. ``--cpu`` counts processor seconds, for a machine that others use too.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from nkflow.exchange import write_gatingml
from nkflow.fcs.read import read_fcs
from nkflow.fcs.write import write_fcs
from nkflow.gating import load_template
from nkflow.simulate import simulate_lot

TEMPLATE = "nk_release_7aad"
NKFLOW = [sys.executable, "-m", "nkflow", "gate"]
SCRIPT = """
import sys
import flowkit as fk

strategy = fk.parse_gating_xml(sys.argv[2])
report = strategy.gate_sample(fk.Sample(sys.argv[1])).report
print(report[["gate_name", "count"]].to_json(orient="values"))
"""
RUNS = 7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--cpu", action="store_true", help="processor seconds, not the clock's")
    arguments = parser.parse_args()
    clock = _processor if arguments.cpu else time.perf_counter
    with tempfile.TemporaryDirectory() as folder:
        tube, gates = _files(Path(folder), arguments.events)
        ours = [*NKFLOW, str(tube), "--template", TEMPLATE]
        theirs = [sys.executable, "-c", SCRIPT, str(tube), str(gates)]
        _agree(json.loads(_output([*ours, "--json"]))["counts"], dict(json.loads(_output(theirs))))
        numba = [sys.executable, "-c", "import numba"]
        times = _fastest({"nkflow": ours, "FlowKit": theirs, "numba": numba}, clock)
    mine, rival = times["nkflow"], times["FlowKit"]
    print(f"{TEMPLATE}, {arguments.events:,} events, whole processes")
    print(f"  nkflow gate                {mine:6.3f} s  {mine / rival:.2f} of FlowKit (target 1.0 s, 0.50)")
    print(f"  a script with FlowKit      {rival:6.3f} s")
    print(f"  import numba, nothing else {times['numba']:6.3f} s")


def _files(folder: Path, events: int) -> tuple[Path, Path]:
    """Write the tube, and the template as Gating-ML."""
    tube, gates = folder / "tube.fcs", folder / "gates.xml"
    write_fcs(tube, simulate_lot(1, events=events).tubes[0].sample)
    write_gatingml(gates, load_template(TEMPLATE), sample=read_fcs(tube))
    return tube, gates


def _agree(ours: dict[str, int], theirs: dict[str, int]) -> None:
    """Both must count the same, or one of them does less."""
    shared = {name for name in ours if name in theirs}
    assert {"NK", "T", "viable", "singlets"} <= shared, sorted(theirs)
    assert all(ours[name] == theirs[name] for name in shared)


def _fastest(commands: dict[str, list[str]], clock: Callable[[], float]) -> dict[str, float]:
    best = dict.fromkeys(commands, float("inf"))
    for _ in range(RUNS):
        for name, command in commands.items():
            begin = clock()
            _output(command)
            best[name] = min(best[name], clock() - begin)
    return best


def _output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _processor() -> float:
    """Return the processor seconds of all processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
