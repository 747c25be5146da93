from __future__ import annotations

import json
import math
import subprocess
import sys

import numpy as np
import pytest

from nkflow.errors import InvalidValueError
from nkflow.plots.axis import Axis
from nkflow.plots.figure import Density, density_figure, figure_html, hierarchy_figure, histogram_figure
from nkflow.plots.outline import Outline, Path
from nkflow.scales import Linear, Logicle

INF = math.inf
X = Axis("CD3", Logicle(T=262144, W=0.5, M=4.5, A=0), 0.0, 1.0)
Y = Axis("SSC-A", Linear(T=262144), 0.0, 1.0)
COUNTS = np.random.default_rng(7).poisson(0.2, (256, 256))
GATE = Outline("T", (Path(((0.5, -INF), (0.5, INF))),), 12, "3 %")


def test_density_figure__shows_counts_with_white_where_there_are_none():
    heat = density_figure(COUNTS, x=X, y=Y).data[0]
    assert heat.z.shape == (256, 256)
    assert (np.isnan(heat.z) == (COUNTS == 0)).all()
    assert (heat.customdata == COUNTS).all()
    assert heat.x[0] == pytest.approx(1 / 512)


def test_density_figure__gates_are_drawn_over_it_and_end_at_the_frame():
    figure = density_figure(COUNTS, x=X, y=Y, outlines=[GATE])
    line = figure.data[-1]
    assert (list(line.x), list(line.y)) == ([0.5, 0.5], [0.0, 1.0])
    assert any("12 · 3 %" in note.text for note in figure.layout.annotations)


def test_density_figure__ticks_stand_in_data_units():
    axis = density_figure(COUNTS, x=X, y=Y).layout.xaxis
    place = dict(zip(axis.ticktext, axis.tickvals, strict=True))
    assert place["10⁴"] == pytest.approx(float(X.scale.forward(1e4)))


def test_hierarchy_figure__keeps_the_gating_order():
    densities = [Density(COUNTS, X, Y, [GATE], title) for title in ("root", "cells", "viable", "NK")]
    figure = hierarchy_figure(densities, columns=3)
    titles = [
        note.text for note in figure.layout.annotations if note.text in ("root", "cells", "viable", "NK")
    ]
    assert titles == ["root", "cells", "viable", "NK"]
    assert sum(trace.type == "heatmap" for trace in figure.data) == 4


def test_histogram_figure__keeps_the_counts_for_reading():
    figure = histogram_figure([0, 4, 9], x=X, outlines=[GATE], title="viable")
    assert figure.data[0].customdata.tolist() == [0, 4, 9]


def test_figure__names_are_text_and_never_markup():
    name = "<b>bold</b> $\\alpha$ <a href='javascript:x'>\u202e"
    figure = density_figure(
        COUNTS, x=Axis(name, X.scale, 0, 1), y=Y, outlines=[Outline(name, GATE.paths, 1)], title=name
    )
    for text in [figure.layout.xaxis.title.text, *(note.text for note in figure.layout.annotations)]:
        assert "<b>" not in text
        assert "$" not in text
        assert "\u202e" not in text


def test_figure_html__same_bytes_twice_and_nothing_from_outside():
    parts = [figure_html(density_figure(COUNTS, x=X, y=Y), div_id="a", plotly_js=False) for _ in range(2)]
    assert parts[0] == parts[1]
    assert "http" not in parts[0].replace('"plotlyServerURL":"https://plot.ly"', "")


def test_density_figure__refuses_a_line():
    with pytest.raises(InvalidValueError, match="2-D"):
        density_figure(np.ones(4), x=X, y=Y)


def test_plots__import_no_plotly():
    code = "import sys, json, nkflow.plots; print(json.dumps(sorted({m.split('.')[0] for m in sys.modules})))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"plotly", "pandas"} & set(json.loads(loaded))
