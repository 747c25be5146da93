"""Sources, signs, covariances, and sums of estimates that share them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nkflow.counting.budget import Budget, Term, combined, covariance


def term(source: str, u: float, *, shared: bool = False) -> Term:
    return Term(source, "cells", u, shared)


def test_sources__add_in_quadrature_and_with_signs_within_one() -> None:
    budget = Budget((term("a", 0.03), term("b", 0.04), term("c", 0.1), term("c", -0.1)))
    assert budget.u_rel == pytest.approx(0.05)
    rows = budget.contributions()
    assert [row["source"] for row in rows] == ["b", "a", "c"]
    assert math.fsum(row["share"] for row in rows) == pytest.approx(1.0)


def test_covariance__is_of_common_sources_only() -> None:
    one = Budget((term("lot", 0.02), term("cells A", 0.05)))
    other = Budget((term("lot", 0.02), term("cells B", 0.07), term("gate", -0.01)))
    assert covariance(one, other) == pytest.approx(0.0004)
    assert covariance(one, one) == pytest.approx(one.u_rel**2)


def test_sum__of_one_measurement_does_not_shrink() -> None:
    terms = (term("lot", 0.02, shared=True), term("cells", 0.15))
    value, u = combined([(1e4, terms), (3e4, terms), (5e4, terms)])
    assert value == 9e4
    assert u == pytest.approx(math.hypot(0.02, 0.15))


def test_sum__of_independent_preparations_is_the_formula() -> None:
    """``u(ΣT)² = Σ(T_i u_rand)² + (ΣT_i)² u_sys²``."""
    doses = (1e4, 3e4, 5e4)
    terms = (term("lot", 0.02, shared=True), term("cells", 0.15))
    _, u = combined([(dose, terms) for dose in doses], independent=True)
    exact = math.sqrt(sum((dose * 0.15) ** 2 for dose in doses) + (9e4 * 0.02) ** 2) / 9e4
    assert u == pytest.approx(exact, rel=1e-12)


def test_sum__of_other_sources_is_in_quadrature() -> None:
    _, u = combined([(1.0, (term("a", 0.1),)), (1.0, (term("b", 0.1),))])
    assert u == pytest.approx(0.1 / math.sqrt(2))
    assert combined([]) == (0.0, 0.0)


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.tuples(st.floats(1, 1e6), st.floats(0, 0.5), st.floats(0, 0.5)), min_size=1, max_size=6),
    st.randoms(),
)
def test_sum__lies_between_independent_and_fully_correlated(
    parts: list[tuple[float, float, float]], random: object
) -> None:
    doses = [(y, (term("shared", a, shared=True), term("own", b))) for y, a, b in parts]
    value, one = combined(doses)
    apart = combined(doses, independent=True)[1]
    assert apart <= one * (1 + 1e-12)
    assert value == pytest.approx(sum(y for y, _, _ in parts))
    random.shuffle(doses)  # type: ignore[attr-defined]
    assert combined(doses)[1] == pytest.approx(one)
