"""Scales in YAML, both ways."""

from __future__ import annotations

import math

import pytest

from nkflow import documents
from nkflow.documents import Document
from nkflow.errors import DocumentError
from nkflow.scales import Arcsinh, ArcsinhCofactor, Biex, Hyperlog, Linear, Log, Logicle
from nkflow.scales.document import ScaleDocument, scale_document


class Axes(Document):
    scales: dict[str, ScaleDocument]


@pytest.mark.parametrize(
    "scale",
    [
        Linear(1000, 100),
        Log(10000, 5, bounds=(0.0, math.inf)),
        Arcsinh(1000, 4, 1),
        ArcsinhCofactor(5),
        Logicle(262144, 0.5, 4.5, bounds=(-0.1, 1.0)),
        Hyperlog(262144, 0.5, 4.5, -0.1),
        Biex(width_basis=-31.6227766),
        Biex(channels=256),
    ],
    ids=str,
)
def test_scale_document__loads_back_equal(scale) -> None:
    text = documents.dump(Axes(scales={"CD3": scale_document(scale)}))
    assert documents.parse(text, Axes, name="t.yaml").scales["CD3"].scale() == scale


def test_scale_document__reads_what_people_write() -> None:
    text = """
scales:
  CD3: {kind: logicle, T: 262144, W: 0.5, M: 4.5}
  FSC-A: {kind: linear, T: 262144}
  CD56: {kind: biex}
"""
    scales = documents.parse(text, Axes, name="t.yaml").scales
    assert scales["CD3"].scale() == Logicle(262144, 0.5, 4.5)
    assert scales["FSC-A"].scale() == Linear(262144)
    assert scales["CD56"].scale() == Biex()


def test_scale_document__lists_every_mistake() -> None:
    text = """
scales:
  a: {kind: logicle, T: 262144, W: 3, M: 4.5}
  b: {kind: logical, T: 1}
  c: {kind: log, T: "5", M: 4}
  d: {kind: log, T: 5, M: 4, W: 1}
  e: {kind: linear}
  f: {kind: linear, T: 5, bound_min: 2, bound_max: 1}
"""
    with pytest.raises(DocumentError) as caught:
        documents.parse(text, Axes, name="t.yaml")
    said = str(caught.value)
    assert len(caught.value.problems) == 6
    assert (
        "t.yaml:3: scales.a: the parameters of a logicle scale are not legal; found W = 3.0, M = 4.5; "
        "expected 0 <= W <= M / 2"
    ) in said
    assert "'logicle'" in said
    assert "low < high" in said
    assert "a number, or 'range'" in said  # one mistake, though T may be of two kinds
    assert [problem.line for problem in caught.value.problems] == [3, 4, 5, 6, 7, 8]
