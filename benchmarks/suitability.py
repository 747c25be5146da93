"""Do valid lots stay valid, and is every planted invalidity found? Simulated lots, judged as a release judges them.

    python -m benchmarks.suitability [--share 0.1] [--out docs/validation/suitability.json]

A hundred lots with nothing wrong, a tenth of them hard to separate; then every way of making a lot invalid that
tests/release/planting.py knows, each planted into lots of its own seeds. The second engine, margins and page are
left out: they decide nothing here.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from benchmarks import evidence

from nkflow.simulate import simulate_lot
from release.planting import PLANTED, judged

SEED = 41_000
VALID, EACH = 100, 3
EVENTS = 16_000
SOURCES = (
    "src/nkflow/release/suitability/*.py",
    "src/nkflow/release/judging.py",
    "src/nkflow/dose/suitability.py",
    "src/nkflow/dose/materials.py",
    "src/nkflow/simulate/*.py",
    "gating_templates/nk_release_7aad.yaml",
    "protocols/cd56_nk_aml_phase1.yaml",
    "tests/release/planting.py",
    "benchmarks/suitability.py",
)


def valid(lots: int) -> dict[str, Any]:
    """Return what is said of lots with nothing wrong."""
    invalid = {}
    for number in range(lots):
        hard = number % 10 == 9
        difficulty = "hard" if hard else "ordinary"
        with tempfile.TemporaryDirectory() as place:
            lot = simulate_lot(SEED + number, difficulty, events=EVENTS).write(Path(place) / "lot")
            found = judged(lot)
        if found.verdict == "INVALID":
            invalid[str(SEED + number)] = list(found.reasons)
    return {"lots": lots, "valid": lots - len(invalid), "invalid": invalid}


def planted(each: int) -> dict[str, Any]:
    """Return in how many lots each planted invalidity was found with its reason."""
    return {name: {"lots": each, "found": sum(_found(name, each))} for name in PLANTED}


def _found(name: str, each: int) -> Iterator[bool]:
    plant, reason = PLANTED[name]
    for number in range(each):
        with tempfile.TemporaryDirectory() as place:
            lot = simulate_lot(SEED + 5000 + number, events=EVENTS).write(Path(place) / "lot")
            plant(lot)
            found = judged(lot)
        yield found.verdict == "INVALID" and any(reason in line for line in found.reasons)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--share", type=float, default=1.0, help="of the lots")
    parser.add_argument("--out", type=Path, default=evidence.VALIDATION / "suitability.json")
    given = parser.parse_args()
    ways = planted(max(1, round(EACH * given.share)))
    figures = {
        "valid lots": valid(max(2, round(VALID * given.share))),
        "planted": {
            "ways": len(ways),
            "found in every lot": sum(way["found"] == way["lots"] for way in ways.values()),
            "by way": ways,
        },
    }
    command = "python -m benchmarks.suitability" + (f" --share {given.share:g}" if given.share != 1 else "")
    evidence.write(given.out, command=command, seed=SEED, sources=SOURCES, figures=figures)
    print(figures["valid lots"], {k: v for k, v in figures["planted"].items() if k != "by way"})
    return 0


if __name__ == "__main__":
    sys.exit(main())
