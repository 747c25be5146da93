"""Whole lots with the adaptive template: how many get a verdict, is T/kg bounded, and does anything pass that must not?

    python -m benchmarks.adaptive_lots [--share 0.1] [--workers 2] [--out docs/validation/adaptive_lots.json]

*Yield*: ordinary lots, all in specification and far from every limit. *Adversarial*: three sample tubes a lot, six
kinds of trouble, and a limit of residual T that the lot truly breaks (by 1.25, 1.5 or 2 times); without an FMO no lot
may pass whatever the limit. The whole study has 200 and 6 x 18 lots.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from benchmarks import evidence
from benchmarks.adversarial_tubes import KINDS, adversarial_lot

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


@dataclass(frozen=True)
class Row:
    """What became of one lot; `kind` is empty for an ordinary one, `t_per_kg` as in the function of that name."""

    kind: str
    seed: int
    verdict: str
    easy: bool
    t_per_kg: tuple[float, float] | None
    reasons: tuple[str, ...]


def one_lot(job: tuple[str, int]) -> Row:
    """Release one lot: (kind of trouble or "", seed)."""
    kind, seed = job
    lot, limit = simulate_lot(seed) if not kind else adversarial_lot(kind, seed), None
    if kind and kind != "missing FMO":
        limit = 1e6 * lot.true_per_ml["T"] / lot.true_per_ml["CD56+"] / BROKEN_BY[seed % len(BROKEN_BY)]
    with tempfile.TemporaryDirectory() as folder:
        result = released(lot, Path(folder), kind=kind, limit=limit)
    easy = not kind and _easy(result, lot)
    return Row(kind, seed, result.verdict, easy, t_per_kg(result, lot), tuple(result.reasons)[:3])


def _easy(result: Release, lot: SimulatedLot) -> bool:
    """Tell whether every true value is at most half its limit: T cells, dead cells, cells that are not CD56+."""
    dose = None if result.dose is None else result.dose.level.volume
    if dose is None:
        return False
    allowed = {each.name: float(each.value) for each in load_protocol(PROTOCOL).limits}
    t = lot.true_per_ml["T"] * dose.rounded_ml / result.lot.recipient.mass_kg
    dead = 100 * (1 - lot.truth["viability"])
    others = 100 * (1 - lot.true_per_ml["CD56+"] / lot.true_per_ml["viable"])
    return bool(
        t <= allowed["residual T"] / 2
        and dead <= (100 - allowed["viability"]) / 2
        and others <= (100 - allowed["purity CD56+"]) / 2
    )


def rows(jobs: Sequence[tuple[str, int]], *, workers: int = 1) -> list[Row]:
    """Release lots, in the order of `jobs`; each by itself, so that the number of `workers` changes nothing."""
    if workers == 1:
        return list(map(one_lot, jobs))
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        found = []
        for row in pool.map(one_lot, jobs):
            found.append(row)
            print(row.kind or "ordinary", row.seed, row.verdict, *row.reasons, file=sys.stderr, flush=True)
    return found


def yield_jobs(count: int) -> list[tuple[str, int]]:
    """Return so many ordinary lots."""
    return [("", seed) for seed in range(FIRST, FIRST + count)]


def adversarial_jobs(count: int, kinds: Sequence[str] = KINDS) -> list[tuple[str, int]]:
    """Return so many lots of each kind that must not pass."""
    return [(kind, seed) for kind in kinds for seed in range(ADVERSARIAL, ADVERSARIAL + count)]


def yield_figures(found: Sequence[Row]) -> dict[str, Any]:
    """Return the figures of ordinary lots."""
    verdicts = Counter(row.verdict for row in found)
    easy = [row for row in found if row.easy and row.verdict != "INVALID"]
    covered = [row.t_per_kg[1] >= row.t_per_kg[0] for row in found if row.t_per_kg is not None]
    return {
        "lots": len(found),
        "verdicts": dict(verdicts),
        "not_invalid": 1 - verdicts["INVALID"] / len(found),
        "at_most_half_of_every_limit": len(easy),
        "pass": sum(row.verdict == "PASS" for row in easy) / max(1, len(easy)),
        "t_per_kg_upper_bound_holds": float(np.mean(covered)),
        "invalid": {row.seed: list(row.reasons) for row in found if row.verdict == "INVALID"},
    }


def adversarial_figures(found: Sequence[Row]) -> dict[str, Any]:
    """Return the figures of lots of one kind."""
    return {
        "lots": len(found),
        "tubes": 3 * len(found),
        "verdicts": dict(Counter(row.verdict for row in found)),
        "false_pass": [row.seed for row in found if row.verdict == "PASS"],
    }


def study(share: float = 1.0, *, workers: int = 2) -> dict[str, Any]:
    """Return the figures of both parts."""
    part = {name: max(2, round(share * count)) for name, count in WHOLE.items()}
    found = rows([*yield_jobs(part["yield"]), *adversarial_jobs(part["adversarial"])], workers=workers)
    return {
        "yield": yield_figures([row for row in found if not row.kind]),
        "adversarial": {
            kind: adversarial_figures([row for row in found if row.kind == kind]) for kind in KINDS
        },
    }


def main() -> int:
    result = evidence.run("adaptive_lots", study, about=__doc__, seed=FIRST, sources=SOURCES)
    for name, figures in result.items():
        print(name, figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
