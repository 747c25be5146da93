from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from nkflow.fcs import read_fcs
from nkflow.gating import Gating, gate, load_template
from nkflow.release.drawing import drawings

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def gating(project: Path) -> Gating:
    return gate(read_fcs(project / "sample_fcs" / "A.fcs"), load_template("nk_release_7aad"))


def _texts(svg: str) -> list[str]:
    return ["".join(text.itertext()) for text in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_drawings__one_for_each_histogram_in_gating_order(gating):
    titles = [_texts(svg)[0] for svg in drawings(gating)]
    parents = [histogram.population for histogram in gating.histograms]
    assert len(titles) >= 5
    assert titles == [
        f"{'all events' if parent == 'root' else parent}: {gating.counts[parent]:,} = 100 %"
        for parent in parents
    ]


def test_drawings__every_gate_is_drawn_with_its_count(gating):
    texts = [text for svg in drawings(gating) for text in _texts(svg)]
    for name in ("beads", "cells", "singlets", "CD45+", "viable", "NK", "NKT-like", "T"):
        assert name in texts
        assert any(text.startswith(f"{gating.counts[name]:,} · ") for text in texts)


def test_drawings__lines_of_the_quadrant_stand_at_its_cuts(gating):
    (plane,) = [svg for svg in drawings(gating) if "NKT-like" in _texts(svg)]
    histogram = gating.histogram("NK")
    (quadrant,) = [p.gate for p in gating.template.populations if "NKT-like" in p.names]
    lines = [line.get("points") for line in ElementTree.fromstring(plane).iter(f"{SVG}polyline")]
    cut = quadrant.dividers[0].values[0]
    at = 52 + 250 * float(histogram.x.fraction(histogram.x.scale.forward(cut)))
    assert any(abs(float(points.split(",")[0]) - at) < 0.06 for points in lines)


def test_drawings__same_tube_same_bytes(gating):
    assert drawings(gating) == drawings(gating)
