"""Compile every kernel that gating needs, once."""

from __future__ import annotations

import numpy as np

from nkflow.compensation import Spillover
from nkflow.fcs.sample import Sample
from nkflow.gating.gates import Boolean, Ellipsoid, Polygon, Quadrant, Range
from nkflow.gating.run import gate
from nkflow.gating.template import Template
from nkflow.scales import Arcsinh, Biex, Linear, Logicle

__all__ = ["warmup"]


def warmup() -> None:
    """Gate a few events in memory with every kind of gate and scale, so that their kernels stand in the cache."""
    names = ("A", "B", "C", "D")
    corners = [(0.0, 0.0), (900.0, 0.0), (900.0, 900.0), (0.0, 900.0)]
    template = Template.of(
        Polygon("A", "B", corners, name="cells"),
        Range("C", low=0, high=800, name="range", parent="cells"),
        Quadrant("A", 100, "B", 200, names={"-+": "NK", "+*": "T"}, parent="range"),
        Ellipsoid(["C", "D"], (300, 300), [(400, 300), (300, 500)], name="round"),
        Boolean("or", ["NK", "T"], name="either", parent="range"),
        scales={"A": Linear(1000), "B": Logicle(1000, 0.5, 4.5), "C": Biex(), "D": Arcsinh(1000, 4, 1)},
    )
    for stored in (np.float32, np.float64):
        values, matrix = np.linspace(-100.0, 1000.0, 64, dtype=stored), Spillover(names, np.eye(4) + 0.01)
        columns = {name: np.roll(values, k) for k, name in enumerate(names)}
        gating = gate(Sample.from_arrays(columns, spillover=matrix), template, threads=1)
        gating.update(template.with_gate("range", low=-90, high=300), threads=1)  # events leave it, and enter
