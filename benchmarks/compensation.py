"""Are measured matrices as good as they say, are wrong controls named, and does a tube tell a wrong matrix?

    python -m benchmarks.compensation [--share 0.1] [--out docs/validation/compensation.json]

Single stains of the simulator (cells and beads) against their true matrix; controls with one fault each; sample tubes
gated with right matrices, with one coefficient off, and with events that were compensated before. The whole study
has 100 seeds of each; CI runs a tenth.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.evidence import VALIDATION, write

import nkflow as nk
from nkflow.fitness import Fitness, assess
from nkflow.simulate.spectra import true_spillover, wrong
from nkflow.simulate.stains import StainFault, simulate_controls

SOURCES = (
    "src/nkflow/controls/*.py",
    "src/nkflow/fitness/*.py",
    "src/nkflow/compensation/*.py",
    "src/nkflow/kernels/biweight.py",
    "src/nkflow/simulate/*.py",
    "benchmarks/compensation.py",
)
WHOLE = 100
FIRST_SEED = 9000
EVENTS = 30_000
TUBE_EVENTS = 50_000
TRUTH = true_spillover()
OFF = ~np.eye(len(TRUTH.names), dtype=bool)
MARKERS = ("CD3", "CD45", "TCRgd", "CD56", "7-AAD", "CD16", "CD19", "CD14")
KINDS = ("dim", "saturated", "swapped", "mislabelled", "duplicated")
# dyes of which every sample tube has hundreds of bright events
BRIGHT = ("V450-A", "V500-A", "PE-A", "PerCP-Cy5-5-A", "PE-Cy7-A", "APC-Cy7-A")


def coefficients(seeds: int, carrier: Any, method: Any, *, events: int = EVENTS) -> dict[str, Any]:
    """Measure the matrix of each seed's controls and hold errors to what they say."""
    apart, errors, named = [], [], 0
    for index in range(seeds):
        made = simulate_controls(FIRST_SEED + index, carrier, events=events)
        found = nk.spillover_from_controls(made.controls, unstained=made.negatives, method=method)
        apart.append((found.matrix - made.spillover.matrix)[OFF])
        errors.append(found.errors[OFF])
        named += bool(found.findings)
    distance, stated = np.array(apart), np.array(errors)
    scatter = np.std(distance, axis=0, ddof=1) / np.sqrt(np.mean(stated**2, axis=0))
    return {
        "within_3_se": float(np.mean(np.abs(distance) <= 3 * stated)),
        "scatter_over_se": {
            "median": float(np.median(scatter)),
            "within_1.5": float(np.mean((scatter <= 1.5) & (scatter >= 1 / 1.5))),
            "least": float(scatter.min()),
            "most": float(scatter.max()),
        },
        "largest_error": float(np.abs(distance).max()),
        "right_controls_named": named / seeds,
    }


def fault_of(seed: int, kind: str) -> StainFault:
    """Return one fault of this kind in a control, and another control, that the seed chooses."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    marker, other = rng.choice(MARKERS, 2, replace=False)
    return StainFault(kind, str(marker), str(other) if kind not in ("dim", "saturated") else "")  # type: ignore[arg-type]


def faults(seeds: int, kind: str, *, events: int = EVENTS) -> dict[str, Any]:
    """Plant one fault in each seed's controls; count whose control is named for what it is, and others' that are."""
    named, missed, false = 0, [], 0
    for index in range(seeds):
        fault = fault_of(FIRST_SEED + index, kind)
        carrier: Any = ("cells", "beads")[index % 2]
        made = simulate_controls(FIRST_SEED + index, carrier, events=events, faults=[fault])
        found = nk.spillover_from_controls(made.controls, unstained=made.negatives, strict=False)
        codes = {f"{kind}-control", f"{kind}-controls"} | (
            {"no-positives", "no-negative"} if kind == "dim" else set()
        )
        about = [
            finding for finding in found.findings if finding.code in codes and fault.marker in finding.message
        ]
        named += bool(about)
        missed += [] if about else [f"{carrier} {fault.marker} {fault.other}".strip()]
        guilty = {fault.marker, fault.other}
        false += any(
            finding.severity == "error" and not any(name and name in finding.message for name in guilty)
            for finding in found.findings
        )
    return {"named": named / seeds, "missed": missed, "others_refused": false / seeds}


def tubes(seeds: int, *, events: int = TUBE_EVENTS) -> dict[str, Any]:
    """Judge right matrices, matrices with one coefficient off, and events that were compensated before."""
    flagged, states, planted = 0, [], []
    for index in range(seeds):
        sample = nk.simulate_lot(FIRST_SEED + index, events=events).tubes[0].sample
        observed = sample.values(list(TRUTH.names))
        right = assess(observed, TRUTH)
        flagged += bool(right.wrong)
        again = assess(TRUTH.apply(observed), TRUTH)
        states.append((right.state.word, again.state.word) if right.state and again.state else ("", ""))
        planted += list(_planted(observed, right, FIRST_SEED + index))
    can = [found for found, assessable in planted if assessable]
    return {
        "right_flagged": flagged / seeds,
        "wrong_found": float(np.mean(can)),
        "wrong_planted": len(can),
        "pairs_that_can_be_assessed": len(can) / len(planted),
        "not_compensated_told": float(np.mean([one == "not compensated" for one, _ in states])),
        "compensated_already_told": float(np.mean([other == "compensated already" for _, other in states])),
    }


def _planted(observed: Any, right: Fitness, seed: int) -> Iterator[tuple[bool, bool]]:
    """Make one coefficient of each bright dye wrong by 0.02 to 0.05; tell whether it was found and could be."""
    rng = np.random.default_rng(seed)
    for dye in BRIGHT:
        i = TRUTH.names.index(dye)
        j = int(rng.choice([k for k in range(len(TRUTH.names)) if k != i]))
        by = float(rng.uniform(0.02, 0.05) * rng.choice([-1, 1]))
        if not np.isfinite(right.slopes[i, j]):
            yield False, False
            continue
        found = assess(observed, wrong(TRUTH, dye, TRUTH.names[j], by))
        yield any((pair.source, pair.target) == (dye, TRUTH.names[j]) for pair in found.wrong), True


def study(seeds: int, *, events: int = EVENTS, tube_events: int = TUBE_EVENTS) -> dict[str, Any]:
    """Return all figures."""
    return {
        "seeds": seeds,
        "events_per_control": events,
        "events_per_tube": tube_events,
        "coefficients": {
            carrier: {
                method: coefficients(seeds, carrier, method, events=events)
                for method in ("median", "regression")
            }
            for carrier in ("cells", "beads")
        },
        "faults": {kind: faults(seeds, kind, events=events) for kind in KINDS},
        "fitness": tubes(seeds, events=tube_events),
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--share", type=float, default=1.0, help="of the 100 seeds")
    parser.add_argument("--out", type=Path, default=VALIDATION / "compensation.json")
    given = parser.parse_args(arguments)
    figures = study(max(4, round(WHOLE * given.share)))
    share = "" if given.share == 1 else f" --share {given.share:g}"
    command = f"python -m benchmarks.compensation{share}"
    write(given.out, command=command, seed=FIRST_SEED, sources=SOURCES, figures=figures)
    print(json.dumps(figures, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
