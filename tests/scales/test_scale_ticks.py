"""Marks of an axis."""

from __future__ import annotations

import numpy as np
import pytest

from nkflow.scales import Arcsinh, ArcsinhCofactor, Biex, Hyperlog, Linear, Log, Logicle
from nkflow.scales.ticks import ticks


@pytest.mark.parametrize(
    ("scale", "labels"),
    [
        (Linear(262144), ("0", "50K", "100K", "150K", "200K", "250K")),
        (Linear(1000, 500), ("−500", "0", "500", "1K")),
        (Linear(4194304), ("0", "1M", "2M", "3M", "4M")),
        (Linear(1), ("0", "0.2", "0.4", "0.6", "0.8", "1")),
        (Log(10000, 5), ("10⁻¹", "10⁰", "10¹", "10²", "10³", "10⁴")),
        (Arcsinh(262144, 4, 1), ("−10²", "0", "10²", "10³", "10⁴", "10⁵")),
        (Logicle(262144, 0.5, 4.5), ("−10²", "0", "10²", "10³", "10⁴", "10⁵")),
        (Logicle(262144, 2, 4.5), ("−10⁵", "−10⁴", "0", "10⁴", "10⁵")),
        (Hyperlog(262144, 0.5, 4.5), ("−10²", "0", "10²", "10³", "10⁴", "10⁵")),
        (Biex(), ("−10²", "0", "10²", "10³", "10⁴", "10⁵")),
        (Biex(neg=1.0, width_basis=-100), ("−10⁴", "−10³", "0", "10³", "10⁴", "10⁵")),
    ],
    ids=str,
)
def test_ticks__mark_what_a_reader_expects(scale, labels) -> None:
    assert ticks(scale).labels == labels


@pytest.mark.parametrize(
    "scale",
    [Linear(262144), Log(1e4, 5), Arcsinh(1e4, 4, 1), ArcsinhCofactor(150), Logicle(262144, 1, 4.5), Biex()],
    ids=str,
)
@pytest.mark.parametrize("crop", [None, (0.3, 0.8), (0.42, 0.5)])
def test_ticks__stand_in_order_inside_the_axis_where_they_say(scale, crop) -> None:
    whole = ticks(scale)
    first, last = whole.positions[0], whole.positions[-1]
    low, high = (None, None) if crop is None else (first + share * (last - first) for share in crop)
    marks = ticks(scale, low, high)
    for row in (marks.positions, marks.minor):
        assert list(row) == sorted(set(row))
        assert low is None or all(low - 1e-9 <= at <= high + 1e-9 for at in row)
    assert len(marks.labels) == len(marks.positions)
    for at, label in zip(marks.positions, marks.labels, strict=True):
        if label.startswith("10") and not isinstance(scale, Linear):
            power = int(label[2:].translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")))
            assert at == pytest.approx(scale.forward(10.0**power))


def test_ticks__crop_to_round_numbers() -> None:
    assert ticks(Linear(1e308)).labels[0] == "0"  # twice as much would be no number
    assert ticks(Linear(262144), 0.3, 0.32).labels == ("79K", "80K", "81K", "82K", "83K")
    assert ticks(Logicle(262144, 0.5, 4.5), 0.3, 0.9).labels == ("10³", "10⁴")


def test_ticks__show_two_to_nine_between_decades() -> None:
    scale = Log(1e4, 4)
    expected = scale.forward(np.array([d * 10.0**p for p in range(4) for d in range(2, 10)]))
    assert ticks(scale).minor == pytest.approx(expected)
