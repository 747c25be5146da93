"""FlowKit against us on every real tube there is: no event differs without an explanation."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from nkflow.errors import FCSError
from nkflow.exchange import cross_check
from nkflow.fcs import Sample, read_fcs
from nkflow.gating import Boolean, Ellipsoid, Polygon, Quadrant, Range, gate
from nkflow.gating.template import Population, Template
from nkflow.scales import Logicle

FOLDERS = ("parse", "compensation", "gating", "human_nk", "transforms")


def template_for(sample: Sample) -> Template:
    """Return gates of every kind around the middle of the first channels."""
    names = [channel.name for channel in sample.channels if channel.kind != "time"]
    a, b, c, d = names[0], names[1], names[2 % len(names)], names[-1]
    low, mid, high = {}, {}, {}
    for name in {a, b, c, d}:
        column = sample.values([name])[:, 0]
        low[name], mid[name], high[name] = np.quantile(column[np.isfinite(column)], [0.1, 0.5, 0.9]).tolist()
    corners = [
        (low[a], low[b]),
        (high[a], low[b] + 0.1),
        (high[a] * 1.02 + 0.3, high[b] + 1),
        (low[a] - 1, mid[b]),
    ]
    populations = [Population(Polygon(a, b, corners), "p"), Population(Range(c, low=mid[c]), "r", "p")]
    if c != d:
        corners = [
            (low[c] - 50, low[d] - 70),
            (high[c] + 90, low[d] - 60),
            (high[c] + 100, high[d] + 100),
            (low[c] - 30, mid[d] + 200),
        ]  # noqa: E501
        names = {"++": "pp", "-+": "np", "+-": "pn", "--": "nn"}
        populations += [
            Population(Quadrant(c, mid[c], d, mid[d], names=names), "", "p"),
            Population(Polygon(c, d, corners), "o"),
            Population(
                Ellipsoid(
                    [c, d], (mid[c], mid[d]), [(high[c] + 100, mid[d] + 10), (mid[c] - 5, high[d] + 150)]
                ),
                "e",
            ),
        ]
    populations.append(Population(Boolean("not", ["r"]), "x"))
    top = max(262144.0, *(float(high[name]) * 2 for name in high))
    return Template.of(
        *populations, scales={name: Logicle(top, 0.5, 4.5) for name in {c, d}}, compensation="file-or-none"
    )


def tubes(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".fcs", ".lmd"))


@pytest.mark.parametrize("folder", FOLDERS)
def test_cross_check__explains_every_event_of_every_real_tube(reference, folder: str) -> None:
    compared = 0
    for path in tubes(reference / folder):
        try:
            sample = read_fcs(path)
        except FCSError:
            continue  # corrupted on purpose
        if sample.n_events < 50 or os.path.getsize(path) > 5_000_000:
            continue
        found = cross_check(sample, gate(sample, template_for(sample)))
        assert found.explained, f"{path.name}: {found.summary()}"
        assert found.agrees or found.misleading, path.name
        compared += found.agrees
    assert compared >= {"parse": 10, "transforms": 1}.get(folder, 3)
