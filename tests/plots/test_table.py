from __future__ import annotations

from nkflow.plots.table import html_table


def test_html_table__numbers_stand_right_and_text_is_escaped():
    html = html_table(["name", "count"], [["<b>T</b>\u202e", 14801], [None, 0.123456789]], caption="a & b")
    assert "<b>" not in html
    assert "&lt;b&gt;T&lt;/b&gt;\\u202e" in html
    assert '<td style="text-align:right">14,801</td>' in html
    assert "0.123457" in html
    assert "<caption>a &amp; b</caption>" in html


def test_html_table__a_truth_value_is_no_number():
    assert '<td style="text-align:left">True</td>' in html_table(["x"], [[True]])
