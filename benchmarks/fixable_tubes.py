"""Tubes of a simulated lot as a fixable viability dye without beads would show them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nkflow.fcs.sample import Sample
from nkflow.simulate import SimulatedTube

__all__ = ["with_fixable_dye"]

UPTAKE, SPREAD = 250.0, 0.45  # of living cells: amines on their surface; data units, SD of ln


def with_fixable_dye(tube: SimulatedTube, seed: int, *, marker: str = "Zombie Aqua") -> SimulatedTube:
    """Return `tube` without its beads, the viability dye on every cell, its channel called `marker`."""
    rng = np.random.default_rng([seed, 0xF1])
    keep = ~tube.truth_mask("beads")
    sample, values = tube.sample, np.array(tube.sample.values()[keep])
    matrix = sample.spillover
    assert matrix is not None
    columns = [sample.index(detector) for detector in matrix.detectors]
    dye = columns.index(sample.index("7-AAD"))
    light = UPTAKE * np.exp(SPREAD * rng.standard_normal(len(values)))
    values[:, columns] += light[:, None] * matrix.matrix[dye]
    channels = [replace(c, marker=marker) if c.marker == "7-AAD" else c for c in sample.channels]
    made = Sample.from_arrays(
        values.astype(np.float32),
        channels,
        spillover=matrix,
        keywords=dict(sample.keywords),
        name=sample.name,
    )
    made = replace(made, acquired=sample.acquired, volume=sample.volume)
    return replace(tube, sample=made, codes=tube.codes[keep], truth_bad=tube.truth_bad[keep])
