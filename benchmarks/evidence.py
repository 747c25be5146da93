"""The statistical suites, whole: each writes ``docs/validation/NAME.json``.

    python -m benchmarks.evidence [NAME ...]

A document holds the command, the seed, the versions, the figures, the patterns of the sources it judges and their
SHA-256; `tests/statistics/test_evidence.py` fails when that hash is no longer the tree's.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
VALIDATION = ROOT / "docs" / "validation"
STUDIES = (
    "coverage_counts",
    "coverage_lots",
    "acquisition",
    "compensation",
    "adaptive_accuracy",
    "adaptive_lots",
    "depleted_lots",
    "suitability",
)


def sources_sha256(patterns: Sequence[str]) -> str:
    """Return the SHA-256 over names and contents of the files that `patterns` (from the root) match."""
    digest = hashlib.sha256()
    files = sorted({path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()})
    if not files:
        raise SystemExit(f"no file matches {', '.join(patterns)}")
    for path in files:
        content = path.read_bytes()
        digest.update(f"{path.relative_to(ROOT).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def write(path: Path, *, command: str, seed: int, sources: Sequence[str], figures: Any) -> None:
    """Write one study as a document whose bytes depend on nothing but its content."""
    document = {
        "command": command,
        "seed": seed,
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("nkflow", "numba", "numpy", "scipy")},
        "sources": list(sources),
        "sources_sha256": sources_sha256(sources),
        "figures": figures,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def run(
    name: str,
    study: Callable[..., Mapping[str, Any]],
    *,
    about: str | None,
    seed: int,
    sources: Sequence[str],
) -> Mapping[str, Any]:
    """Make a study as the command line says (how much of it, where to, by how many processes), and write it."""
    parser = argparse.ArgumentParser(description=(about or name).splitlines()[0])
    parser.add_argument("--share", type=float, default=1.0, help="of the whole study")
    parser.add_argument("--out", type=Path, default=VALIDATION / f"{name}.json")
    parser.add_argument("--workers", type=int, default=2, help="processes; the figures do not depend on it")
    asked = parser.parse_args()
    figures = study(asked.share, workers=asked.workers)
    share = "" if asked.share == 1 else f" --share {asked.share:g}"
    write(
        asked.out, command=f"python -m benchmarks.{name}{share}", seed=seed, sources=sources, figures=figures
    )
    return figures


def main(names: Sequence[str]) -> int:
    for name in names or STUDIES:
        start = time.monotonic()
        run = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}"], cwd=ROOT, stdout=subprocess.DEVNULL
        )
        print(f"{name}: {'written' if run.returncode == 0 else 'FAILED'} in {time.monotonic() - start:.0f} s")
        if run.returncode:
            return run.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
