"""Lots with hardly any CD3+ cells, and lots that only look so: T cells whose CD3 was stained badly, or not at all.

    python -m benchmarks.depleted_lots [--seeds 20]

*Depleted*: CD3+ cells (T and NKT-like, half of each) are 0 to 1 % of the live ones; such a lot must get a verdict.
*Failed*: 5 to 20 % T cells, CD3 down by 5 to 30 times, and a limit of residual T that the lot truly breaks; none may
pass.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np
from benchmarks.adaptive_lots import BROKEN_BY, released, t_per_kg

from nkflow.release.pipeline import Release
from nkflow.simulate import SimulatedLot, SimulatedTube, simulate_lot
from nkflow.simulate.figures import COMPOSITION, STAINING
from nkflow.simulate.lot import _PLANS
from nkflow.simulate.rows import Between
from nkflow.simulate.tubes import Plan

__all__ = ["FAILED", "SHARES", "depleted_lot", "failed_lot", "released_failed"]

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


def depleted_rows(share: float, seeds: Sequence[int]) -> Iterator[tuple[Release, SimulatedLot]]:
    """Iterate over released lots."""
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            lot = depleted_lot(seed, share)
            yield released(lot, Path(folder)), lot


def depleted_figures(rows: Sequence[tuple[Release, SimulatedLot]]) -> dict[str, object]:
    """Return verdicts, errors against the labels (events of a tube), and how often T per kg is bounded from above."""
    away: dict[str, list[float]] = {"CD56+ %": [], "T events": [], "NKT-like events": []}
    bounded = []
    for result, lot in rows:
        found = t_per_kg(result, lot)
        bounded += [] if found is None else [found[1] >= found[0]]
        truth = {tube.id: tube.truth_counts for tube in lot.tubes}
        for tube in result.tubes:
            if tube.role == "sample" and tube.gating is not None and "CD56+" in tube.gating.counts:
                counts, true = tube.gating.counts, truth[tube.tube.name]
                away["CD56+ %"].append(100 * (counts["CD56+"] / true["CD56+"] - 1))
                away["T events"].append(counts["T"] - true["T"])
                away["NKT-like events"].append(counts["NKT-like"] - true["NKT-like"])
    return {
        "verdicts": dict(Counter(result.verdict for result, _ in rows)),
        "T/kg bounded": f"{sum(bounded)} of {len(bounded)}",
        **{name: [round(end, 2) for end in (min(each), max(each))] for name, each in away.items() if each},
    }


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


def failed_rows(kind: str, seeds: Sequence[int]) -> Iterator[tuple[str, float, tuple[str, ...]]]:
    """Iterate over (verdict, residual T found over true, reasons)."""
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            result, lot = released_failed(kind, seed, Path(folder))
            found = t_per_kg(result, lot)
            yield result.verdict, np.nan if found is None else found[1] / found[0], tuple(result.reasons)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=7000)
    parser.add_argument("--only", default="")
    asked = parser.parse_args()
    seeds = range(asked.first, asked.first + asked.seeds)
    for share in () if asked.only else SHARES:
        rows = list(depleted_rows(share, seeds))
        print(f"{100 * share:g} % CD3+:", depleted_figures(rows), flush=True)
    for kind in (kind for kind in FAILED if not asked.only or kind == asked.only):
        every = range(asked.first, asked.first + 2 * asked.seeds, 2)
        rows = list(failed_rows(kind, every))
        passed = [seed for seed, row in zip(every, rows, strict=True) if row[0] == "PASS"]
        print(f"{kind}:", dict(Counter(row[0] for row in rows)), "false PASS", passed, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
