"""Rounding half-up on the decimal number, and comparing as the operator says."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nkflow.dose.reportable import complies, decimal, half_up, half_up_to_step, plain


@pytest.mark.parametrize(
    ("value", "decimals", "rounded"),
    [
        (79.95, 1, "80.0"),
        (79.949, 1, "79.9"),
        (69.85, 1, "69.9"),
        (70.5, 0, "71"),
        (12.25, 1, "12.3"),
        (2.675, 2, "2.68"),
        (0.125, 2, "0.13"),
        (9999.5, 0, "10000"),
        (9999.49, 0, "9999"),
        (0.1 + 0.2, 1, "0.3"),
        (-0.25, 1, "-0.3"),
        (1e7, 0, "10000000"),
        (2.9e-7, 1, "0.0"),
    ],
)
def test_half_up__is_of_the_number_a_person_would_write(value: float, decimals: int, rounded: str) -> None:
    assert plain(half_up(value, decimals)) == rounded


def test_binary_noise__does_not_lose_a_half() -> None:
    noisy = 267.5 / 100 * (1 - 2e-16)
    assert plain(half_up(noisy, 2)) == "2.68"


@pytest.mark.parametrize(
    ("value", "op", "limit", "answer"),
    [
        ("80.0", ">=", 80.0, True),
        ("79.9", ">=", 80.0, False),
        ("80.0", ">", 80.0, False),
        ("10000", "<", 10000.0, False),
        ("10000", "<=", 10000.0, True),
        ("9999", "<", 10000.0, True),
    ],
)
def test_operators__are_never_one_for_the_other(value: str, op: str, limit: float, answer: bool) -> None:
    assert complies(Decimal(value), op, limit) is answer  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("volume", "step", "rounded"),
    [
        (4.457019964460332, 0.1, "4.5"),
        (13.371059893380997, 0.1, "13.4"),
        (4.45, 0.1, "4.5"),
        (4.449999999999999, 0.1, "4.5"),
        (4.375, 0.25, "4.50"),
        (7.49, 5.0, "5"),
        (7.5, 5.0, "10"),
    ],
)
def test_volume__is_rounded_to_the_pumps_step(volume: float, step: float, rounded: str) -> None:
    assert half_up_to_step(volume, step) == Decimal(rounded)


@settings(deadline=None, max_examples=300)
@given(st.integers(0, 10**9), st.integers(0, 4))
def test_half_up__agrees_with_exact_fractions(thousandths: int, decimals: int) -> None:
    exact = Fraction(thousandths, 1000)
    unit = Fraction(1, 10**decimals)
    wanted = (exact / unit + Fraction(1, 2)).__floor__() * unit
    assert Fraction(half_up(thousandths / 1000, decimals)) == wanted


@settings(deadline=None, max_examples=200)
@given(st.floats(0.001, 1e5), st.sampled_from([0.01, 0.1, 0.25, 0.5, 1.0]))
def test_step__is_never_missed_by_more_than_half(volume: float, step: float) -> None:
    assert abs(half_up_to_step(volume, step) - decimal(volume)) <= decimal(step) / 2
