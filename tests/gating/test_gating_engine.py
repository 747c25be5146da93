"""The engine against its slow twin on random templates and events: event for event, ties on every boundary."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive.gating import Twin
from nkflow.compensation import Spillover
from nkflow.fcs.memory import MemoryReader
from nkflow.fcs.read import read_fcs
from nkflow.fcs.sample import Sample
from nkflow.fcs.write import write_fcs
from nkflow.gating import (
    Boolean,
    Dimension,
    Divider,
    Ellipsoid,
    Not,
    Polygon,
    Population,
    Quadrant,
    Range,
    Rectangle,
    Template,
    gate,
    held,
)
from nkflow.gating.bind import Reading
from nkflow.gating.block import SIZE
from nkflow.gating.straight import StraightReader
from nkflow.scales import Arcsinh, Biex, Linear, Log, Logicle, Ratio

CHANNELS = ("A", "B", "C", "D")
SCALES = {"A": Linear(10.0), "B": Logicle(10.0, 0.5, 3.0), "C": Arcsinh(10.0, 2.0, 1.0)}
CLIPPED = Arcsinh(10.0, 2.0, 1.0, bounds=(0.2, 0.9))
OWN = (None, Log(10.0, 2.0), Biex(max_range=10.0), Linear(10.0, 2.0), Logicle(10.0, 1.0, 4.0), CLIPPED)
CUTS = (-2.0, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0)  # events lie on them too
VALUES = (*CUTS, -0.5, 0.25, 1.5, 4.0, 7.0, 20.0)


@st.composite
def dimensions(draw: st.DrawFn) -> Dimension:
    channel, compensated = draw(st.sampled_from(CHANNELS)), draw(st.sampled_from([None, None, True, False]))
    if draw(st.integers(0, 5)) == 0:
        other = draw(st.sampled_from(CHANNELS))
        return Dimension(
            channel, None, compensated if compensated is not True else None, other, Ratio(1.0, 0.5, 1.0)
        )
    if channel == "D" and compensated is True:  # D is not in the matrix
        compensated = None
    return Dimension(channel, draw(st.sampled_from(OWN)), compensated)


@st.composite
def bounds(draw: st.DrawFn) -> tuple[float | None, float | None]:
    low, high = sorted(draw(st.lists(st.sampled_from(CUTS), min_size=2, max_size=2, unique=True)))
    return draw(st.sampled_from([(low, high), (low, None), (None, high)]))


points = st.tuples(st.sampled_from(CUTS), st.sampled_from(CUTS))


@st.composite
def shapes(draw: st.DrawFn):
    kind = draw(st.sampled_from(["range", "rectangle", "polygon", "ellipsoid"]))
    if kind == "range":
        dimension, (low, high) = draw(dimensions()), draw(bounds())
        scaled = dimension.scale is not None
        return Range(dimension, low, high, draw(st.sampled_from(["data", "display"])) if scaled else "data")
    if kind == "rectangle":
        sides = draw(st.lists(st.tuples(dimensions(), bounds()), min_size=1, max_size=4))
        return Rectangle(tuple((dimension, *ends) for dimension, ends in sides))
    if kind == "polygon":
        x, y = draw(dimensions()), draw(dimensions())
        # a logarithm has no place for values <= 0
        x, y = (Dimension(d.channel, None, d.compensated) if isinstance(d.scale, Log) else d for d in (x, y))
        return Polygon(x, y, draw(st.lists(points, min_size=3, max_size=6)))
    n = draw(st.integers(2, 3))
    axes = [draw(dimensions()) for _ in range(n)]
    spread = np.array([[draw(st.integers(-2, 2)) for _ in range(n)] for _ in range(n)], dtype=float)
    covariance = spread @ spread.T + np.eye(n)
    centre = [draw(st.sampled_from(CUTS)) for _ in range(n)]
    return Ellipsoid(axes, centre, covariance=covariance.tolist(), distance_square=4.0, space="display")


@st.composite
def templates(draw: st.DrawFn) -> Template:
    entries: list[Population] = []
    names: list[str] = []
    for number in range(draw(st.integers(1, 7))):
        parent = draw(st.sampled_from(["root", *names]))
        kind = draw(st.integers(0, 9))
        exclude = tuple(draw(st.lists(st.sampled_from(names), max_size=1)) if names else ())
        if kind < 6 or len(names) < 2:
            entries.append(Population(draw(shapes()), f"p{number}", parent, exclude))
            names.append(f"p{number}")
        elif kind < 8:
            cuts = draw(st.sampled_from([1.0, (0.0, 2.0)]))
            further = [Divider(draw(dimensions()), (0.5, 3.0))] if kind == 7 else []
            outcomes = (
                {"-+": "a", "+*": "b", "--": "c"} if not further else {"-+1": "a", "+*-": "b", "--*": "c"}
            )
            named = {outcome: f"q{number}{name}" for outcome, name in outcomes.items()}
            quadrant = Quadrant(draw(dimensions()), cuts, draw(dimensions()), 1.0, named, further)
            entries.append(Population(quadrant, "", parent, exclude))
            names += named.values()
        else:
            operands = [
                Not(name) if draw(st.booleans()) else name
                for name in draw(st.lists(st.sampled_from(names), min_size=2, max_size=3))
            ]
            operation = draw(st.sampled_from(["and", "or", "not"]))
            operands = [str(names[0])] if operation == "not" else operands
            entries.append(Population(Boolean(operation, operands), f"p{number}", parent, exclude))
            names.append(f"p{number}")
    order = draw(st.permutations(entries))  # a template may name a population before it defines it
    insists = any(d.compensated for entry in entries for d in entry.gate.dimensions)
    policy = "file" if insists else draw(st.sampled_from(["file", "none"]))
    return Template.of(*order, scales=SCALES, compensation=policy)


def sample_of(seed: int, n: int) -> tuple[Sample, dict[str, np.ndarray], dict[str, np.ndarray]]:
    rng = np.random.default_rng(seed)
    values = {name: rng.choice(VALUES, n) for name in CHANNELS}
    for column in values.values():
        column[rng.random(n) < 0.03] = rng.choice([math.nan, math.inf, -math.inf])
    matrix = Spillover(("A", "B", "C"), [[1, 0.5, 0], [0.25, 1, 0], [0, 0, 1]])
    with np.errstate(invalid="ignore"):
        compensated = matrix.apply(np.column_stack([values[name] for name in matrix.names])).T
    return (
        Sample.from_arrays(values, spillover=matrix),
        values,
        dict(zip(matrix.names, compensated, strict=True)),
    )


@settings(deadline=None, max_examples=100)
@given(templates(), st.integers(0, 2**32 - 1))
def test_engine__equals_its_twin_event_for_event(template: Template, seed: int) -> None:
    sample, values, compensated = sample_of(seed, 60)
    gating = gate(sample, template, threads=1)
    twin = Twin(template, values, compensated if template.compensation.policy == "file" else {})
    for name in gating.counts:
        expected = twin.mask(name)
        np.testing.assert_array_equal(gating.mask(name), expected, err_msg=f"{name}\n{template.to_yaml()}")
        assert gating.counts[name] == expected.sum()


@settings(deadline=None, max_examples=15)
@given(templates(), st.integers(0, 2**32 - 1), st.sampled_from([1, SIZE - 1, SIZE, SIZE + 1, 20_000]))
def test_engine__gives_the_same_bits_with_any_number_of_threads(
    template: Template, seed: int, n: int
) -> None:
    sample, _, _ = sample_of(seed, n)
    one, three = gate(sample, template, threads=1), gate(sample, template, threads=3)
    assert dict(one.counts) == dict(three.counts)
    assert dict(one.non_finite) == dict(three.non_finite)
    assert one.membership().tobytes() == three.membership().tobytes()
    for first, second in zip(one.histograms, three.histograms, strict=True):
        np.testing.assert_array_equal(first.counts, second.counts)


@settings(deadline=None, max_examples=15)
@given(template=templates(), seed=st.integers(0, 2**32 - 1))
def test_engine__gives_the_same_bits_from_a_file_and_from_memory(
    tmp_path_factory, template: Template, seed: int
) -> None:
    sample, _, _ = sample_of(seed, 9000)
    path: Path = tmp_path_factory.mktemp("streamed") / "tube.fcs"
    write_fcs(path, sample, data_type="D")
    streamed, memory = gate(read_fcs(path), template, threads=2), gate(sample, template, threads=1)
    assert streamed.membership().tobytes() == memory.membership().tobytes()
    assert dict(streamed.counts) == dict(memory.counts)


@settings(deadline=None, max_examples=100)
@given(st.data(), st.integers(0, 2**32 - 1), st.booleans(), st.sampled_from([np.float32, np.float64]))
def test_update__equals_a_new_gating_bit_for_bit(
    data: st.DataObject, seed: int, finite: bool, stored: type[np.floating]
) -> None:
    template, sample = data.draw(templates()), sample_of(seed, 300)[0]
    if finite:  # else every edit is a new gating
        values = np.nan_to_num(sample.values(), nan=0.5, posinf=9.0, neginf=-1.0)
        values = values.astype(stored)
        sample = Sample.from_arrays(values, list(sample.channels), spillover=sample.spillover)
    before = gate(sample, template, threads=1)
    edited = data.draw(st.sampled_from([p for p in template.populations if p.names]))
    new = data.draw(shapes())
    uncompensated = template.compensation.policy == "none" and any(d.compensated for d in new.dimensions)
    if isinstance(edited.gate, Quadrant) or uncompensated:
        return
    changed = template.with_gate(edited.name, gate=new)
    updated, fresh = before.update(changed, threads=1), gate(sample, changed, threads=1)
    assert dict(updated.counts) == dict(fresh.counts)
    assert dict(updated.non_finite) == dict(fresh.non_finite)
    assert updated.membership().tobytes() == fresh.membership().tobytes()
    key = lambda h: (h.population, str(h.x), str(h.y))  # noqa: E731
    for a, b in zip(sorted(updated.histograms, key=key), sorted(fresh.histograms, key=key), strict=True):
        assert key(a) == key(b)
        np.testing.assert_array_equal(a.counts, b.counts)


def tree_of_gates() -> Template:
    """Populations that need each other in every way, above and below each other."""
    outcomes = {"-+": "upper", "++": "both", "+-": "right"}
    return Template.of(
        Polygon("A", "B", [(-1.0, -1.0), (8.0, -1.0), (8.0, 8.0), (-1.0, 8.0)], name="cells"),
        Range("C", low=0.0, name="viable", parent="cells"),
        Quadrant("A", 1.0, "B", 1.0, names=outcomes, parent="viable"),
        Boolean("or", ["upper", Not("right")], name="either", parent="cells"),
        Population(Range("D", high=5.0), "rest", "cells", ("both",)),
        Ellipsoid(["B", "C"], (1.0, 1.0), [(5.0, 1.0), (1.0, 5.0)], name="round", parent="upper"),
        scales=SCALES,
        compensation="file",
    )


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("kind", ["float32", "float64", "file"])
@pytest.mark.parametrize(
    "edits",
    [
        [("viable", {"low": 0.5})],
        [("cells", {"vertices": [(-0.5, -0.5), (8.0, -1.0), (8.0, 8.0)]})],
        [("upper", {"x_cut": 2.0})],
        [("round", {"centre": (2.0, 2.0)})],
        [("cells", {"vertices": [(100.0, 100.0), (101.0, 100.0), (101.0, 101.0)]})],  # nobody is left
        [("viable", {"low": 0.5}), ("round", {"centre": (2.0, 2.0)})],  # one needs the other's followers
        [("rest", {"high": 3.0}), ("viable", {"low": -1.0})],
        [],
    ],
)
def test_update__of_many_blocks_equals_a_new_gating(edits, kind: str, threads: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(11)
    values = {
        name: rng.choice(VALUES, 3 * SIZE + 5) + rng.choice([0.0, 0.125], 3 * SIZE + 5) for name in CHANNELS
    }
    matrix = Spillover(("A", "B", "C"), [[1, 0.5, 0], [0.25, 1, 0], [0, 0, 1]])
    stored = np.float32 if kind == "float32" else np.float64
    sample = Sample.from_arrays({k: v.astype(stored) for k, v in values.items()}, spillover=matrix)
    if kind == "file":
        write_fcs(tmp_path / "tube.fcs", sample)
        sample = read_fcs(tmp_path / "tube.fcs")
    template = tree_of_gates()
    before = gate(sample, template, threads=1)
    for name, change in edits:
        template = template.with_gate(name, **change)
    fresh = gate(sample, template, threads=1)
    for _ in range(3):  # the second time columns are held, the third time they are used
        updated = before.update(template, threads=threads)
        assert dict(updated.counts) == dict(fresh.counts)
        assert updated.counts["root"] == 3 * SIZE + 5
        assert dict(updated.non_finite) == dict(fresh.non_finite)
        assert updated.membership().tobytes() == fresh.membership().tobytes()
    again = updated.update(tree_of_gates(), threads=threads)
    assert again.membership().tobytes() == before.membership().tobytes()


@pytest.mark.parametrize(("low", "looks"), [(0.5, False), (-1.0, True)])
def test_update__looks_at_no_value_of_an_event_that_left(
    low: float, looks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {name: np.linspace(-2.0, 4.0, SIZE + 7) for name in CHANNELS}
    sample = Sample.from_arrays(values, spillover=Spillover(("A", "B", "C"), np.eye(3)))
    asked: list[int] = []
    pick = MemoryReader.pick

    def noted(self: MemoryReader, positions, columns, out) -> None:  # type: ignore[no-untyped-def]
        asked.append(len(positions))
        pick(self, positions, columns, out)

    monkeypatch.setattr(MemoryReader, "pick", noted)
    template = Template.of(
        Range("C", low=0.0, name="viable"),
        Quadrant("A", 1.0, "B", 1.0, names={"++": "both"}, parent="viable"),
        scales=SCALES,
        compensation="file",
    )
    before = gate(sample, template, threads=1)
    template = template.with_gate("viable", low=low)
    updated, fresh = before.update(template, threads=1), gate(sample, template, threads=1)
    assert updated.counts["viable"] != before.counts["viable"]
    assert bool(asked) == looks
    assert updated.membership().tobytes() == fresh.membership().tobytes()


@pytest.mark.parametrize("stored", [np.float32, np.float64])
def test_update__copies_no_detector_of_events_in_memory(
    stored: type[np.floating], monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(6)
    values = {name: rng.normal(1.0, 2.0, SIZE + 3).astype(stored) for name in CHANNELS}
    sample = Sample.from_arrays(values, spillover=Spillover(("A", "B", "C"), np.eye(3) + 0.1))
    before = gate(sample, tree_of_gates(), threads=1)
    for name, change in (("viable", {"low": 0.5}), ("upper", {"x_cut": 2.0}), ("rest", {"high": 2.0})):
        template = before.template.with_gate(name, **change)
        fresh = gate(sample, template, threads=1)
        with monkeypatch.context() as none_read:
            none_read.setattr(MemoryReader, "read", None)
            updated = before.update(template, threads=1)
        assert updated.counts[name] != before.counts[name]
        assert updated.membership().tobytes() == fresh.membership().tobytes()


def test_update__holds_the_columns_of_a_gate_that_is_edited_again(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    values = {name: rng.normal(1.0, 2.0, 2 * SIZE + 9) for name in CHANNELS}
    matrix = Spillover(("A", "B", "C"), [[1, 0.5, 0], [0.25, 1, 0], [0, 0, 1]])
    sample = Sample.from_arrays(values, spillover=matrix)
    asked: list[int] = []
    read = StraightReader.read

    def noted(self: StraightReader, first: int, *rest) -> None:  # type: ignore[no-untyped-def]
        asked.append(first)
        read(self, first, *rest)

    monkeypatch.setattr(StraightReader, "read", noted)
    gating = gate(sample, tree_of_gates(), threads=1)
    for time, cut in enumerate((1.5, 2.0, 2.5, 0.5)):
        asked.clear()
        template = gating.template.with_gate("upper", x_cut=cut)
        gating = gating.update(template, threads=1)
        assert bool(asked) == (time < 2)
        assert gating.membership().tobytes() == gate(sample, template, threads=1).membership().tobytes()


def test_held__lets_the_oldest_columns_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "MOST", 16)
    columns, chain = {name: Reading(k) for k, name in enumerate("abc")}, held.Held()
    assert chain.room([columns["a"]], 2) == {}  # the first time
    assert list(chain.room([columns["a"]], 2)) == [columns["a"]]
    assert chain.room([columns["a"]], 3) == {}  # too large
    for name in "abc":
        chain.keep({columns[name]: np.zeros(1)})
    assert list(chain.values) == [columns["b"], columns["c"]]


def test_gate__has_512_populations_in_the_words_needed() -> None:
    values = np.random.default_rng(512).normal(0.0, 300.0, (20_000, 2))
    sample = Sample.from_arrays(values, ["A", "B"])
    ranges = [
        Range("AB"[k % 2], low=float(k) - 256.0, name=f"p{k}", parent=f"p{k - 1}" if k % 8 else None)
        for k in range(512)
    ]
    found = gate(sample, Template.of(*ranges), threads=2)
    assert found.membership().shape == (20_000, 8)
    inside = np.ones(20_000, dtype=np.bool_)
    for k in range(512):
        own = values[:, k % 2] >= k - 256.0
        inside = inside & own if k % 8 else own
        assert np.array_equal(found.mask(f"p{k}"), inside), k
        assert found.counts[f"p{k}"] == np.count_nonzero(inside)
    assert found.update(Template.of(*ranges[:-1], Range("B", low=90.0, name="p511", parent="p510"))).counts[
        "p511"
    ] == (np.count_nonzero(found.mask("p510") & (values[:, 1] >= 90.0)))
