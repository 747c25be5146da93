"""Does the interval of the dose hold the true dose, from files to verdict? Whole simulated lots through a release.

    python -m benchmarks.coverage_lots [--share 0.1] [--out docs/validation/coverage_lots.json]

`coverage_counts` shares the formula's assumptions; this study does not: true volumes, bead lot and dilutions scatter,
cells pair up, dead cells stain, and the release reads, gates, corrects for doublets and judges. The whole study has
200 lots; CI runs a tenth.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.evidence import VALIDATION, write

import nkflow as nk

SOURCES = (
    "src/nkflow/counting/*.py",
    "src/nkflow/dose/*.py",
    "src/nkflow/gating/**/*.py",
    "src/nkflow/simulate/*.py",
    "gating_templates/nk_release_7aad.yaml",
    "protocols/cd56_nk_aml_phase1.yaml",
    "benchmarks/coverage_lots.py",
)
WHOLE = 200
FIRST_SEED = 5000
EVENTS = 50_000
POPULATIONS = ("CD56+", "NK", "NKT-like", "T", "CD3+", "viable")


def one_lot(seed: int, *, events: int = EVENTS) -> dict[str, Any]:
    """Release one lot; return truth and estimate of each population per kg at the volume to infuse."""
    lot = nk.simulate_lot(seed=seed, events=events)
    with tempfile.TemporaryDirectory() as folder:
        written = lot.write(Path(folder) / "lot")
        release = nk.release(written / "lot.yaml", second_engine=False, margins=False)
    dose = release.dose
    volume = dose.level.volume.rounded_ml
    viability = dose.composition.frequency("viable", "CD45+")
    found: dict[str, Any] = {"seed": seed, "verdict": release.verdict, "volume_ml": volume, "populations": {}}
    found["viability"] = [100 * lot.truth["viability"], viability.interval.low, viability.interval.high]
    for name in POPULATIONS:
        amount = dose.composition.concentration(name)
        interval = amount.interval
        truth = lot.true_per_ml[name] / 1000
        found["populations"][name] = {
            "truth": truth,
            "estimate": amount.per_ul,
            "u_rel": amount.u_rel,
            "covered": interval.low <= truth <= interval.high,
        }
    return found


def study(lots: int, *, events: int = EVENTS) -> dict[str, Any]:
    """Release `lots` lots and count what the intervals cover."""
    rows = [one_lot(FIRST_SEED + index, events=events) for index in range(lots)]
    figures: dict[str, Any] = {
        "lots": lots,
        "events_per_tube": events,
        "verdicts": dict(Counter(row["verdict"] for row in rows)),
        "viability_covered": float(
            np.mean([low <= true <= high for true, low, high in (r["viability"] for r in rows)])
        ),
    }
    for name in POPULATIONS:
        each = [row["populations"][name] for row in rows]
        errors = [math.log(one["estimate"] / one["truth"]) for one in each]
        figures[name] = {
            "covered": float(np.mean([one["covered"] for one in each])),
            "mean_relative_error": float(np.mean(errors)),
            "sd_of_relative_error": float(np.std(errors, ddof=1)),
            "mean_u_rel": float(np.mean([one["u_rel"] for one in each])),
        }
    return figures


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--share", type=float, default=1.0, help="of the 200 lots")
    parser.add_argument("--out", type=Path, default=VALIDATION / "coverage_lots.json")
    given = parser.parse_args(arguments)
    figures = study(max(10, round(WHOLE * given.share)))
    share = "" if given.share == 1 else f" --share {given.share:g}"
    command = f"python -m benchmarks.coverage_lots{share}"
    write(given.out, command=command, seed=FIRST_SEED, sources=SOURCES, figures=figures)
    print(json.dumps(figures, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
