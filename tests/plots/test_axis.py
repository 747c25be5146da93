from __future__ import annotations

import math

import numpy as np
import pytest

from nkflow.errors import InvalidValueError
from nkflow.plots.axis import APART, Axis
from nkflow.plots.heights import Heights
from nkflow.scales import Arcsinh, Biex, Linear, Log, Logicle

SCALES = [
    (Logicle(T=262144, W=0.5, M=4.5, A=0), 0.0, 1.0),
    (Logicle(T=262144, W=1.2, M=4.5, A=0.5), -0.2, 1.0),
    (Arcsinh(T=262144, M=4.5, A=0), 0.0, 1.0),
    (Log(T=262144, M=4.5), 0.0, 1.0),
    (Linear(T=262144), 0.0, 1.0),
    (Biex(), 0.0, 4096.0),
]


@pytest.mark.parametrize(("scale", "low", "high"), SCALES)
def test_axis__marks_rise_inside_and_labels_never_touch(scale, low, high):
    axis = Axis("CD3", scale, low, high)
    places = [mark.at for mark in axis.marks]
    labelled = [mark.at for mark in axis.marks if mark.text]
    assert places == sorted(set(places))
    assert len(labelled) >= 2
    assert all(low - 1e-6 * (high - low) <= place <= high + 1e-6 * (high - low) for place in places)
    assert min(np.diff(labelled)) >= APART * (high - low)


@pytest.mark.parametrize(("scale", "low", "high"), SCALES)
def test_axis__zero_keeps_its_label_where_it_is_on_the_axis(scale, low, high):
    zero = float(scale.forward(0.0))
    texts = {mark.text: mark.at for mark in Axis("CD3", scale, low, high).marks if mark.text}
    if math.isfinite(zero) and low <= zero <= high:
        assert texts["0"] == pytest.approx(zero, abs=1e-9)
    else:
        assert "0" not in texts


def test_axis__labels_stand_where_the_scale_puts_their_value():
    scale = Logicle(T=262144, W=0.5, M=4.5, A=0)
    texts = {mark.text: mark.at for mark in Axis("CD3", scale, 0, 1).marks}
    assert texts["10⁴"] == pytest.approx(float(scale.forward(1e4)), abs=1e-12)


def test_axis__fraction_is_cut_off_at_the_ends():
    axis = Axis("x", Linear(T=100), 0.25, 0.75)
    assert axis.fraction([-math.inf, 0.25, 0.5, 0.75, math.inf]).tolist() == [0, 0, 0.5, 1, 1]


@pytest.mark.parametrize(("low", "high"), [(1.0, 1.0), (2.0, 1.0), (math.nan, 1.0), (0.0, math.inf)])
def test_axis__refuses_ends_that_enclose_nothing(low, high):
    with pytest.raises(InvalidValueError, match="two finite ends"):
        Axis("x", Linear(T=1), low, high)


def test_heights__are_square_roots_with_marks_at_their_counts():
    heights = Heights.of([0, 1, 100, 400])
    bottom, one, hundred, top = heights.at([0, 1, 100, 400])
    assert bottom == 0
    assert one / top == pytest.approx(1 / 20)
    assert hundred / top == pytest.approx(1 / 2)
    assert {mark.text: mark.at for mark in heights.marks}["100"] == pytest.approx(hundred)


def test_heights__one_event_does_not_fill_the_frame():
    assert float(Heights.of([0, 1]).at(1)) < 0.5


@pytest.mark.parametrize("counts", [[], [-1], [math.nan], [[1, 2]]])
def test_heights__refuse_what_is_no_histogram(counts):
    with pytest.raises(InvalidValueError, match="1-D"):
        Heights.of(counts)
