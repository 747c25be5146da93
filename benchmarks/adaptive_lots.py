"""Whole lots with the adaptive template: how many get a verdict, is T/kg bounded, and does anything pass that must not?

    python -m benchmarks.adaptive_lots [--share 0.1] [--out docs/validation/adaptive_lots.json]

*Yield*: ordinary lots, all in specification and far from every limit. *Adversarial*: three sample tubes a lot, six
kinds of trouble, and a limit of residual T that the lot truly breaks (by 1.25, 1.5 or 2 times); without an FMO no lot
may pass whatever the limit. The whole study has 200 and 6 x 18 lots.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from benchmarks.adversarial_tubes import KINDS, adversarial_lot
from benchmarks.evidence import VALIDATION, write

from nkflow.counting.evaluable import NotEvaluable
from nkflow.counting.intervals import normal_quantile
from nkflow.dose.protocol import load_protocol
from nkflow.release.pipeline import Release, release
from nkflow.simulate import SimulatedLot, simulate_lot

SOURCES = (
    "src/nkflow/gating/**/*.py",
    "src/nkflow/counting/*.py",
    "src/nkflow/dose/*.py",
    "src/nkflow/release/*.py",
    "src/nkflow/simulate/*.py",
    "gating_templates/nk_release_7aad_adaptive.yaml",
    "protocols/cd56_nk_aml_phase1.yaml",
    "benchmarks/adaptive_lots.py",
    "benchmarks/adversarial_tubes.py",
)
FIRST, ADVERSARIAL = 2000, 3000
WHOLE = {"yield": 200, "adversarial": 18}
BROKEN_BY = (1.25, 1.5, 2.0)
PROTOCOL = "cd56_nk_aml_phase1"


def released(lot: SimulatedLot, folder: Path, *, kind: str = "", limit: float | None = None) -> Release:
    """Release a lot with the adaptive template; `limit` is that of residual T per kg."""
    path = lot.write(folder / "lot") / "lot.yaml"
    document = yaml.safe_load(path.read_text())
    document["template"] = "nk_release_7aad_adaptive"
    if limit is not None:
        document["protocol"] = _protocol(path.parent, limit)
    if kind == "swapped tubes":
        one, other = ("A", "FMO-CD3") if lot.truth["seed"] % 2 else ("FMO-CD3", "FMO-CD56")
        files = {tube["id"]: tube for tube in document["tubes"]}
        files[one]["file"], files[other]["file"] = files[other]["file"], files[one]["file"]
    if kind == "missing FMO":
        gone = ("FMO-CD3", "FMO-CD56")[lot.truth["seed"] % 2]
        document["tubes"] = [tube for tube in document["tubes"] if tube["id"] != gone]
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return release(path, second_engine=False, margins=False)


def _protocol(folder: Path, limit: float) -> str:
    document = load_protocol(PROTOCOL).model_dump(mode="json", by_alias=True, exclude_unset=True)
    for each in document["limits"]:
        if each.get("population") == "residual T":
            each["value"] = limit
    (folder / "protocol.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    return "protocol.yaml"


def t_per_kg(result: Release, lot: SimulatedLot) -> tuple[float, float] | None:
    """Return the true T cells per kg at the volume to infuse, and nkflow's one-sided 95 % upper bound."""
    if result.dose is None or result.composition is None or result.dose.level.volume is None:
        return None
    volume = result.dose.level.volume.rounded_ml / result.lot.recipient.mass_kg
    found = result.composition.concentration("T")
    if isinstance(found, NotEvaluable) or found.u_rel is None:
        return None
    bound = found.per_ml * np.exp(float(normal_quantile(0.95)) * found.u_rel)
    return lot.true_per_ml["T"] * volume, float(bound) * volume


def yields(count: int) -> dict[str, Any]:
    """Release ordinary lots."""
    verdicts: Counter[str] = Counter()
    covered: list[bool] = []
    for seed in range(FIRST, FIRST + count):
        lot = simulate_lot(seed)
        with tempfile.TemporaryDirectory() as folder:
            result = released(lot, Path(folder))
        verdicts[result.verdict] += 1
        pair = t_per_kg(result, lot)
        if pair is not None:
            covered.append(pair[1] >= pair[0])
    return {
        "lots": count,
        "verdicts": dict(verdicts),
        "not_invalid": 1 - verdicts["INVALID"] / count,
        "pass": verdicts["PASS"] / max(1, count - verdicts["INVALID"]),
        "t_per_kg_upper_bound_holds": float(np.mean(covered)),
    }


def adversarial(kind: str, count: int) -> dict[str, Any]:
    """Release lots of one kind that must not pass."""
    verdicts: Counter[str] = Counter()
    wrong: list[int] = []
    for seed in range(ADVERSARIAL, ADVERSARIAL + count):
        lot = adversarial_lot(kind, seed)
        ratio = lot.true_per_ml["T"] / lot.true_per_ml["CD56+"]
        limit = 1e6 * ratio / BROKEN_BY[seed % len(BROKEN_BY)]
        with tempfile.TemporaryDirectory() as folder:
            result = released(lot, Path(folder), kind=kind, limit=None if kind == "missing FMO" else limit)
        verdicts[result.verdict] += 1
        if result.verdict == "PASS":
            wrong.append(seed)
    return {"lots": count, "tubes": 3 * count, "verdicts": dict(verdicts), "false_pass": wrong}


def study(share: float = 1.0) -> dict[str, Any]:
    """Return the figures of both parts."""
    part = {name: max(2, round(share * count)) for name, count in WHOLE.items()}
    return {
        "yield": yields(part["yield"]),
        "adversarial": {kind: adversarial(kind, part["adversarial"]) for kind in KINDS},
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--out", type=Path, default=VALIDATION / "adaptive_lots.json")
    asked = parser.parse_args()
    result = study(asked.share)
    share = "" if asked.share == 1 else f" --share {asked.share:g}"
    write(
        asked.out,
        command=f"python -m benchmarks.adaptive_lots{share}",
        seed=FIRST,
        sources=SOURCES,
        figures=result,
    )
    for name, figures in result.items():
        print(name, figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
