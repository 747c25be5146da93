"""Gating-ML 2.0 where the compliance set is silent: what it means, and what is refused with its line."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from nkflow.compensation import Spillover
from nkflow.errors import DataError, PanelError, TemplateError
from nkflow.exchange import read_gatingml
from nkflow.fcs import Sample
from nkflow.gating import gate
from nkflow.scales import Arcsinh, Hyperlog, Linear, Log, Logicle

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<g:Gating-ML xmlns:g="http://www.isac-net.org/std/Gating-ML/v2.0/gating"
  xmlns:t="http://www.isac-net.org/std/Gating-ML/v2.0/transformations"
  xmlns:d="http://www.isac-net.org/std/Gating-ML/v2.0/datatypes">"""

RNG = np.random.default_rng(8)
EVENTS = np.column_stack([RNG.uniform(0, 100, 2000), RNG.uniform(0, 100, 2000), RNG.normal(20, 30, 2000)])
EVENTS[:4] = [[10, 10, 10], [20, 20, 20], [50, 50, 50], [60, 10, 0]]
SAMPLE = Sample.from_arrays(EVENTS, ["X", "Y", "Z"])
X, Y, Z = EVENTS.T


@pytest.fixture
def read(tmp_path):
    def from_text(body: str):
        path = tmp_path / "gates.xml"
        path.write_text(f"{HEAD}\n{body}\n</g:Gating-ML>", encoding="utf-8")
        return read_gatingml(path)

    return from_text


def dimension(name: str, more: str = "", compensation: str = "uncompensated", tag: str = "dimension") -> str:
    inner = name if name.startswith("<") else f'<d:fcs-dimension d:name="{name}"/>'
    return f'<g:{tag} g:compensation-ref="{compensation}" {more}>{inner}</g:{tag}>'


def rectangle(name: str, *dimensions: str, parent: str = "") -> str:
    above = f' g:parent_id="{parent}"' if parent else ""
    return f'<g:RectangleGate g:id="{name}"{above}>{"".join(dimensions)}</g:RectangleGate>'


def transformation(name: str, formula: str, bounds: str = "") -> str:
    return f'<t:transformation t:id="{name}" {bounds}>{formula}</t:transformation>'


def boolean(name: str, operation: str, *references: str) -> str:
    inner = "".join(f"<g:gateReference {reference}/>" for reference in references)
    return f'<g:BooleanGate g:id="{name}"><g:{operation}>{inner}</g:{operation}></g:BooleanGate>'


def test_rectangle__includes_its_low_end_and_not_its_high_end(read) -> None:
    # GM-01
    template = read(rectangle("R", dimension("X", 'g:min="10" g:max="50"'), dimension("Y")))
    np.testing.assert_array_equal(gate(SAMPLE, template).mask("R"), (X >= 10) & (X < 50))
    assert gate(SAMPLE, template).mask("R")[:3].tolist() == [True, True, False]


def test_rectangle__takes_infinite_ends_as_open(read) -> None:
    # GM-12
    body = rectangle(
        "R", dimension("X", 'g:min="-INF" g:max="5e1"'), dimension("Z", 'g:max="INF" g:min=".5"')
    )
    np.testing.assert_array_equal(gate(SAMPLE, read(body)).mask("R"), (X < 50) & (Z >= 0.5))


def test_rectangle__may_have_no_bound_at_all(read) -> None:
    assert gate(SAMPLE, read(rectangle("R", dimension("X")))).counts["R"] == len(EVENTS)


@pytest.mark.parametrize(
    ("formula", "scale"),
    [
        ('<t:flin t:T="100" t:A="20"/>', Linear(100, 20)),
        ('<t:flog t:T="100" t:M="4"/>', Log(100, 4)),
        ('<t:fasinh t:T="100" t:M="3" t:A="1"/>', Arcsinh(100, 3, 1)),
        ('<t:logicle t:T="100" t:W="0.5" t:M="4" t:A="0.5"/>', Logicle(100, 0.5, 4, 0.5)),
        ('<t:hyperlog t:T="100" t:W="1" t:M="4" t:A="0"/>', Hyperlog(100, 1, 4)),
    ],
)
def test_transformation__stands_before_or_behind_the_gate_that_uses_it(read, formula, scale) -> None:
    # GM-08, GM-13
    used = rectangle("R", dimension("Z", 'g:min="0.3" g:max="0.8" g:transformation-ref="S"'))
    inside = (scale.forward(Z) >= 0.3) & (scale.forward(Z) < 0.8)
    assert 0 < inside.sum() < len(Z)
    for body in (used + transformation("S", formula), transformation("S", formula) + used):
        np.testing.assert_array_equal(gate(SAMPLE, read(body)).mask("R"), inside)


