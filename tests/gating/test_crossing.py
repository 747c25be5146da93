"""Counts as a function of a boundary's place: the same as gating anew, for every kind of gate that has numbers."""

from __future__ import annotations

import numpy as np
import pytest

from nkflow.fcs.sample import Sample
from nkflow.gating import Boolean, Ellipsoid, Polygon, Population, Quadrant, Range, Rectangle, Template, gate
from nkflow.gating.crossing import all_events, crossing, decided, outline_moved
from nkflow.gating.gates.quadrant import Divider
from nkflow.gating.moving import grown, movables, moved, number_of
from nkflow.scales import Logicle

SCALE = Logicle(T=262144, W=0.8, M=4.5)
N = 4000


def sample() -> Sample:
    rng = np.random.default_rng(7)
    values = SCALE.inverse(rng.uniform(0.05, 0.95, size=(3, N)))
    values[2] = np.round(values[2])  # ties
    return Sample.from_arrays(dict(zip("ABC", values, strict=True)), name="s")


def template(*gates: object) -> Template:
    return Template.of(*gates, scales=dict.fromkeys("ABC", SCALE), compensation="none")  # type: ignore[arg-type]


CASES = {
    "range with two ends": template(
        Range("A", low=900, high=9000, name="x"), Range("B", low=500, parent="x", name="y")
    ),
    "tied numbers": template(
        Range("A", low=900, name="x"),
        Rectangle({"A": (None, 900), "B": (200, None)}, name="y"),
        Boolean("or", ("x", "y"), name="z"),
        Population(Range("C", low=3), "w", exclude=("y",)),
    ),
    "quadrant": template(
        Quadrant("A", 900, "C", 640, names={"-+": "p", "++": "q", "+-": "r", "--": "s"}),
        Range("B", high=3000, parent="q", name="below q"),
        Boolean("not", ("p",), name="not p"),
    ),
    "several cuts": template(
        Quadrant("A", (300, 3000), "B", 640, names={"0*": "low", "1-": "mid", "2*": "high"})
    ),
    "three dividers": template(
        Quadrant(
            "A",
            900,
            "B",
            640,
            names={"---": "p", "+-1": "q", "*++": "r"},
            further=(Divider("C", (50, 5000)),),
        )
    ),
    "display space": template(Range("A", low=0.4, high=0.8, space="display", name="x")),
    "above an outline": template(
        Range("C", low=700, name="x"),
        Polygon("A", "B", ((10, 10), (1e5, 10), (1e5, 1e4), (10, 1e4)), parent="x", name="y"),
        Ellipsoid(("A", "B"), (1000, 1000), ((9000, 1000), (1000, 9000)), parent="x", name="z"),
    ),
}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_counts__are_those_of_a_new_gating(case: str) -> None:
    plan = CASES[case]
    found = gate(sample(), plan)
    events = all_events(found)
    keys = plan.tree.keys
    checked = 0
    for movable in movables(plan):
        if movable.is_outline:
            continue
        touched = decided(movable, events, without={})
        every = crossing(events, movable, touched=touched, keep=None)
        assert every.counts(0.0) == {index: found.counts[keys[index]] for index in touched}
        shifts = every.shifts
        between = (shifts[:-1] + shifts[1:]) / 2
        for shift in (*between[:: max(1, len(between) // 12)], *every.shifts[[0, -1]] * 1.0001):
            if not every.reach[0] <= shift <= every.reach[1]:
                continue
            other = plan
            for entry, number in movable.sets:
                gate_ = other.populations[entry].gate
                at = number_of(gate_, number)
                place = (
                    at + shift
                    if gate_.space == "display"
                    else float(SCALE.inverse(float(SCALE.forward(at)) + shift))
                )
                other = other.with_gate(other.populations[entry].names[0], gate=moved(gate_, number, place))
            counts = gate(sample(), other).counts
            assert every.counts(float(shift)) == {index: counts[keys[index]] for index in touched}, (
                movable,
                shift,
            )
            checked += 1
    assert checked > 10


def test_counts__of_kept_events_are_those_of_the_mask() -> None:
    plan = CASES["quadrant"]
    found = gate(sample(), plan)
    events, keep = all_events(found), np.random.default_rng(1).random(N) < 0.7
    movable = movables(plan)[0]
    kept = crossing(events, movable, touched=decided(movable, events, without={}), keep=keep)
    names = plan.tree.keys
    assert kept.counts(0.0) == {i: int(np.count_nonzero(found.mask(names[i]) & keep)) for i in kept.start}


def test_movables__take_equal_numbers_for_one_boundary_and_leave_out_ratios() -> None:
    names = {
        movable.name: movable.populations(CASES["tied numbers"])
        for movable in movables(CASES["tied numbers"])
    }
    assert names["A"] == {"x": "low", "y": "A high"}
    assert set(names) == {"A", "B", "C"}


def test_grown__scales_an_outline_round_its_middle() -> None:
    square = Polygon("A", "B", ((0, 0), (2, 0), (2, 2), (0, 2)))
    assert grown(square, (None, None), 0.5).vertices == ((-0.5, -0.5), (2.5, -0.5), (2.5, 2.5), (-0.5, 2.5))
    round_ = Ellipsoid(("A", "B"), (1, 1), ((3, 1), (1, 2)))
    assert grown(round_, (None, None), 1.0).rows == ((5, 1), (1, 3))
    other = Ellipsoid(("A", "B"), (1, 1), covariance=((1, 0), (0, 1)), distance_square=4.0, space="display")
    assert grown(other, (None, None), 0.5).distance_square == pytest.approx(9.0)


def test_outline_moved__gives_the_gates_of_a_larger_outline() -> None:
    plan = CASES["above an outline"]
    events = all_events(gate(sample(), plan))
    movable = next(m for m in movables(plan) if m.name == "y")
    assert movable.is_outline
    larger = events.regated(outline_moved(events, movable, band=None)(0.2))
    index = plan.tree.find("y")[0]
    assert np.all(larger.mask(index) >= events.mask(index))
    assert np.count_nonzero(larger.mask(index)) > np.count_nonzero(events.mask(index))
