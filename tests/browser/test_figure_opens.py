from __future__ import annotations

from pathlib import Path

import pytest

from nkflow.fcs import read_fcs
from nkflow.plots.figure import figure_html
from nkflow.plots.look import look

pytestmark = pytest.mark.browser


def test_figure__draws_without_asking_anybody(show, project: Path):
    sample = read_fcs(project / "sample_fcs" / "A.fcs")
    figure = look(sample, "CD3", "CD56", spillover=sample.spillover)
    opened = show(f"<meta charset='utf-8'>{figure_html(figure, div_id='first-look')}")
    opened.page.wait_for_selector("#first-look .heatmaplayer image", state="attached")
    assert opened.outside == []
    assert opened.messages == []
    assert "10⁴" in opened.page.locator("#first-look").inner_text()