def test_transformation__clips_its_output_to_its_bounds(read) -> None:
    # TR-02: at a bound the output is constant, so that whole half-axes fall inside or outside
    body = transformation("S", '<t:flin t:T="100" t:A="0"/>', 't:boundMin="0.2" t:boundMax="0.6"')
    body += rectangle("low", dimension("X", 'g:min="0.2" g:transformation-ref="S"'))
    body += rectangle("top", dimension("X", 'g:min="0.6" g:transformation-ref="S"'))
    body += rectangle("over", dimension("X", 'g:min="0.61" g:transformation-ref="S"'))
    body += rectangle("under", dimension("X", 'g:max="0.3" g:transformation-ref="S"'))
    gating = gate(SAMPLE, read(body))
    assert gating.counts["low"] == len(X)
    np.testing.assert_array_equal(gating.mask("top"), X >= 60)
    assert gating.counts["over"] == 0
    np.testing.assert_array_equal(gating.mask("under"), X < 30)


RATIO = (
    '<t:fratio t:A="2" t:B="1" t:C="-5"><d:fcs-dimension d:name="X"/><d:fcs-dimension d:name="Y"/></t:fratio>'
)


@pytest.mark.parametrize("bounds", ["", 't:boundMin="0.5" t:boundMax="4"'])
@pytest.mark.parametrize("outer", ["", 'g:transformation-ref="S"'])
def test_ratio__is_a_dimension_that_may_be_scaled_and_clipped(read, bounds: str, outer: str) -> None:
    # GM-09
    ratio = np.clip(2 * (X - 1) / (Y + 5), *((0.5, 4.0) if bounds else (-math.inf, math.inf)))
    y = np.arcsinh(ratio * math.sinh(3 * math.log(10)) / 10) / (3 * math.log(10)) if outer else ratio
    low, high = np.quantile(y, [0.3, 0.9])
    body = transformation("F", RATIO, bounds) + transformation("S", '<t:fasinh t:T="10" t:M="3" t:A="0"/>')
    new = '<d:new-dimension d:transformation-ref="F"/>'
    body += rectangle("R", dimension(new, f'g:min="{low}" g:max="{high}" {outer}'))
    mask = gate(SAMPLE, read(body)).mask("R")
    certain = (np.abs(y - low) > 1e-9) & (np.abs(y - high) > 1e-9)
    np.testing.assert_array_equal(mask[certain], ((y >= low) & (y < high))[certain])
    assert 0 < mask.sum() < len(X)


def polygon(x: str, y: str, *points: tuple[float | str, float | str]) -> str:
    vertices = "".join(
        f'<g:vertex><g:coordinate d:value="{a}"/><g:coordinate d:value="{b}"/></g:vertex>' for a, b in points
    )
    return f'<g:PolygonGate g:id="P">{x}{y}{vertices}</g:PolygonGate>'


def test_polygon__of_a_document_is_even_odd_with_its_boundary(read) -> None:
    # GM-02: the lobes of a bow-tie, its edges and vertices in, the rest out
    points = np.array(
        [[10, 10], [20, 20], [20, 10], [10, 20], [12, 15], [18, 15], [15, 15], [15, 11], [10, 15.0]]
    )
    body = polygon(dimension("X"), dimension("Y"), (10, 10), (20, 20), (20, 10), (10, 20))
    mask = gate(Sample.from_arrays(points, ["X", "Y"]), read(body)).mask("P")
    assert mask.tolist() == [True, True, True, True, True, True, True, False, True]


