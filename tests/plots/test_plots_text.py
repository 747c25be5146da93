from __future__ import annotations

import unicodedata
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nkflow.plots.text import escaped, shortened, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("CD3−CD56+ µL", "CD3−CD56+ µL"),
        ("a\u202eb", "a\\u202eb"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("lone \ud800", "lone \\ud800"),
        ("two\nlines\tand a tab", "two lines and a tab"),
        (12, "12"),
    ],
)
def test_visible__writes_out_what_hides(text: object, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(st.characters(codec=None)))
def test_visible__leaves_no_control_and_no_bidi_character(text: str) -> None:
    shown = visible(text)
    assert not [c for c in shown if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]
    assert visible(shown) == shown


@given(st.text(st.characters(codec=None)))
def test_escaped__is_xml_text_and_attribute_of_the_same_reading(text: str) -> None:
    element = ElementTree.fromstring(f'<a b="{escaped(text)}">{escaped(text)}</a>')
    assert element.text or element.text == (visible(text) or None)
    assert (element.text or "") == visible(text)
    assert element.get("b") == visible(text)


@given(st.text(max_size=60), st.integers(2, 40))
def test_shortened__keeps_the_length_and_both_ends(text: str, length: int) -> None:
    shown, whole = shortened(text, length), visible(text)
    assert len(shown) <= length
    if len(whole) > length:
        assert shown[0] == whole[0]
        assert "…" in shown
    else:
        assert shown == whole
