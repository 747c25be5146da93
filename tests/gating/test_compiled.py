"""A program is compiled once for tubes of one panel and matrix, and anew where anything that decides it differs."""

from __future__ import annotations

import numpy as np
import pytest

from nkflow.compensation import Spillover
from nkflow.fcs.sample import Sample
from nkflow.gating import Boolean, Range, Template, gate
from nkflow.gating.bind import bind
from nkflow.gating.compiled import compiled
from nkflow.scales import Linear

MATRIX = [[1.0, 0.1], [0.0, 1.0]]


def _sample(names: str = "AB", matrix: object = MATRIX, seed: int = 0) -> Sample:
    values = np.random.default_rng(seed).normal(100.0, 50.0, (60, len(names)))
    return Sample.from_arrays(values, list(names), spillover=Spillover(("A", "B"), matrix))


def _template() -> Template:
    low, high = Range("A", low=80.0, name="low"), Range("B", low=90.0, name="high", parent="low")
    return Template.of(low, high, Boolean("or", ["low", "high"], name="any"), scales={"A": Linear(1000.0)})


def test_compiled__is_the_same_program_for_tubes_of_one_panel() -> None:
    template = _template()
    one, two = _sample(seed=1), _sample(seed=2)
    assert compiled(bind(one, template), None) is compiled(bind(two, template), None)
    counts = {key: int(gate(two, template, threads=1).mask(key).sum()) for key in ("low", "high", "any")}
    assert counts == {key: gate(two, _template(), threads=1).counts[key] for key in counts}
    assert gate(one, template, threads=1).counts["low"] != counts["low"]


@pytest.mark.parametrize(
    "other",
    [
        _sample("BA"),
        _sample("ABC"),
        _sample(matrix=[[1.0, 0.1000001], [0.0, 1.0]]),
        _sample(matrix=[[1.0, 0.1], [-0.0, 1.0]]),
    ],
)
def test_compiled__is_anew_for_another_panel_or_matrix(other: Sample) -> None:
    template = _template()
    first = compiled(bind(_sample(), template), None)
    second = compiled(bind(other, template), None)
    assert first is not second
    assert second.binding.channels == other.channels
    assert dict(gate(other, template).counts) == dict(gate(other, _template()).counts)


def test_compiled__is_anew_for_other_drawings_and_another_template() -> None:
    template, sample = _template(), _sample()
    first = compiled(bind(sample, template), None)
    assert compiled(bind(sample, template), frozenset()) is not first
    assert compiled(bind(sample, _template()), None) is not first
    assert compiled(bind(sample, template.with_gate("low", low=81.0)), None) is not first
    assert compiled(bind(sample, template), None) is first
