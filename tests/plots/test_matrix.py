from __future__ import annotations

import numpy as np
import pytest
from lxml import etree

from nkflow.plots.matrix import Matrix, matrix_svg

SVG = "{http://www.w3.org/2000/svg}"
VALUES = np.array([[np.nan, 0.05, -0.2], [0.001, np.nan, np.inf]])


def _svg(drawn: Matrix) -> etree._Element:
    return etree.fromstring(matrix_svg(drawn).encode())


def test_matrix_svg__a_square_for_each_value_and_grey_for_none() -> None:
    found = _svg(Matrix(("a", "b"), ("c", "d", "e"), VALUES, full=0.05))
    hints = [rect.findtext(f"{SVG}title") for rect in found.iter(f"{SVG}rect")]
    assert hints == ["not assessable", "a → d: +0.05000", "a → e: -0.20000", "b → c: +0.00100"]
    ground, full, over, small = (rect.get("fill") for rect in found.iter(f"{SVG}rect"))
    assert (full, over) == ("#b2182b", "#2166ac")
    assert len({ground, full, over, small}) == 4


def test_matrix_svg__writes_values_or_the_marks_given() -> None:
    drawn = Matrix(("a", "b"), ("c", "d", "e"), VALUES, full=0.05)
    assert [text.text for text in _svg(drawn).iterfind(f"{SVG}g/{SVG}text")] == [".050", "-.200", ".001"]
    marked = Matrix(("a", "b"), ("c", "d", "e"), VALUES, full=0.05, marks=[["", "+", "−"], ["", "?", ""]])
    texts = list(_svg(marked).iterfind(f"{SVG}g/{SVG}text"))
    assert [text.text for text in texts] == ["+", "−", "?"]
    assert [text.get("fill") for text in texts] == ["#ffffff", "#ffffff", None]  # white on full colour


@pytest.mark.parametrize("name", ["<script>", "a & b", '"'])
def test_matrix_svg__names_are_text(name: str) -> None:
    drawn = Matrix((name,), ("x",), np.array([[0.01]]), full=0.05)
    assert name in "".join(_svg(drawn).itertext())
