"""What is in the tubes of a lot that hold no product: counting beads alone, and stabilised blood."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nkflow.simulate.bench import Bench, Stained
from nkflow.simulate.labels import KINDS
from nkflow.simulate.rows import Value

__all__ = ["PROCESS_CONTROL", "SHEET", "beads_alone", "process_control"]

# Shares of live cells; a process control has NK, T and killed cells (DOMAIN.md 6).
PROCESS_CONTROL = {
    "NK": Value(0.16, "chosen: blood"),
    "NKT-like": Value(0.05, "chosen: blood"),
    "T": Value(0.57, "chosen: blood"),
    "gamma-delta T": Value(0.03, "chosen: blood"),
    "B": Value(0.08, "chosen: blood"),
    "monocytes": Value(0.08, "chosen: blood"),
    "other": Value(0.03, "chosen: blood"),
    "dead": Value(0.15, "chosen: share of all cells, the killed ones"),
    "debris per cell": Value(0.05, "chosen"),
}
# population, of, low and high %: what the sheet of the control assigns
SHEET = (
    ("viable", "CD45+", 80.0, 90.0),
    ("NK", "viable", 12.0, 20.0),
    ("T", "viable", 52.0, 68.0),
    ("B", "viable", 5.0, 11.0),
)


def beads_alone(bench: Bench, *, rng: np.random.Generator) -> Stained:
    """Return a tube with counting beads and buffer: as many beads as a sample tube has, and nothing else."""
    stained = bench.stain(beads=True, rng=rng)
    none = (0,) * len(KINDS)
    return replace(stained, live=none, dead=none, debris=0)


def process_control(bench: Bench, *, share: float, rng: np.random.Generator) -> Stained:
    """Return a tube of stabilised blood and beads, with as many cells as the product would give in `share` of a run."""
    stained = bench.stain(beads=True, share=share, rng=rng)
    cells = sum(stained.live) + sum(stained.dead)
    dead = PROCESS_CONTROL["dead"].value
    shares = np.array([PROCESS_CONTROL[kind].value for kind in KINDS])
    return replace(
        stained,
        live=tuple(map(int, rng.poisson(cells * (1.0 - dead) * shares))),
        dead=tuple(map(int, rng.poisson(cells * dead * shares))),
        debris=int(rng.poisson(cells * PROCESS_CONTROL["debris per cell"].value)),
    )
