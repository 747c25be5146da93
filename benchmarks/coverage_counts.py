"""Do the intervals cover, and do the guarded verdicts keep their promise? Simulated count sets with known truth.

    python -m benchmarks.coverage_counts [--share 0.1] [--out docs/validation/coverage_counts.json]

Each set is a lot of three tubes: true volumes, bead lot and dilution scatter around their nominal values as the
budget says; every population is counted with variance phi times its mean (negative binomial), so that shares are
over-dispersed by phi too; beads are Poisson. The analyst knows nominal values only, and declares phi0. What judges
the sets is nkflow's own code, on arrays: the homogeneity test, the intervals and `judge_amount`. The whole study has
40,000 sets a figure; CI runs a tenth.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.evidence import VALIDATION, write

from nkflow.counting.concentration import interval_of
from nkflow.counting.homogeneity import chi_square, used_phi
from nkflow.counting.intervals import poisson_upper, wilson
from nkflow.dose.decide import judge_amount
from nkflow.dose.limits import Limit

SOURCES = ("src/nkflow/counting/*.py", "src/nkflow/dose/*.py", "benchmarks/coverage_counts.py")
SEED = 20260317
WHOLE = 40_000
TUBES = 3
TEST_LEVEL = 0.05
PARENT = 7000.0  # viable cells a tube

PHIS = (1.0, 2.0, 4.0)
MANY = (20.0, 30.0, 50.0, 100.0, 400.0, 2000.0)
FEW = (0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 16.0)
AT_LIMIT = (3.0, 5.0, 8.0, 12.0, 20.0, 50.0, 100.0, 400.0)
TRUE_PHIS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0)


@dataclass(frozen=True)
class Bench:
    """Relative standard uncertainties of everything but counting; those of the worked example."""

    bead_volume: float = 0.012
    sample_volume: float = 0.010
    bead_lot: float = 0.025
    dilution: float = 0.0108
    beads: float = 45_000.0

    def factor(self, rng: np.random.Generator, sets: int) -> tuple[np.ndarray, np.ndarray]:
        """Draw (relative error of the constants, pooled bead events), each (sets,)."""

        def error(u: float, tubes: int = 1) -> np.ndarray:
            return u / math.sqrt(tubes) * rng.standard_normal(sets)

        volumes = (1 + error(self.bead_volume, TUBES)) / (1 + error(self.sample_volume, TUBES))
        constants = volumes * (1 + error(self.bead_lot)) * (1 + error(self.dilution))
        return constants, rng.poisson(self.beads, sets).astype(np.float64)

    def u_others(self, beads: np.ndarray) -> np.ndarray:
        """Return what the analyst's budget says, (sets,)."""
        tubes = (self.bead_volume**2 + self.sample_volume**2) / TUBES
        return np.sqrt(1 / beads + tubes + self.bead_lot**2 + self.dilution**2)


EXACT = Bench(0.0, 0.0, 0.049, 0.0, 10_000.0)
"""u_other = 5 %, nearly all of it a bead lot of 4.9 %."""


def overdispersed(rng: np.random.Generator, mean: np.ndarray, phi: float) -> np.ndarray:
    """Draw counts of the given mean and variance phi times the mean: Poisson, or negative binomial."""
    if phi == 1:
        return rng.poisson(mean).astype(np.float64)
    return rng.poisson(rng.gamma(mean / (phi - 1), phi - 1)).astype(np.float64)


