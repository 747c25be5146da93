"""All benchmarks, side by side with what others do; `make bench`.

python -m benchmarks [--write]      # --write: benchmarks/RESULTS.md too
"""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SCRIPTS = ("read_fcs", "scales", "gating", "start")


def main() -> int:
    parts = [
        "# Benchmarks",
        "Made by `python -m benchmarks --write`. Each figure is a ratio of two things timed in turn in one process; "
        "absolute times are of a shared machine and mean little.",
        f"Python {platform.python_version()}, {platform.machine()}, {len_cores()} processors.",
    ]
    for name in SCRIPTS:
        print(f"== {name}", flush=True)
        run = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}"], cwd=ROOT, capture_output=True, text=True
        )
        print(run.stdout, run.stderr, flush=True)
        if run.returncode:
            return run.returncode
        parts.append(f"## `python -m benchmarks.{name}`\n\n```text\n{run.stdout.strip()}\n```")
    if "--write" in sys.argv:
        (ROOT / "benchmarks" / "RESULTS.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return 0


def len_cores() -> int:
    import os

    return len(os.sched_getaffinity(0))


if __name__ == "__main__":
    sys.exit(main())
