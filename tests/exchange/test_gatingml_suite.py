"""The Gating-ML 2.0 compliance set, event for event (STANDARDS 5.1)."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from nkflow.exchange import cross_check, read_gatingml, write_gatingml
from nkflow.fcs import read_fcs
from nkflow.gating import gate, parse_template

COUNTS = {  # as printed in STANDARDS 5.1
    "And1": 561, "And2": 12, "And3": 120, "Ellipse1": 203, "Ellipsoid3D": 4191, "FL2N-FL4N": 5148,
    "FL2N-FL4P": 238, "FL2P-FL4N": 7361, "FL2P-FL4P": 620, "Not1": 13164, "Or1": 1983, "ParAnd2": 12,
    "ParAnd3": 120, "Polygon1": 1582, "Polygon2": 183, "Range1": 440, "RatRange1": 7679, "Rectangle1": 252,
    "Rectangle2": 252, "Rectangle3": 6446, "ScaleRange1": 8425, "ScaleRange1c": 6916, "ScaleRange2c": 789,
    "ScaleRange3": 3181, "ScaleRange3c": 2309, "ScaleRange4": 2509, "ScaleRange4c": 1873, "ScaleRange5": 1840,
    "ScaleRange6": 8351,
}  # fmt: skip
FILES = {  # document -> gates with a truth in the set
    "gml_boolean_and1_gate.xml": ["And1"],
    "gml_boolean_and2_gate.xml": ["And2"],
    "gml_boolean_and3_complement_gate.xml": ["And3"],
    "gml_boolean_not1_gate.xml": ["Not1"],
    "gml_boolean_or1_gate.xml": ["Or1"],
    "gml_ellipse1_gate.xml": ["Ellipse1"],
    "gml_ellipsoid3d_gate.xml": ["Ellipsoid3D"],
    "gml_matrix_rect3_gate.xml": ["Rectangle3"],
    "gml_matrix_transform_asinh_range1c_gate.xml": ["ScaleRange1c"],
    "gml_matrix_transform_hyperlog_range2c_gate.xml": ["ScaleRange2c"],
    "gml_matrix_transform_linear_range3c_gate.xml": ["ScaleRange3c"],
    "gml_matrix_transform_logicle_range4c_gate.xml": ["ScaleRange4c"],
    "gml_parent_poly1_boolean_and2_gate.xml": ["ParAnd2"],
    "gml_parent_range1_boolean_and3_gate.xml": ["ParAnd3"],
    "gml_poly1_gate.xml": ["Polygon1"],
    "gml_poly2_gate.xml": ["Polygon2"],
    "gml_quadrant1_gate.xml": ["FL2P-FL4P", "FL2N-FL4P", "FL2N-FL4N", "FL2P-FL4N"],
    "gml_range_gate.xml": ["Range1"],
    "gml_range_gate_attr_testing.xml": ["Range1"],
    "gml_ratio_range1_gate.xml": ["RatRange1"],
    "gml_rect1_gate.xml": ["Rectangle1"],
    "gml_rect2_gate.xml": ["Rectangle2"],
    "gml_transform_asinh_range1_gate.xml": ["ScaleRange1"],
    "gml_transform_linear_range3_gate.xml": ["ScaleRange3"],
    "gml_transform_log_range6_gate.xml": ["ScaleRange6"],
    "gml_transform_logicle_range4_gate.xml": ["ScaleRange4"],
    "gml_transform_logicle_range5_gate.xml": ["ScaleRange5"],
}


@pytest.fixture(scope="module")
def suite(reference) -> Path:
    return reference / "gating" / "gatingml2_suite"


@pytest.fixture(scope="module")
def sample(suite):
    return read_fcs(suite / "data1.fcs")


@pytest.mark.parametrize("document", FILES)
def test_read_gatingml__gates_the_compliance_set_event_for_event(suite, sample, document: str) -> None:
    template = read_gatingml(suite / "gml" / document)
    gating = gate(sample, template)
    again = gate(sample, parse_template(template.to_yaml()))
    for name in FILES[document]:
        truth = np.loadtxt(suite / "truth" / f"Results_{name}.txt").astype(bool)
        np.testing.assert_array_equal(gating.mask(name), truth)
        np.testing.assert_array_equal(again.mask(name), truth)
        assert gating.counts[name] == COUNTS[name]


@pytest.mark.parametrize("document", FILES)
def test_write_gatingml__keeps_the_compliance_set_and_flowkit_agrees(
    suite, sample, tmp_path, document: str
) -> None:
    template = read_gatingml(suite / "gml" / document)
    for number, more in enumerate(({}, {"sample": sample})):
        written = read_gatingml(write_gatingml(tmp_path / f"{number}.xml", template, **more))
        gating = gate(sample, written)
        for name in FILES[document]:
            truth = np.loadtxt(suite / "truth" / f"Results_{name}.txt").astype(bool)
            np.testing.assert_array_equal(gating.mask(name), truth)
        assert cross_check(sample, gating).identical


def test_suite__is_the_one_that_is_tested(suite) -> None:
    with (suite / "gate_to_truth.csv").open() as stream:
        rows = {(row["gml_file"], row["gate_id"]) for row in csv.DictReader(stream)}
    assert rows == {(document, name) for document, names in FILES.items() for name in names}
