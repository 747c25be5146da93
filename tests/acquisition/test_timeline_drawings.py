"""Drawings of a run over time."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from acquisition.acquisition_runs import a_run, at_rates, sample_of
from nkflow.acquisition import Quality, check_acquisition
from nkflow.plots.timeline import Band, Timeline, timeline_figure
from nkflow.plots.timeline_svg import timeline_svg


@pytest.fixture(scope="module")
def quality() -> Quality:
    seconds = at_rates([(30.0, 300.0), (6.0, 60.0), (30.0, 300.0)], seed=1)
    return check_acquisition(sample_of(a_run(seconds, seed=1), seconds))


def test_timeline__counts_all_events(quality: Quality) -> None:
    timeline = quality.timeline
    assert timeline is not None
    width = np.diff(timeline.edges)
    assert np.sum(timeline.rate * width) == pytest.approx(quality.mask.size, rel=0.02)
    assert timeline.channels == ("FSC-A", "SSC-A", "CD3", "CD56")
    assert timeline.shifts.shape == (4, len(width))
    clog = (timeline.middles > 31.0) & (timeline.middles < 35.0)
    assert timeline.rate[clog].max() < 0.5 * timeline.baseline[clog].min()


def test_figure__shows_rate_levels_and_what_was_removed(quality: Quality) -> None:
    figure = quality.figure()
    assert [trace.type for trace in figure.data] == ["scatter", "scatter", "heatmap"]
    assert [note.text for note in figure.layout.annotations] == ["clog"]
    assert len(figure.layout.shapes) == 2
    (segment,) = quality.segments
    assert {(shape.x0, shape.x1) for shape in figure.layout.shapes} == {(segment.begin, segment.end)}


def test_svg__is_well_formed_and_the_same_twice(quality: Quality) -> None:
    svg = quality.svg()
    root = ElementTree.fromstring(svg)
    assert root.tag.endswith("svg")
    assert "clog" in svg
    assert "90.9 % of the time kept" in svg or "90.8 % of the time kept" in svg
    assert svg == quality.svg()


def _timeline(unit: str = "s") -> Timeline:
    rate = np.array([5.0, np.nan, 6.0])
    return Timeline(
        np.linspace(0, 3, 4), rate, np.full(3, 5.5), ("<b>CD3</b>",), np.array([[0.1, np.nan, -0.1]]), unit
    )


def test_svg__breaks_its_line_where_the_rate_is_unknown() -> None:
    svg = timeline_svg(_timeline(), title="a & <b>")
    ElementTree.fromstring(svg)
    assert "a &amp; &lt;b&gt;" in svg
    (curve,) = [line for line in svg.splitlines() if "stroke-width" in line]
    assert curve.split('d="')[1].split('"')[0].count("M") == 2
    assert "nan" not in svg


def test_labels__that_would_touch_are_left_out() -> None:
    bands = [Band(0.1, 0.2, "carry-over"), Band(0.3, 0.4, "bubble"), Band(2.0, 2.2, "clog")]
    svg = timeline_svg(_timeline(), bands)
    assert svg.count("fill-opacity") == 3
    assert "carry-over" in svg
    assert "bubble" not in svg
    assert "clog" in svg


def test_figure__draws_foreign_names_as_they_stand() -> None:
    figure = timeline_figure(_timeline("ticks"), title="$x$ <i>")
    assert figure.data[2].y == ("&lt;b&gt;CD3&lt;/b&gt;",)
    assert "$" not in figure.layout.title.text
    assert figure.layout.yaxis.title.text == "events per ticks"
