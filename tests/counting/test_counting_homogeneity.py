"""Replicates against the declared over-dispersion."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nkflow.counting.homogeneity import chi_square, homogeneity, ratio_homogeneity

X, N = (497, 506, 451, 548), (55873, 54902, 55210, 55480)


def test_homogeneity__is_the_published_check() -> None:
    """Four tubes with a few events in a thousand, worked out with scipy."""
    found = homogeneity(X, N, phi0=1.0, test_level=0.05)
    assert found.x2 == pytest.approx(9.342554260260671, rel=1e-12)
    assert found.p == pytest.approx(0.025066676559472405, rel=1e-9)
    assert found.phi == pytest.approx(3.114184753420224, rel=1e-12)
    assert found.raised


def test_chi_square__agrees_with_exact_fractions_and_scipy() -> None:
    from scipy.stats import chi2_contingency

    p = Fraction(sum(X), sum(N))
    exact = sum((x - n * p) ** 2 / (n * p * (1 - p)) for x, n in zip(X, N, strict=True))
    theirs = chi2_contingency([X, [n - x for x, n in zip(X, N, strict=True)]], correction=False)
    found = float(chi_square(X, N))
    assert found == pytest.approx(float(exact), rel=1e-12)
    assert found == pytest.approx(theirs.statistic, rel=1e-12)


def test_declared_phi__is_what_the_test_is_made_against() -> None:
    """Scatter that a declared φ0 explains raises nothing; the p-value is that of X²/φ0."""
    found = homogeneity(X, N, phi0=3.0, test_level=0.05)
    assert found.phi == 3.0
    assert found.p > 0.05
    assert not found.raised


def test_raised_phi__is_never_below_the_declared_one() -> None:
    rng = np.random.default_rng(3)
    for phi0 in (1.0, 2.0, 4.0):
        for _ in range(200):
            x = rng.poisson(rng.gamma(20, 5, 3))
            found = homogeneity(x, x + 7000, phi0=phi0, test_level=0.05)
            assert found.phi >= phi0
            assert (found.phi > phi0) == (found.p < 0.05 and found.x2 / 2 > phi0)


@pytest.mark.parametrize(("x", "n"), [((0, 0, 0), (70, 80, 90)), ((70, 80, 90), (70, 80, 90)), ((5,), (70,))])
def test_nothing_to_compare__is_no_scatter(x: tuple[int, ...], n: tuple[int, ...]) -> None:
    found = homogeneity(x, n, phi0=1.5, test_level=0.05)
    assert (found.x2, found.p, found.phi) == (0.0, 1.0, 1.5)


def test_ratio_to_beads__is_a_contingency_table() -> None:
    from scipy.stats import chi2_contingency

    cells, beads = (6402, 6247, 6346), (15310, 14656, 14959)
    theirs = chi2_contingency([cells, beads], correction=False)
    found = ratio_homogeneity(cells, beads)
    assert found.x2 == pytest.approx(theirs.statistic, rel=1e-12)
    assert found.p == pytest.approx(theirs.pvalue, rel=1e-9)
    assert found.phi == 1.0


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.integers(0, 500), st.integers(1, 5000)), min_size=2, max_size=5), st.randoms())
def test_order_of_tubes__changes_nothing(tubes: list[tuple[int, int]], random: object) -> None:
    shuffled = list(tubes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = (
        homogeneity([x for x, _ in order], [x + y for x, y in order], phi0=1.0, test_level=0.05)
        for order in (tubes, shuffled)
    )
    assert one.x2 == pytest.approx(other.x2, rel=1e-9, abs=1e-9)
