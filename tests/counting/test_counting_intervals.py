"""Intervals of proportions and counts against published tables, scipy and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nkflow.counting.intervals import (
    Interval,
    clopper_pearson,
    clopper_pearson_upper,
    lognormal,
    poisson,
    poisson_upper,
    wilson,
)

# exact Poisson bounds: events, two-sided low and high, one-sided upper (Garwood 1936; docs/dose.md)
TABLE = (
    (0, 0.0, 3.6889, 2.995732),
    (1, 0.0253, 5.5716, 4.743865),
    (5, 1.6235, 11.6683, 10.513035),
    (10, 4.7954, 18.3904, 16.962219),
    (20, 12.2165, 30.8884, 29.062019),
    (50, 37.1110, 65.9188, 63.287074),
    (100, 81.364, 121.6268, 118.079273),
    (1000, 938.973, 1063.9521, 1053.603122),
)


@pytest.mark.parametrize(("n", "low", "high", "upper"), TABLE)
def test_poisson__is_the_published_table(n: int, low: float, high: float, upper: float) -> None:
    found = poisson(n)
    assert float(found[0]) == pytest.approx(low, abs=6e-5, rel=1e-5)
    assert float(found[1]) == pytest.approx(high, abs=6e-5, rel=1e-5)
    assert float(poisson_upper(n)) == pytest.approx(upper, abs=6e-7)


def test_poisson_upper__of_no_events_is_minus_log_of_a_twentieth() -> None:
    assert float(poisson_upper(0)) == pytest.approx(-math.log(0.05), rel=1e-14)
    assert float(poisson_upper(0, phi=4.0)) == pytest.approx(-4 * math.log(0.05), rel=1e-14)


@pytest.mark.parametrize(
    ("x", "n"), [(0, 50), (1, 50), (25, 50), (49, 50), (50, 50), (189, 20750), (20750, 24253)]
)
def test_proportions__agree_with_scipy(x: int, n: int) -> None:
    from scipy.stats import binomtest

    test = binomtest(x, n)
    for found, method in ((wilson(x, n), "wilson"), (clopper_pearson(x, n), "exact")):
        theirs = test.proportion_ci(method=method)
        assert [float(end) for end in found] == pytest.approx([theirs.low, theirs.high], rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("n", [1, 7, 20750])
def test_edges__start_at_nothing_and_end_at_all(n: int) -> None:
    for interval in (wilson, clopper_pearson):
        assert float(interval(0, n)[0]) == 0.0
        assert float(interval(n, n)[1]) == 1.0
    assert float(clopper_pearson_upper(0, n)) == pytest.approx(1 - 0.05 ** (1 / n), rel=1e-12)
    assert float(clopper_pearson_upper(n, n)) == 1.0


def test_none_of_200__is_up_to_two_percent() -> None:
    # STANDARDS SEC-04: a "0 %" of 200 events
    assert [float(end) for end in clopper_pearson(0, 200)] == pytest.approx([0.0, 0.0183], abs=5e-5)
    assert [float(end) for end in wilson(0, 200)] == pytest.approx([0.0, 0.0188], abs=5e-5)


def test_wilson__is_its_closed_form() -> None:
    z, x, n = 1.959963984540054, 36.0, 20750.0
    p = x / n
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    expected = [
        (p + z * z / (2 * n) - half) / (1 + z * z / n),
        (p + z * z / (2 * n) + half) / (1 + z * z / n),
    ]
    assert [float(end) for end in wilson(x, n)] == pytest.approx(expected, rel=1e-12)


def test_intervals__take_arrays() -> None:
    x, n = np.array([0, 3, 50]), np.array([50, 50, 50])
    for interval in (wilson, clopper_pearson):
        low, high = interval(x, n)
        singles = [interval(int(one), 50) for one in x]
        assert low.tolist() == [float(single[0]) for single in singles]
        assert high.tolist() == [float(single[1]) for single in singles]


def test_lognormal__is_symmetric_on_the_log_scale() -> None:
    low, high = (float(end) for end in lognormal(100.0, 0.1))
    assert low * high == pytest.approx(1e4)
    assert high == pytest.approx(100 * math.exp(0.1959963984540054))


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 5000), st.floats(1.0, 10.0))
def test_poisson__holds_its_count_and_widens_with_phi(n: int, phi: float) -> None:
    low, high = (float(end) for end in poisson(n, phi=phi))
    assert low <= n <= high
    plain = [float(end) for end in poisson(n)]
    assert high >= plain[1] * (1 - 1e-9)
    assert low <= plain[0] * (1 + 1e-9)
    assert float(poisson_upper(n + 1, phi=phi)) > float(poisson_upper(n, phi=phi))


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_proportions__hold_their_estimate(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 100_000))
    x = data.draw(st.integers(0, n))
    for interval in (wilson, clopper_pearson):
        low, high = (float(end) for end in interval(x, n))
        assert 0 <= low <= x / n * (1 + 1e-12)
        assert x / n * (1 - 1e-12) <= high <= 1


def test_interval__is_plain_values() -> None:
    assert Interval(1.0, 2.0, "Wilson").as_dict() == {
        "low": 1.0,
        "high": 2.0,
        "method": "Wilson",
        "level": 0.95,
    }