def test_ellipsoid__takes_the_square_of_the_distance(read) -> None:
    # GM-03
    body = f'<g:EllipsoidGate g:id="E">{dimension("X")}{dimension("Y")}'
    body += '<g:mean><g:coordinate d:value="50"/><g:coordinate d:value="50"/></g:mean><g:covarianceMatrix>'
    body += '<g:row><g:entry d:value="100"/><g:entry d:value="0"/></g:row>'
    body += '<g:row><g:entry d:value="0"/><g:entry d:value="400"/></g:row></g:covarianceMatrix>'
    body += '<g:distanceSquare d:value="2.25"/></g:EllipsoidGate>'
    inside = ((X - 50) / 10) ** 2 + ((Y - 50) / 20) ** 2 <= 2.25
    np.testing.assert_array_equal(gate(SAMPLE, read(body)).mask("E"), inside)


def test_ellipsoid__of_no_covariance_is_taken_by_its_formula_with_a_finding(read) -> None:
    # GM-03: the compliance set has one and its truth, so that the formula decides
    body = f'<g:EllipsoidGate g:id="E">{dimension("X")}{dimension("Y")}'
    body += '<g:mean><g:coordinate d:value="50"/><g:coordinate d:value="50"/></g:mean><g:covarianceMatrix>'
    body += '<g:row><g:entry d:value="100"/><g:entry d:value="0"/></g:row>'
    body += '<g:row><g:entry d:value="0"/><g:entry d:value="-400"/></g:row></g:covarianceMatrix>'
    body += '<g:distanceSquare d:value="2.25"/></g:EllipsoidGate>'
    template = read(body)
    inside = (X - 50) ** 2 / 100 - (Y - 50) ** 2 / 400 <= 2.25
    np.testing.assert_array_equal(gate(SAMPLE, template).mask("E"), inside)
    assert [(f.code, f.severity, f.where) for f in template.findings] == [
        ("covariance-indefinite", "warning", "E")
    ]


def test_quadrant__has_any_dividers_and_outcomes_that_may_be_parents(read) -> None:
    # GM-04: a value on a divider goes up; a divider that is not mentioned leaves its dimension free
    body = '<g:QuadrantGate g:id="Q">' + dimension("X", 'g:id="dx"', tag="divider").replace(
        "</g:divider>", "<g:value>20</g:value><g:value>60</g:value></g:divider>"
    )
    body += dimension("Y", 'g:id="dy"', tag="divider").replace(
        "</g:divider>", "<g:value>50</g:value></g:divider>"
    )
    for name, x, y in (("low", 5, 0), ("middle", 20, None), ("high", 99, 80)):
        body += f'<g:Quadrant g:id="{name}"><g:position g:divider_ref="dx" g:location="{x}"/>'
        body += "" if y is None else f'<g:position g:divider_ref="dy" g:location="{y}"/>'
        body += "</g:Quadrant>"
    body += "</g:QuadrantGate>" + rectangle("child", dimension("Z", 'g:min="0"'), parent="middle")
    gating = gate(SAMPLE, read(body))
    np.testing.assert_array_equal(gating.mask("low"), (X < 20) & (Y < 50))
    np.testing.assert_array_equal(gating.mask("middle"), (X >= 20) & (X < 60))
    np.testing.assert_array_equal(gating.mask("high"), (X >= 60) & (Y >= 50))
    np.testing.assert_array_equal(gating.mask("child"), (X >= 20) & (X < 60) & (Z >= 0))
    assert gating.mask("middle")[:4].tolist() == [False, True, True, False]


@pytest.mark.parametrize("word", ["true", "1", " true "])
def test_boolean__complements_by_true_and_by_one(read, word: str) -> None:
    # GM-05, GM-06: operands come with their own parents, may stand behind, and a complement is of all events
    body = boolean("B", "and", 'g:ref="A"', f'g:ref="C" g:use-as-complement="{word}"')
    body += rectangle("A", dimension("X", 'g:min="30"')) + rectangle(
        "C", dimension("Y", 'g:min="40"'), parent="A"
    )
    body += boolean("N", "not", 'g:ref="C" g:use-as-complement="0"')
    body += boolean("NN", "not", f'g:ref="C" g:use-as-complement="{word}"')
    body += boolean("O", "or", 'g:ref="C"', f'g:ref="A" g:use-as-complement="{word}"')
    gating = gate(SAMPLE, read(body))
    a, c = X >= 30, (X >= 30) & (Y >= 40)
    np.testing.assert_array_equal(gating.mask("B"), a & ~c)
    np.testing.assert_array_equal(gating.mask("N"), ~c)
    np.testing.assert_array_equal(gating.mask("NN"), c)
    np.testing.assert_array_equal(gating.mask("O"), c | ~a)


