from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from nkflow.errors import InvalidValueError
from nkflow.plots.axis import Axis
from nkflow.plots.outline import Outline, Path
from nkflow.plots.svg import LEFT, SIDE, TOP, density_svg, histogram_svg
from nkflow.scales import Linear, Logicle

INF = math.inf
X = Axis("CD3 (FITC-A)", Logicle(T=262144, W=0.5, M=4.5, A=0), 0.0, 1.0)
Y = Axis("SSC-A", Linear(T=262144), 0.0, 1.0)
COUNTS = np.random.default_rng(7).poisson(0.2, (256, 256))
HOSTILE = "<script>alert(1)</script></title>\"'&\u202e\x00\ud800 " + "n" * 500


def _elements(svg: str, tag: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(svg).iter(f"{{http://www.w3.org/2000/svg}}{tag}"))


def _points(element: ElementTree.Element) -> list[tuple[float, ...]]:
    return [tuple(map(float, pair.split(","))) for pair in element.get("points", "").split()]


def test_density__same_input_same_bytes():
    assert density_svg(COUNTS, x=X, y=Y, title="a") == density_svg(COUNTS.copy(), x=X, y=Y, title="a")


def test_density__a_polygon_stands_at_its_display_coordinates():
    square = Path(((0.25, 0.5), (0.75, 0.5), (0.75, 1.0)), closed=True)
    svg = density_svg(COUNTS, x=X, y=Y, outlines=[Outline("cells", (square,), 12, "50 %")])
    halo, line = _elements(svg, "polygon")
    middle = TOP + SIDE / 2
    expected = [(LEFT + SIDE / 4, middle), (LEFT + 0.75 * SIDE, middle), (LEFT + 0.75 * SIDE, TOP)]
    assert _points(line) == _points(halo) == [pytest.approx(point, abs=0.06) for point in expected]


def test_density__a_line_to_infinity_ends_at_the_frame():
    upright = Outline("cut", (Path(((0.5, -INF), (0.5, INF))),))
    line = _elements(density_svg(COUNTS, x=X, y=Y, outlines=[upright]), "polyline")[-1]
    assert _points(line) == [(LEFT + SIDE / 2, TOP + SIDE), (LEFT + SIDE / 2, TOP)]


def test_density__each_gate_is_named_with_its_count_and_frequency():
    outlines = [Outline("NK", (), 14801, "71.3 %", (-INF, INF)), Outline("T", (), 189, "0.91 %", (INF, -INF))]
    texts = [
        "".join(text.itertext())
        for text in _elements(density_svg(COUNTS, x=X, y=Y, outlines=outlines), "text")
    ]
    assert {"NK", "14,801 · 71.3 %", "T", "189 · 0.91 %"} <= set(texts)


def test_density__axes_carry_their_labels_and_marks():
    texts = ["".join(text.itertext()) for text in _elements(density_svg(COUNTS, x=X, y=Y), "text")]
    assert {"CD3 (FITC-A)", "SSC-A", "10⁴", "10⁵", "200K"} <= set(texts)


def test_density__hostile_names_are_inert_and_well_formed():
    outline = Outline(HOSTILE, (Path(((0.1, 0.1), (0.2, 0.2)), closed=True),), 3, HOSTILE)
    axis = Axis(HOSTILE, X.scale, 0, 1)
    svg = density_svg(COUNTS, x=axis, y=axis, outlines=[outline], title=HOSTILE)
    tags = {element.tag.rsplit("}")[-1] for element in ElementTree.fromstring(svg).iter()}
    assert tags <= {"svg", "title", "text", "image", "rect", "path", "polygon", "polyline"}
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00]", svg)
    assert max(len("".join(text.itertext())) for text in _elements(svg, "text")) < 60


def test_density__no_outside_address():
    svg = density_svg(COUNTS, x=X, y=Y, title="x")
    assert set(re.findall(r'href="([a-z]+):', svg)) == {"data"}
    assert re.findall(r"https?://[^\"']*", svg) == ["http://www.w3.org/2000/svg"]


def test_histogram__the_area_follows_the_counts():
    counts = np.zeros(10)
    counts[3] = 25
    area = _elements(histogram_svg(counts, x=X), "polygon")[0]
    top = [point for point in _points(area) if point[1] < TOP + SIDE]
    assert {round(point[0], 1) for point in top} == {LEFT + 0.3 * SIDE, LEFT + 0.4 * SIDE}


def test_histogram__refuses_a_plane():
    with pytest.raises(InvalidValueError, match="1-D"):
        histogram_svg(COUNTS, x=X)


@pytest.mark.parametrize("counts", [np.zeros((256, 256), int), np.ones((1, 1), int)])
def test_density__empty_and_tiny_histograms_can_be_drawn(counts):
    assert _elements(density_svg(counts, x=X, y=Y), "image")
