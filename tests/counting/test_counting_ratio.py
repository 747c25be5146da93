"""Ratios: what both populations were counted with cancels."""

from __future__ import annotations

import math

import pytest

from nkflow.counting.evaluable import NotEvaluable
from nkflow.counting.ratio import Ratio
from worked.cases import composition, counts

BOUNDARY = {
    "name": "CD3",
    "u": 0.02,
    "unit": "display",
    "events_per_unit": {"NK": 2500.0, "NKT-like": -2500.0},
}


def test_ratio__has_the_counting_of_both_and_nothing_else() -> None:
    found = composition(counts(), counts()).ratio("NKT-like", "NK")
    assert isinstance(found, Ratio)
    assert found.value == pytest.approx(1410 / 4992)
    assert found.u_rel == pytest.approx(math.sqrt(1 / 2820 + 1 / 9984), rel=1e-9)
    assert found.interval.low < found.value < found.interval.high


def test_boundary_between_the_two__counts_twice() -> None:
    found = composition(counts(), counting={"boundaries": [BOUNDARY]}).ratio("NKT-like", "NK")
    assert isinstance(found, Ratio)
    gate = 0.02 * 2500 * (1 / 1410 + 1 / 4992)
    assert found.u_rel == pytest.approx(math.sqrt(1 / 1410 + 1 / 4992 + gate**2), rel=1e-9)


@pytest.mark.parametrize(
    ("one", "other"), [("T", "CD56+"), ("CD56+", "T"), ("CD3dim", "NK"), ("NK", "CD3dim")]
)
def test_nothing_to_divide__is_not_evaluable(one: str, other: str) -> None:
    assert isinstance(composition(counts(T=0)).ratio(one, other), NotEvaluable)