def matrix(rows: list[list[float]], more: str = "", detectors: tuple[str, ...] = ("X", "Y")) -> str:
    def names(tag: str, labels: tuple[str, ...]) -> str:
        inner = "".join(f'<d:fcs-dimension d:name="{label}"/>' for label in labels)
        return f"<t:{tag}>{inner}</t:{tag}>"

    spectra = "".join(
        "<t:spectrum>" + "".join(f'<t:coefficient t:value="{v!r}"/>' for v in row) + "</t:spectrum>"
        for row in rows
    )
    dyes = names("fluorochromes", ("FITC", "PE")) + names("detectors", detectors)
    return f'<t:spectrumMatrix t:id="M" {more}>{dyes}{spectra}</t:spectrumMatrix>'


SPILL = [[1.0, 0.12], [0.26, 1.0]]
TRUE = np.linalg.solve(np.array(SPILL).T, EVENTS[:, :2].T).T
RAW_AND_TRUE = rectangle("R", dimension("FITC", 'g:min="20"', "M"), dimension("Y", 'g:max="70"'))


def test_matrix__makes_dyes_dimensions_beside_uncompensated_ones(read) -> None:
    # GM-07, GM-10
    gating = gate(SAMPLE, read(matrix(SPILL) + RAW_AND_TRUE))
    np.testing.assert_array_equal(gating.mask("R"), (TRUE[:, 0] >= 20) & (Y < 70))


@pytest.mark.parametrize("word", ["true", "1"])
def test_matrix__may_be_inverted_already(read, word: str) -> None:
    body = matrix(np.linalg.inv(SPILL).tolist(), f't:matrix-inverted-already="{word}"')
    np.testing.assert_array_equal(
        gate(SAMPLE, read(body + RAW_AND_TRUE)).mask("R"), (TRUE[:, 0] >= 20) & (Y < 70)
    )


def test_matrix__with_more_detectors_is_solved_by_least_squares(read) -> None:
    spectra = [[1.0, 0.5, 0.1], [0.2, 1.0, 0.6]]
    dyes = np.linalg.lstsq(np.array(spectra).T, EVENTS.T, rcond=None)[0].T
    body = matrix(spectra, detectors=("X", "Y", "Z")) + rectangle("R", dimension("PE", 'g:min="5"', "M"))
    np.testing.assert_array_equal(gate(SAMPLE, read(body)).mask("R"), dyes[:, 1] >= 5)


def test_compensation__by_fcs_takes_the_files_own_matrix_or_none(read) -> None:
    # GM-07
    template = read(rectangle("R", dimension("X", 'g:min="20"', "FCS")))
    with_matrix = Sample.from_arrays(
        EVENTS, ["X", "Y", "Z"], spillover=Spillover(("X", "Y"), np.array(SPILL))
    )
    np.testing.assert_array_equal(gate(with_matrix, template).mask("R"), TRUE[:, 0] >= 20)
    np.testing.assert_array_equal(gate(SAMPLE, template).mask("R"), X >= 20)
    plain = read(rectangle("R", dimension("X", 'g:min="20"')))
    np.testing.assert_array_equal(gate(with_matrix, plain).mask("R"), X >= 20)


def test_dimension__is_found_exactly_else_without_case_else_not_at_all(read) -> None:
    # GM-11
    template = read(rectangle("R", dimension("FITC-A", 'g:min="5"')))
    both = np.array([[1.0, 9.0], [9.0, 1.0]])
    for names, inside in ((("FITC-A", "fitc-a"), [False, True]), (("PE-A", "fitc-a"), [True, False])):
        assert gate(Sample.from_arrays(both, names), template).mask("R").tolist() == inside
    for names in (("Fitc-A", "fitc-a"), ("PE-A", "APC-A")):
        with pytest.raises(PanelError) as caught:
            gate(Sample.from_arrays(both, names), template)
        assert all(name in str(caught.value) for name in names)


