"""The second engine: it agrees where both are right, and finds what is planted in ours."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from nkflow.compensation import Spillover
from nkflow.compensation import inverse as linear
from nkflow.errors import GatingError
from nkflow.exchange.second_engine import CrossCheck, cross_check
from nkflow.fcs import Sample, read_fcs, write_fcs
from nkflow.fcs.memory import MemoryEvents
from nkflow.gating import Boolean, Ellipsoid, Polygon, Quadrant, Range, Rectangle, gate, load_template
from nkflow.gating.gates import Dimension, Not
from nkflow.gating.template import Population, Template
from nkflow.scales import Biex, Linear, Log, Logicle, Ratio
from nkflow.scales.biexponential import Logicle as LogicleClass

RNG = np.random.default_rng(5)
N = 6000
SPILL = Spillover(("FITC-A", "PE-A"), np.array([[1.0, 0.2], [0.05, 1.0]]))
SCALES = {"FITC-A": Logicle(262144, 0.7, 4.5), "PE-A": Logicle(262144, 0.7, 4.5), "FSC-A": Linear(262144)}


def events() -> np.ndarray:
    dyes = np.exp(RNG.normal([6.0, 7.0], 1.2, (N, 2))) - 100
    scatter = np.round(RNG.uniform(0, 200_000, (N, 2)))
    observed = dyes @ SPILL.matrix
    return np.column_stack([scatter, observed]).astype(np.float32)


@pytest.fixture(scope="module")
def tube(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("tube") / "tube.fcs"
    sample = Sample.from_arrays(
        events(),
        ["FSC-A", "SSC-A", "FITC-A", "PE-A"],
        markers=["", "", "CD3", "CD56"],
        spillover=SPILL,
        name="tube",
    )
    return write_fcs(path, sample)


GATES = [
    Population(
        Polygon("FSC-A", "SSC-A", [(20000, 10000), (190000, 30000), (150000, 190000), (30000, 150000)]),
        "cells",
    ),
    Population(Range("SSC-A", high=120000), "low", "cells"),
    Population(
        Quadrant("CD3", 400, "CD56", 900, names={"-+": "NK", "++": "NKT-like", "+-": "T", "--": "other"}),
        "",
        "cells",
        ("low",),
    ),
    Population(
        Polygon("CD3", "CD56", [(-200, 200), (300, 100), (900, 4000), (-100, 20000)]), "outline", "cells"
    ),
    Population(Ellipsoid(["CD3", "CD56"], (300, 900), [(2000, 900), (300, 8000)]), "ellipse", "cells"),
    Population(Boolean("or", ["NK", Not("T")]), "CD56+ or not T"),
    Population(Rectangle({"CD3": (100, None), "FSC-A": (None, 150000)}), "CD3+", "NK"),
]


def template(*more: Population, scales=SCALES) -> Template:
    return Template.of(*GATES, *more, scales=scales, compensation="file")


def test_cross_check__agrees_event_for_event(tube: Path) -> None:
    sample = read_fcs(tube)
    gating = gate(sample, template())
    found = cross_check(sample, gating)
    assert found.identical
    assert found.agrees
    assert found.explained
    assert set(found.counts) == set(gating.template.tree.keys)
    assert all(ours == theirs == gating.counts[name] for name, (ours, theirs) in found.counts.items())
    assert min(ours for ours, _ in found.counts.values()) > 20
    assert json.loads(json.dumps(found.as_dict()))["agrees"] is True
    assert "no event differs" in found.summary()


def test_cross_check__agrees_on_the_shipped_lot(project: Path) -> None:
    sample = read_fcs(project / "sample_fcs" / "A.fcs")
    found = cross_check(sample, gate(sample, load_template("nk_release_7aad")))
    assert found.identical
    assert len(found.counts) >= 15


def test_cross_check__applies_a_mask_to_both_sides_afterwards(tube: Path) -> None:
    sample = read_fcs(tube)
    gating = gate(sample, template())
    keep = np.arange(N) % 3 > 0
    found = cross_check(sample, gating, keep=keep)
    assert found.n_events == keep.sum()
    assert found.counts["NK"] == ((gating.mask("NK") & keep).sum(),) * 2


def disagreement(found: CrossCheck) -> set[str]:
    assert not found.agrees
    assert not found.explained
    assert "disagrees" in found.summary()
    return {difference.population for difference in found.differences if difference.unexplained}


def test_cross_check__finds_an_error_in_our_reader(tube: Path) -> None:
    sample = read_fcs(tube)
    values = np.array(sample.values())
    values[1:, 2] = values[:-1, 2]  # one channel an event late
    wrong = dataclasses.replace(sample, events=MemoryEvents(np.ascontiguousarray(values.T), sample.channels))
    assert "NK" in disagreement(cross_check(wrong, gate(wrong, template())))


def test_cross_check__finds_an_error_in_our_inverse(tube: Path, monkeypatch) -> None:
    monkeypatch.setattr(linear, "left_inverse", lambda matrix: np.ascontiguousarray(linear.invert(matrix).T))
    sample = read_fcs(tube)  # a new matrix, whose inverse is not known yet
    assert {"NK", "T"} <= disagreement(cross_check(sample, gate(sample, template())))


def test_cross_check__finds_an_error_in_the_matrix_we_read(tube: Path) -> None:
    sample = read_fcs(tube)
    wrong = dataclasses.replace(sample, spillover=Spillover(SPILL.names, SPILL.matrix.T))
    found = cross_check(wrong, gate(wrong, template()))
    assert not found.agrees
    assert "coefficients" in found.matrix
    assert "matrix" in found.summary()
    without = dataclasses.replace(sample, spillover=None)
    plain = Template.of(*GATES, scales=SCALES)
    assert "nothing was compensated" in cross_check(without, gate(without, plain)).matrix


def test_cross_check__finds_an_error_in_our_logicle(tube: Path, monkeypatch) -> None:
    right = LogicleClass._curve.fget
    monkeypatch.setattr(
        LogicleClass,
        "_curve",
        property(lambda self: (right(self)[0] * 1.01, *right(self)[1:])),
    )
    scales = {**SCALES, "CD3": Logicle(262144, 0.71, 4.5), "CD56": Logicle(262144, 0.71, 4.5)}
    sample = read_fcs(tube)
    assert "outline" in disagreement(cross_check(sample, gate(sample, template(scales=scales))))


def test_cross_check__names_what_flowkit_can_not_carry_and_all_that_needs_it(tube: Path) -> None:
    ratio = Dimension("FITC-A", per="PE-A", ratio=Ratio(1, 0, 0))
    clipped = Dimension("FSC-A", Log(262144, 4, bounds=(0.0, 1.0)))
    square = [(0.1, 0.1), (0.9, 0.1), (0.5, 0.9)]
    biex = Dimension("PE-A", Biex())
    more = [
        Population(Range(ratio, low=0.1), "ratio"),
        Population(Polygon(clipped, "SSC-A", square, space="display"), "clipped"),
        Population(Polygon(biex, "SSC-A", [(100, 1e4), (4000, 1e4), (2000, 1e5)], space="display"), "biex"),
        Population(Range("CD3", low=100), "below", "biex"),
        Population(Range(biex, low=1500, space="display"), "range on biex"),
        Population(Range(clipped, low=0.5, space="display"), "range on clipped"),
    ]
    sample = read_fcs(tube)
    found = cross_check(sample, gate(sample, template(*more)))
    assert set(found.not_compared) == {"ratio", "clipped", "biex", "below"}
    assert "uncompensated" in found.not_compared["ratio"]
    assert "biex" in found.not_compared["biex"]
    assert found.not_compared["below"] == "it needs biex"
    assert found.agrees
    assert not found.identical
    assert "4 populations could not" in found.summary()


def test_cross_check__explains_events_on_a_border_and_non_finite_ones(tmp_path: Path) -> None:
    grid = np.stack(np.meshgrid(np.arange(20.0), np.arange(20.0)), -1).reshape(-1, 2)
    grid = np.vstack([grid, [[np.nan, 5.0], [np.inf, 5.0]]])
    path = write_fcs(tmp_path / "grid.fcs", Sample.from_arrays(grid, ["FSC-A", "SSC-A"], name="grid"))
    gates = [
        Population(Polygon("FSC-A", "SSC-A", [(5, 5), (15, 5), (15, 15), (5, 15)]), "square"),
        Population(Range("FSC-A", low=3), "open"),
        Population(Range("SSC-A", high=12), "half", "square"),
    ]
    sample = read_fcs(path)
    found = cross_check(sample, gate(sample, Template.of(*gates, compensation="none")))
    square, open_, half = (
        next(d for d in found.differences if d.population == name) for name in ("square", "open", "half")
    )
    assert (square.on_border, square.unexplained, square.only_theirs) == (square.events, 0, 0)
    assert open_.non_finite == open_.events == 1
    assert half.inherited == half.events > 0
    assert found.agrees
    assert not found.identical
    assert "explained" in found.summary()


def test_cross_check__needs_a_file_and_says_when_flowkit_can_not_read_it(reference) -> None:
    sample = Sample.from_arrays(events(), ["FSC-A", "SSC-A", "FITC-A", "PE-A"])
    gating = gate(sample, Template.of(Range("FSC-A", low=1)))
    with pytest.raises(GatingError, match="by itself"):
        cross_check(sample, gating)
    path = sorted((reference / "gating" / "flowjo_human_pbmc_1993").glob("*.fcs"))[0]
    sample = read_fcs(path)
    name = sample.channels[0].name
    found = cross_check(sample, gate(sample, Template.of(Range(name, low=300), compensation="none")))
    assert found.refused
    assert found.explained
    assert not found.agrees
    assert any("integers of 8, 16 and 32" in reason for reason in found.misleading)
