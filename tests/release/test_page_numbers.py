from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nkflow.release.page.numbers import (
    DASH,
    count,
    exact,
    fixed,
    interval,
    like,
    percent,
    probability,
    separated,
    significant,
)


@pytest.mark.parametrize(
    ("value", "decimals", "shown"),
    # worked example, section 11: half-up on the decimal value, where Python's round() goes the other way
    [
        (12.25, 1, "12.3"),
        (2.675, 2, "2.68"),
        (0.125, 2, "0.13"),
        (9999.5, 0, "10,000"),
        (79.949, 1, "79.9"),
        (-0.04, 1, "0.0"),
        (-0.05, 1, "−0.1"),
        (-1234.5, 0, "−1,235"),
    ],
)
def test_fixed__rounds_half_up_on_the_decimal_value(value: float, decimals: int, shown: str) -> None:
    assert fixed(value, decimals) == shown


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (5003343.080761843, 4, "5.003 × 10⁶"),
        (999999.6, 4, "1.000 × 10⁶"),
        (49783.1978, 4, "49,780"),
        (41.523205, 4, "41.52"),
        (9.9996, 4, "10.00"),
        (0.00012345, 3, "1.23 × 10⁻⁴"),
        (0, 4, "0"),
        (-3.25, 2, "-3.3"),
    ],
)
def test_significant__writes_powers_beyond_a_million(value: float, digits: int, shown: str) -> None:
    assert significant(value, digits) == shown


@given(st.floats(1e-12, 1e15), st.integers(1, 8))
def test_significant__is_within_half_a_unit_of_its_last_digit(value: float, digits: int) -> None:
    shown = significant(value, digits).replace(",", "")
    if "×" in shown:
        mantissa, power = shown.split(" × 10")
        plain = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
        read = Decimal(mantissa) * Decimal(10) ** int(power.translate(plain))
    else:
        read = Decimal(shown)
    unit = Decimal(10) ** (Decimal(repr(value)).adjusted() - digits + 1)
    assert abs(read - Decimal(repr(value))) <= unit / 2


@pytest.mark.parametrize("value", [None, math.nan, math.inf, "12", True])
def test_numbers__what_is_no_number_is_a_dash(value: object) -> None:
    assert count(value) == exact(value) == fixed(value, 1) == significant(value) == DASH
    assert percent(value) == probability(value) == interval(value, 1.0) == DASH


def test_probability__never_claims_certainty() -> None:
    assert probability(1.0) == "> 0.999"
    assert probability(0.0) == "< 0.001"
    assert probability(0.5114690793246294) == "0.511"


def test_percent__of_a_fraction() -> None:
    assert percent(0.8555642600915351) == "85.56 %"


def test_exact__keeps_every_digit() -> None:
    assert exact(49783.1978027896) == "49783.1978027896"


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [
        (4717981.955448005, 5305963.910035835, "(4.718 to 5.306) × 10⁶"),
        (932000.4, 1065500.0, "(0.932 to 1.066) × 10⁶"),
        (37020.165, 66946.4, "37,020 to 66,950"),
        (0.0, 999999.9, "(0.000 to 1.000) × 10⁶"),
    ],
)
def test_interval__both_ends_in_one_power_of_ten(low: float, high: float, shown: str) -> None:
    assert interval(low, high) == shown


def test_like__writes_in_the_power_of_the_model() -> None:
    assert like(996435.4, 1e6) == "0.996 × 10⁶"
    assert like(996435.4, 5.0) == "996,400"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("523762", "523,762"),
        ("-0", "0"),
        ("-0.00", "0.00"),
        ("-1234.5", "−1,234.5"),
        ("< 0.5", "< 0.5"),
        ("", ""),
    ],
)
def test_separated__minus_sign_and_thousands(written: str, shown: str) -> None:
    assert separated(written) == shown
