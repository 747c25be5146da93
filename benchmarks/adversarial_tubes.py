"""Simulated lots in which something hides residual T cells, or makes the run no run: what must never get a PASS.

Every kind changes the tubes of an ordinary lot, event by event, and keeps their labels. The changed cells are the lot's
own, so that its true cells per mL stand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from nkflow.fcs.sample import Sample
from nkflow.simulate import SimulatedLot, SimulatedTube, simulate_lot

__all__ = ["KINDS", "adversarial_lot"]

Changed = tuple[np.ndarray, np.ndarray]  # values and codes
Change = Callable[[SimulatedTube, np.random.Generator], Changed]


def _with(tube: SimulatedTube, changed: Changed) -> SimulatedTube:
    values, codes = changed
    bad = np.zeros(len(values), dtype=np.bool_)
    sample = tube.sample
    made = Sample.from_arrays(
        values.astype(np.float32),
        sample.channels,
        spillover=sample.spillover,
        keywords=dict(sample.keywords),
        name=sample.name,
    )
    made = replace(made, acquired=sample.acquired, volume=sample.volume)
    return replace(tube, sample=made, codes=codes, truth_bad=bad)


def _dim_t(tube: SimulatedTube, rng: np.random.Generator) -> Changed:
    """Most T cells show only a part of their CD3, as after activation: 20 to 60 %."""
    sample, values = tube.sample, np.array(tube.sample.values())
    matrix = sample.spillover
    assert matrix is not None
    columns = [sample.index(detector) for detector in matrix.detectors]
    chosen = np.flatnonzero(tube.truth_mask("T") & (rng.random(len(values)) < 0.7))
    dyes = values[np.ix_(chosen, columns)] @ matrix.inverse
    dyes[:, columns.index(sample.index("CD3"))] *= rng.uniform(0.2, 0.6, len(chosen))
    values[np.ix_(chosen, columns)] = dyes @ matrix.matrix
    return values, tube.codes


def _bound_t(tube: SimulatedTube, rng: np.random.Generator) -> Changed:
    """Four of ten T cells pass the laser bound to an NK cell: one event with the light of both."""
    sample, values = tube.sample, np.array(tube.sample.values())
    cells = np.flatnonzero(tube.truth_mask("T") & (rng.random(len(values)) < 0.4))
    others = rng.choice(np.flatnonzero(tube.truth_mask("NK")), size=len(cells), replace=False)
    kinds = {channel.name: channel for channel in sample.channels}
    for name, channel in kinds.items():
        column = sample.index(name)
        if channel.kind == "time":
            continue
        if channel.feature == "A":
            values[cells, column] += values[others, column]
        else:  # side by side: a little higher, and wider
            values[cells, column] = np.maximum(values[cells, column], values[others, column]) * (
                1.7 if channel.feature == "W" else 1.1
            )
    keep = np.ones(len(values), dtype=np.bool_)
    keep[others] = False
    return values[keep], tube.codes[keep]


def _dying(tube: SimulatedTube, rng: np.random.Generator) -> Changed:
    """So many cells are dead that the viability is 40 to 65 %: dead events of the tube in place of live ones."""
    values, codes = np.array(tube.sample.values()), np.array(tube.codes)
    dead, live = np.flatnonzero(tube.truth_mask("dead")), np.flatnonzero(tube.truth_mask("viable"))
    viability = 0.40 + 0.025 * int(tube.sample.keywords["$SMNO"][-1])  # of the lot: its tubes agree
    wanted = int((1 - viability) * (len(dead) + len(live))) - len(dead)
    gone = rng.choice(live, size=wanted, replace=False)
    taken = rng.choice(dead, size=wanted)
    time = tube.sample.index("Time")
    kept = values[gone, time].copy()
    values[gone] = values[taken] * np.exp(0.03 * rng.standard_normal((wanted, values.shape[1])))
    values[gone, time] = kept
    codes[gone] = codes[taken]
    return values, codes


_CHANGES: Mapping[str, Change] = {"doublets": _bound_t, "dead cells": _dying, "CD3dim": _dim_t}
KINDS = (*_CHANGES, "swapped tubes", "missing FMO", "drift")


def adversarial_lot(kind: str, seed: int, *, events: int = 40_000) -> SimulatedLot:
    """Return a lot of one kind; `swapped tubes` and `missing FMO` change which tube is which."""
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    lot = simulate_lot(seed, faults=("drift",) if kind == "drift" else (), events=events)
    if kind in _CHANGES:
        return replace(lot, tubes=tuple(_with(tube, _CHANGES[kind](tube, rng)) for tube in lot.tubes))
    return lot