def counted(
    target: float, rest: float, phi: float, *, phi0: float, rng: np.random.Generator, sets: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw (events, events of the parent), each (sets, TUBES), and the phi that the analyst uses, (sets,)."""
    cells = overdispersed(rng, np.full((sets, TUBES), target), phi)
    parents = cells + overdispersed(rng, np.full((sets, TUBES), rest), phi)
    _, used = used_phi(chi_square(cells, parents), TUBES - 1, phi0=phi0, test_level=TEST_LEVEL)
    return cells, parents, used


def amounts(
    events: float, phi: float, *, phi0: float, rng: np.random.Generator, sets: int, bench: Bench = Bench()
) -> dict[str, np.ndarray]:
    """Simulate a population with `events` expected pooled events; estimates are in events, truth = `events`."""
    factor, beads = bench.factor(rng, sets)
    cells, _, used = counted(events / TUBES, PARENT - events / TUBES, phi, phi0=phi0, rng=rng, sets=sets)
    pooled = cells.sum(axis=1)
    # the analyst divides by the beads seen and multiplies by those meant; their ratio is the rest of the error
    scale = factor * bench.beads / beads
    return {"events": pooled, "phi": used, "scale": scale, "u_others": bench.u_others(beads)}


def covers_amount(drawn: dict[str, np.ndarray], truth: float) -> float:
    """Return the share of the reported 95 % intervals that hold the truth."""
    low, high = interval_of(drawn["events"], drawn["phi"], u_others=drawn["u_others"])
    return float(np.mean((low * drawn["scale"] <= truth) & (truth <= high * drawn["scale"])))


def covers_share(p: float, phi: float, *, phi0: float, rng: np.random.Generator, sets: int) -> float:
    """Return the same for a percentage by Wilson's interval of x/phi out of n/phi."""
    x, n, used = counted(PARENT * p, PARENT * (1 - p), phi, phi0=phi0, rng=rng, sets=sets)
    low, high = wilson(x.sum(axis=1) / used, n.sum(axis=1) / used)
    return float(np.mean((low <= p) & (p <= high)))


def passes(drawn: dict[str, np.ndarray], limit: float) -> float:
    """Return how often the guarded rule says PASS to an upper limit, in events."""
    rule = Limit(
        name="T",
        quantity="per_kg",
        population="T",
        unit="cells/kg",
        op="<",
        value=limit,
        decimals=0,
        rule="guarded",
        source="study",
    )
    values = drawn["events"] * drawn["scale"]
    with np.errstate(divide="ignore"):
        u = np.sqrt(drawn["phi"] / drawn["events"] + drawn["u_others"] ** 2)
    bounds = poisson_upper(drawn["events"], phi=drawn["phi"]) * drawn["scale"]
    verdicts = [
        judge_amount(
            rule, float(y), u_rel=float(r) if math.isfinite(r) else None, bound=float(b), confidence=0.95
        ).guarded
        for y, r, b in zip(values, u, bounds, strict=True)
    ]
    return sum(verdict == "PASS" for verdict in verdicts) / len(verdicts)


def study(sets: int, seed: int = SEED) -> dict[str, Any]:
    """Run everything with `sets` count sets a figure."""
    rng = np.random.default_rng(seed)

    def covered(events: float, phi: float, phi0: float) -> float:
        return covers_amount(amounts(events, phi, phi0=phi0, rng=rng, sets=sets), events)

    def share(p: float, phi: float, phi0: float) -> float:
        return covers_share(p, phi, phi0=phi0, rng=rng, sets=sets)

    def passed(events: float, phi: float, limit: float, bench: Bench = Bench()) -> float:
        return passes(amounts(events, phi, phi0=phi, rng=rng, sets=sets, bench=bench), limit)

    return {
        "sets": sets,
        "coverage": {
            "dose per kg": {f"phi {phi:g}": covered(19_000.0, phi, phi) for phi in PHIS},
            "T per kg, 20 events and more": {
                f"phi {phi:g}": {f"{events:g}": covered(events, phi, phi) for events in MANY} for phi in PHIS
            },
            "T per kg, below 20 events": {
                f"phi {phi:g}": {f"{events:g}": covered(events, phi, phi) for events in FEW} for phi in PHIS
            },
            "percent CD56+": {f"phi {phi:g}": share(0.915, phi, phi) for phi in PHIS},
            "viability": {f"phi {phi:g}": share(0.856, phi, phi) for phi in PHIS},
        },
        "phi larger than declared": {
            "T per kg, 100 events": {
                f"declared {phi0:g}": {f"true {phi:g}": covered(100.0, phi, phi0) for phi in TRUE_PHIS}
                for phi0 in PHIS
            },
            "percent CD56+": {
                f"declared {phi0:g}": {f"true {phi:g}": share(0.915, phi, phi0) for phi in TRUE_PHIS}
                for phi0 in PHIS
            },
        },
        "wrong PASS at the limit": {
            f"phi {phi:g}": {f"{events:g}": passed(events, phi, events) for events in AT_LIMIT}
            for phi in PHIS
        },
        "power at half the limit, 100 events, u_other 5 %": {
            f"phi {phi:g}": passed(100.0, phi, 200.0, EXACT) for phi in PHIS
        },
    }


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--share", type=float, default=1.0, help="of the 40,000 sets a figure")
    parser.add_argument("--out", type=Path, default=VALIDATION / "coverage_counts.json")
    given = parser.parse_args(arguments)
    figures = study(max(1000, round(WHOLE * given.share)))
    share = "" if given.share == 1 else f" --share {given.share:g}"
    command = f"python -m benchmarks.coverage_counts{share}"
    write(given.out, command=command, seed=SEED, sources=SOURCES, figures=figures)
    print(json.dumps(figures, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
