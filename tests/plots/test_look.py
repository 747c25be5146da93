from __future__ import annotations

import numpy as np
import pytest

from nkflow.compensation import Spillover
from nkflow.errors import InvalidValueError, PanelError
from nkflow.fcs.sample import Sample
from nkflow.plots.look import look
from nkflow.scales import Logicle

RNG = np.random.default_rng(3)
N = 500
MATRIX = Spillover(("B-A", "R-A"), np.array([[1.0, 0.2], [0.1, 1.0]]), source="test")


def _sample(**changes):
    columns = {
        "FSC-A": RNG.normal(90_000, 9_000, N),
        "B-A": RNG.lognormal(8, 1, N),
        "R-A": RNG.normal(0, 100, N),
    } | changes
    return Sample.from_arrays(columns, markers={"B-A": "CD3", "R-A": "CD56"}, spillover=MATRIX, name="tube")


def test_look__two_channels_hold_every_event_that_is_on_the_axes():
    sample = _sample()
    heat = look(sample, "CD3", "CD56").data[0]
    x, y = (np.sort(sample.values([name])[:, 0]) for name in ("CD3", "CD56"))
    assert 0.95 * N <= heat.customdata.sum() <= N
    assert heat.customdata.sum() == int(look(sample, "CD3", "CD56").layout.annotations[0].text.split(" ")[1])
    assert x[0] < x[-1]
    assert y[0] < 0


def test_look__one_channel_is_a_histogram():
    figure = look(_sample(), "FSC-A")
    assert figure.data[0].type == "scatter"
    assert figure.data[0].customdata.sum() == N


def test_look__says_when_values_are_not_compensated():
    sample = _sample()
    assert "uncompensated" in look(sample, "CD3", "CD56").layout.xaxis.title.text
    assert "uncompensated" not in look(sample, "CD3", "CD56", spillover=MATRIX).layout.xaxis.title.text


def test_look__compensates_with_the_given_matrix():
    true = np.column_stack([np.full(N, 10_000.0), np.full(N, 50.0)])
    observed = true @ MATRIX.matrix
    sample = _sample(**{"B-A": observed[:, 0], "R-A": observed[:, 1]})
    scale = Logicle(T=262144, W=0.5, M=4.5, A=0)
    heat = look(sample, "CD3", "CD56", spillover=MATRIX, scale=scale).data[0]
    row, column = np.argwhere(heat.customdata == N)[0]
    width = heat.x[1] - heat.x[0]
    assert heat.x[column] == pytest.approx(float(scale.forward(10_000.0)), abs=width)
    assert heat.y[row] == pytest.approx(float(scale.forward(50.0)), abs=width)


def test_look__of_a_matrix_of_dyes_compensates_the_dye_or_says_that_it_does_not():
    sample = _sample(**{"B-A": np.full(N, 1000.0), "R-A": np.full(N, 200.0)})
    scale = Logicle(T=262144, W=0.5, M=4.5, A=0)
    by_marker = Spillover(("CD3", "CD56"), MATRIX.matrix, ("B-A", "R-A"))
    line = look(sample, "CD56", spillover=by_marker, scale=scale)
    assert "uncompensated" not in line.layout.xaxis.title.text
    ours = look(sample, "CD56", spillover=MATRIX, scale=scale)
    assert np.array_equal(line.data[0].customdata, ours.data[0].customdata)
    by_dye = look(
        sample, "CD56", spillover=Spillover(("FITC", "PE"), MATRIX.matrix, ("B-A", "R-A")), scale=scale
    )
    assert "uncompensated" in by_dye.layout.xaxis.title.text
    assert not np.array_equal(by_dye.data[0].customdata, ours.data[0].customdata)


@pytest.mark.parametrize("scale", ["logicle", "arcsinh", "log", "linear"])
def test_look__every_named_scale_draws(scale):
    assert look(_sample(), "CD3", "FSC-A", scale=scale).data[0].customdata.sum() > 0


def test_look__unknown_names_say_what_there_is():
    with pytest.raises(InvalidValueError, match="logicle"):
        look(_sample(), "CD3", scale="cubic")
    with pytest.raises(PanelError, match="CD3"):
        look(_sample(), "CD19")


@pytest.mark.parametrize("values", [np.full(N, np.nan), np.zeros(N), np.full(N, -5.0)])
def test_look__degenerate_columns_still_give_a_figure(values):
    assert look(_sample(**{"B-A": values}), "CD3", "CD56").data[0].customdata.shape == (256, 256)


def test_look__no_events_give_an_empty_figure():
    empty = Sample.from_arrays(
        {"B-A": np.empty(0), "R-A": np.empty(0)}, markers={"B-A": "CD3", "R-A": "CD56"}
    )
    assert look(empty, "CD3", "CD56").data[0].customdata.sum() == 0