def test_document__may_wrap_its_gates_and_hold_custom_info(read) -> None:
    body = "<d:custom_info><anything g:id='R'>min</anything></d:custom_info><sample><!-- c -->"
    body += rectangle("R", dimension("X", 'g:min="10"')).replace(">", "><d:custom_info>x</d:custom_info>", 1)
    assert list(gate(SAMPLE, read(body + "</sample>")).counts) == ["root", "R"]


def test_zero_events__are_gated(read) -> None:
    # GM-14
    empty = Sample.from_arrays(np.empty((0, 3)), ["X", "Y", "Z"])
    assert gate(empty, read(rectangle("R", dimension("X", 'g:min="10"')))).counts["R"] == 0


R = rectangle("R", dimension("X", 'g:min="10"'))
MISTAKES = {
    "no gate": ("", "no gate"),
    "NaN": (rectangle("R", dimension("X", 'g:min="NaN"')), "'NaN'"),
    "no number": (rectangle("R", dimension("X", 'g:min="1,5"')), "'1,5'"),
    "python number": (rectangle("R", dimension("X", 'g:min="1_0"')), "'1_0'"),
    "no namespace": (rectangle("R", dimension("X", 'min="1"')), "without a namespace"),
    "empty range": (rectangle("R", dimension("X", 'g:min="5" g:max="5"')), "range is empty"),
    "unreachable": (rectangle("R", dimension("X", 'g:min="INF"')), "encloses something"),
    "no id": (R.replace(' g:id="R"', ""), "the attribute id"),
    "same id": (R + R, "the id R twice"),
    "id of a transformation": (transformation("R", '<t:flin t:T="1" t:A="0"/>') + R, "the id R twice"),
    "unknown parent": (rectangle("R", dimension("X", 'g:min="1"'), parent="Q"), "'Q'"),
    "circle of parents": (
        rectangle("R", dimension("X", 'g:min="1"'), parent="S")
        + rectangle("S", dimension("X", 'g:min="1"'), parent="R"),
        "R",
    ),
    "circle of booleans": (boolean("B", "not", 'g:ref="C"') + boolean("C", "not", 'g:ref="B"'), "B"),
    "unknown reference": (boolean("B", "not", 'g:ref="Q"'), "'Q'"),
    "one operand": (R + boolean("B", "and", 'g:ref="R"'), "operands"),
    "two operands": (R + boolean("B", "not", 'g:ref="R"', 'g:ref="R"'), "operands"),
    "no boolean": (R + boolean("B", "not", 'g:ref="R" g:use-as-complement="yes"'), "'yes'"),
    "unknown transformation": (rectangle("R", dimension("X", 'g:transformation-ref="S"')), "the transformation S"),
    "unknown formula": (transformation("S", "<t:exp/>") + R, "0 of flin"),
    "illegal parameters": (transformation("S", '<t:logicle t:T="1" t:W="3" t:M="4" t:A="0"/>') + R, "W = 3.0"),
    "missing parameter": (transformation("S", '<t:flin t:T="1"/>') + R, "the attribute A"),
    "empty bounds": (
        transformation("S", '<t:flin t:T="1" t:A="0"/>', 't:boundMin="1" t:boundMax="0"') + R,
        "low < high",
    ),
    "ratio as scale": (
        transformation("F", RATIO) + rectangle("R", dimension("X", 'g:transformation-ref="F"')),
        "the ratio F",
    ),
    "scale as ratio": (
        transformation("S", '<t:flin t:T="1" t:A="0"/>')
        + rectangle("R", dimension('<d:new-dimension d:transformation-ref="S"/>', 'g:min="1"')),
        "an fratio",
    ),
    "ratio of one": (transformation("F", RATIO.replace('<d:fcs-dimension d:name="Y"/>', "")) + R, "1 dimensions"),
    "unknown compensation": (rectangle("R", dimension("X", 'g:min="1"', "M")), "the compensation M"),
    "detector for dye": (matrix(SPILL) + rectangle("R", dimension("X", 'g:min="1"', "M")), "FITC, PE"),
    "singular matrix": (matrix([[1.0, 1.0], [1.0, 1.0]], 't:matrix-inverted-already="1"') + R, "inverted"),
    "ragged matrix": (matrix([[1.0, 0.0], [1.0]]) + R, "different length"),
    "small matrix": (matrix([[1.0, 0.0]]) + R, "do not fit"),
    "inverted and not square": (
        matrix([[1.0, 0, 0], [0, 1.0, 0]], 't:matrix-inverted-already="1"', ("X", "Y", "Z")) + R, "not square",
    ),
    "polygon of two vertices": (polygon(dimension("X"), dimension("Y"), (1, 1), (2, 2)), "vertices"),
    "polygon on one dimension": (polygon(dimension("X"), "", (1, 1), (2, 2), (3, 1)), "1 dimensions"),
    "infinite vertex": (polygon(dimension("X"), dimension("Y"), (1, 1), (2, 2), ("INF", 1)), "inf"),
    "no dimension": ('<g:RectangleGate g:id="R"/>', "dimension"),
    "dimension without channel": (rectangle("R", '<g:dimension g:compensation-ref="FCS"/>'), "0 of"),
    "no divider": ('<g:QuadrantGate g:id="Q"><g:Quadrant g:id="A"/></g:QuadrantGate>', "no divider"),
}  # fmt: skip


