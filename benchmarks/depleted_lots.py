"""Lots with hardly any CD3+ cells, and lots that only look so: T cells whose CD3 was stained badly, or not at all.

    python -m benchmarks.depleted_lots [--share 0.1] [--workers 2] [--out docs/validation/depleted_lots.json]

*Depleted*: CD3+ cells (T and NKT-like, half of each) are 0 to 1 % of the live ones; such a lot must get a verdict.
*Failed*: 5 to 20 % T cells, CD3 down by 5 to 30 times, and a limit of residual T that the lot truly breaks; none may
pass. Three sample tubes a lot; the whole study has 20 lots of each share and 18 of each kind of failure.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks import adaptive_lots, evidence
from benchmarks.adaptive_lots import BROKEN_BY, released, t_per_kg

from nkflow.counting.evaluable import NotEvaluable
from nkflow.counting.intervals import poisson_upper
from nkflow.release.pipeline import Release
from nkflow.simulate import SimulatedLot, SimulatedTube, simulate_lot
from nkflow.simulate.figures import COMPOSITION, STAINING
from nkflow.simulate.lot import _PLANS
from nkflow.simulate.rows import Between
from nkflow.simulate.tubes import Plan

SOURCES = (*adaptive_lots.SOURCES, "benchmarks/depleted_lots.py")
DEPLETED_FIRST, FAILED_FIRST = 17_000, 18_000
WHOLE = {"depleted": 20, "failed": 18}
SHARES = (0.0, 0.0002, 0.001, 0.003, 0.01)
CD3 = ("T", "NKT-like", "gamma-delta T")
PARTS, DIMMER = ((0.05, 0.05), (0.10, 0.0), (0.20, 0.05), (0.05, 0.20), (0.20, 0.0)), (5, 7, 10, 15, 20, 30)
# kind -> which tubes were stained badly
FAILED: Mapping[str, Sequence[str]] = {
    "sample tubes without CD3": (),
    "every tube": ("A", "B", "C", "FMO-CD56", "process-control"),
    "sample tubes": ("A", "B", "C"),
    "one tube": ("B",),
    "sample tubes, FMO stained": ("A", "B", "C"),
    "every tube, FMO stained": ("A", "B", "C", "FMO-CD56", "process-control"),
    "no FMO": ("A", "B", "C"),
    "FMO and a tube swapped": ("A", "B", "C"),
}
# what `released` does to the files, and of which seeds: odd ones swap A and FMO-CD3, even ones lack FMO-CD3
_TROUBLE = {"no FMO": ("missing FMO", 0), "FMO and a tube swapped": ("swapped tubes", 1)}


class _Unstained(Plan):
    """A sample tube without antibody to CD3."""

    @property
    def given(self) -> frozenset[str]:
        """Markers."""
        return super().given - {"CD3"}


@contextmanager
def _figures(t: float, nkt: float, dimmer: float) -> Iterator[None]:
    """Let simulated products have these shares of T and NKT-like cells, and so many times less CD3 on them."""
    shares = {name: Between(share, share, "asked for") for name, share in (("T", t), ("NKT-like", nkt))}
    dim = {
        kind: {
            **STAINING[kind],
            "CD3": replace(STAINING[kind]["CD3"], median=STAINING[kind]["CD3"].median / dimmer),
        }
        for kind in CD3
    }
    with mock.patch.dict(COMPOSITION, shares), mock.patch.dict(STAINING, dim):
        yield


def depleted_lot(seed: int, share: float, *, events: int = 50_000) -> SimulatedLot:
    """Return a lot with this share of CD3+ cells, half of them T and half NKT-like."""
    with _figures(share / 2, share / 2, 1.0):
        return simulate_lot(seed, events=events)


def failed_lot(kind: str, seed: int, *, events: int = 50_000) -> SimulatedLot:
    """Return a lot with many T cells that hardly show it; which and how dimly goes by the seed."""
    t, nkt = PARTS[seed // 2 % len(PARTS)]
    plans = [_Unstained(**vars(plan)) if plan.role == "sample" else plan for plan in _PLANS]
    bare = plans if kind == "sample tubes without CD3" else _PLANS
    with _figures(t, nkt, 1.0), mock.patch("nkflow.simulate.lot._PLANS", bare):
        lot = simulate_lot(seed, events=events)
    with _figures(t, nkt, float(DIMMER[seed // 2 % len(DIMMER)])):
        dim = simulate_lot(seed, events=events)
    bad = {tube.id: tube for tube in (*dim.tubes, *dim.controls) if tube.id in FAILED[kind]}
    tubes = tuple(bad.get(tube.id, tube) for tube in lot.tubes)
    controls = [bad.get(tube.id, tube) for tube in lot.controls]
    if "FMO stained" in kind:  # what stands as the FMO has CD3 like a sample tube
        full = next(tube for tube in dim.controls if tube.id == "FMO-CD56")
        controls = [_with_events_of(tube, full) if tube.id == "FMO-CD3" else tube for tube in controls]
    return replace(lot, tubes=tubes, controls=tuple(controls))


def _with_events_of(tube: SimulatedTube, other: SimulatedTube) -> SimulatedTube:
    sample = replace(
        other.sample, keywords=tube.sample.keywords, name=tube.sample.name, acquired=tube.sample.acquired
    )
    return replace(tube, sample=sample, codes=other.codes, truth_bad=other.truth_bad)


def released_failed(kind: str, seed: int, folder: Path) -> tuple[Release, SimulatedLot]:
    """Release a lot of one kind with a limit of residual T that it breaks."""
    trouble, parity = _TROUBLE.get(kind, ("", seed % 2))
    lot = failed_lot(kind, 2 * (seed // 2) + parity)
    limit = 1e6 * lot.true_per_ml["T"] / lot.true_per_ml["CD56+"] / BROKEN_BY[seed % len(BROKEN_BY)]
    return released(lot, folder, kind=trouble, limit=limit), lot


@dataclass(frozen=True)
class Row:
    """What became of one lot.

    `what` is the share of CD3+ cells or the kind of failure, `t_per_kg` the truth and its upper bound, `away` for
    each sample tube what was counted beyond the label: CD56+ in %, T and NKT-like in events.
    """

    what: float | str
    seed: int
    verdict: str
    t_per_kg: tuple[float, float] | None
    away: tuple[tuple[float, float, float], ...]
    reasons: tuple[str, ...]


def one_lot(job: tuple[float | str, int]) -> Row:
    """Release one lot: (share of CD3+ cells or kind of failure, seed)."""
    what, seed = job
    with tempfile.TemporaryDirectory() as folder:
        if isinstance(what, str):
            result, lot = released_failed(what, seed, Path(folder))
        else:
            lot = depleted_lot(seed, what)
            result = released(lot, Path(folder))
    return Row(what, seed, result.verdict, _bound(result, lot), _away(result, lot), tuple(result.reasons)[:3])


def _bound(result: Release, lot: SimulatedLot) -> tuple[float, float] | None:
    """Return the true T cells per kg and their 95 % upper bound, that of no events too (as a guarded limit has it)."""
    if (found := t_per_kg(result, lot)) is not None:
        return found
    if result.dose is None or result.composition is None or result.dose.level.volume is None:
        return None
    volume = result.dose.level.volume.rounded_ml / result.lot.recipient.mass_kg
    none = result.composition.concentration("T")
    if isinstance(none, NotEvaluable):
        return None
    bound = 1000 * none.per_event * float(poisson_upper(0, confidence=0.95, phi=none.phi))
    return lot.true_per_ml["T"] * volume, bound * volume


def _away(result: Release, lot: SimulatedLot) -> tuple[tuple[float, float, float], ...]:
    labels = {tube.id: tube.truth_counts for tube in lot.tubes}
    found = []
    for tube in result.tubes:
        if tube.role == "sample" and tube.gating is not None:
            counts, true = tube.gating.counts, labels[tube.tube.name]
            if {"CD56+", "T", "NKT-like"} <= set(counts):
                t, nkt = (float(counts[name] - true[name]) for name in ("T", "NKT-like"))
                found.append((100 * (counts["CD56+"] / true["CD56+"] - 1), t, nkt))
    return tuple(found)


def rows(jobs: Sequence[tuple[float | str, int]], *, workers: int = 1) -> list[Row]:
    """Release lots, in the order of `jobs`; each by itself, so that the number of `workers` changes nothing."""
    if workers == 1:
        return list(map(one_lot, jobs))
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        found = []
        for row in pool.map(one_lot, jobs):
            found.append(row)
            print(row.what, row.seed, row.verdict, *row.reasons, file=sys.stderr, flush=True)
    return found


def depleted_jobs(count: int, shares: Sequence[float] = SHARES) -> list[tuple[float | str, int]]:
    """Return so many lots of each share of CD3+ cells."""
    return [(share, seed) for share in shares for seed in range(DEPLETED_FIRST, DEPLETED_FIRST + count)]


def failed_jobs(count: int, kinds: Sequence[str] = tuple(FAILED)) -> list[tuple[float | str, int]]:
    """Return so many lots of each kind of failure; their seeds are even."""
    return [(kind, seed) for kind in kinds for seed in range(FAILED_FIRST, FAILED_FIRST + 2 * count, 2)]


def depleted_figures(found: Sequence[Row]) -> dict[str, Any]:
    """Return verdicts, how often T per kg is bounded from above, and how far tubes are from their labels (ends)."""
    bounded = [row.t_per_kg is not None and row.t_per_kg[1] >= row.t_per_kg[0] for row in found]
    tubes = [tube for row in found for tube in row.away]
    ends = zip(("CD56+_pct", "T_events", "NKT-like_events"), zip(*tubes, strict=True), strict=False)
    return {
        "lots": len(found),
        "tubes_gated": len(tubes),
        "verdicts": dict(Counter(row.verdict for row in found)),
        "invalid": {row.seed: list(row.reasons) for row in found if row.verdict == "INVALID"},
        "t_per_kg_bounded": sum(bounded),
        "t_per_kg_not_bounded": [row.seed for row, held in zip(found, bounded, strict=True) if not held],
        **{name: [round(min(each), 4), round(max(each), 4)] for name, each in ends},
    }


def failed_figures(found: Sequence[Row]) -> dict[str, Any]:
    """Return the figures of lots of one kind."""
    return {
        "lots": len(found),
        "tubes": 3 * len(found),
        "verdicts": dict(Counter(row.verdict for row in found)),
        "false_pass": [row.seed for row in found if row.verdict == "PASS"],
    }


def study(share: float = 1.0, *, workers: int = 2) -> dict[str, Any]:
    """Return the figures of both parts."""
    part = {name: max(1, round(share * count)) for name, count in WHOLE.items()}
    found = rows([*depleted_jobs(part["depleted"]), *failed_jobs(part["failed"])], workers=workers)
    of: dict[float | str, list[Row]] = {}
    for row in found:
        of.setdefault(row.what, []).append(row)
    return {
        "depleted": {f"{100 * each:g} %": depleted_figures(of[each]) for each in SHARES},
        "failed": {kind: failed_figures(of[kind]) for kind in FAILED},
    }


def main() -> int:
    result = evidence.run("depleted_lots", study, about=__doc__, seed=DEPLETED_FIRST, sources=SOURCES)
    for name, part in result.items():
        for what, figures in part.items():
            print(name, what, figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