@pytest.mark.parametrize("case", MISTAKES)
def test_read_gatingml__refuses_with_the_place(read, case: str) -> None:
    body, said = MISTAKES[case]
    with pytest.raises(TemplateError) as caught:
        read(body)
    assert caught.value.problems
    assert said in str(caught.value)
    assert "gates.xml" in str(caught.value)


def test_read_gatingml__lists_every_mistake_with_its_line(read) -> None:
    body = "\n".join(
        [
            rectangle("R", dimension("X", 'g:min="NaN"')),
            transformation("S", '<t:flog t:T="-1" t:M="4"/>'),
            R.replace('"R"', '"S2"'),
            boolean("B", "and", 'g:ref="S2"'),
        ]
    )
    with pytest.raises(TemplateError) as caught:
        read(body)
    assert sorted(problem.line for problem in caught.value.problems) == [5, 6, 8]
    assert "RectangleGate[R]/dimension" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "<Gating-ML/>",
        '<g:Gating-ML xmlns:g="http://www.isac-net.org/std/Gating-ML/v1.5/gating"/>',
        "<Workspace version='20.0'/>",
    ],
)
def test_read_gatingml__refuses_other_documents(tmp_path, text: str) -> None:
    path = tmp_path / "other.xml"
    path.write_text(text)
    with pytest.raises(TemplateError, match=r"other\.xml is not Gating-ML 2\.0"):
        read_gatingml(path)


def test_dye_without_matrix__is_no_channel_of_the_sample(read) -> None:
    template = read(matrix(SPILL, detectors=("X", "Q")) + rectangle("R", dimension("PE", 'g:min="1"', "M")))
    with pytest.raises(DataError, match="Q"):
        gate(SAMPLE, template)


def test_read_gatingml__raises_nothing_but_its_own_error(tmp_path) -> None:
    whole = HEAD + "".join(body for body, _ in MISTAKES.values()) + "</g:Gating-ML>"
    sound = HEAD + matrix(SPILL) + RAW_AND_TRUE + transformation("F", RATIO) + "</g:Gating-ML>"
    rng = np.random.default_rng(21)
    path = tmp_path / "damaged.xml"
    outcomes = set()
    for round_ in range(400):
        parts = re.split(r'(<[^>]*>|"[^"]*")', sound if round_ % 2 else whole)
        here, there = rng.integers(0, len(parts), 2)
        parts[here] = str(
            rng.choice(["", parts[there], parts[here] + parts[there], '"1e999"', '"-1"', '"root"', "<"])
        )
        path.write_text("".join(parts), encoding="utf-8")
        try:
            read_gatingml(path)
            outcomes.add("read")
        except TemplateError:
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}
