"""The biweight kernels against their twins."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import biweight as naive
from nkflow.kernels.biweight import biweight_line, biweight_normal, biweight_sandwich, biweight_sums


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(0, 60), cut=st.floats(0.5, 40.0))
def test_biweight_sums__equal_their_twin(seed: int, n: int, cut: float) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(0, 10, n), rng.normal(0, 10, n)
    found = biweight_sums(y, x, 0.3, 1.5, cut)
    assert found == pytest.approx(naive.biweight_sums(y, x, 0.3, 1.5, cut), rel=1e-12, abs=1e-12)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(0, 1200), width=st.floats(0.5, 40.0))
def test_biweight_line__equals_its_twin(seed: int, n: int, width: float) -> None:
    rng = np.random.default_rng(seed)
    x, y, z = rng.normal(0, 10, n), rng.normal(0, 10, n), rng.normal(3, 8, n)
    cut = width * rng.uniform(0.5, 2.0, n)
    found, expected = np.full((3, 5), -7.0), np.full((3, 5), -7.0)
    biweight_line(x, y, z, cut, 0.3, 1.5, found)
    naive.biweight_line(x, y, z, cut, 0.3, 1.5, expected)
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-8)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 60), p=st.integers(1, 5))
def test_biweight_normal_and_sandwich__equal_their_twins(seed: int, n: int, p: int) -> None:
    rng = np.random.default_rng(seed)
    design = rng.normal(0, 1, (n, p)) * (rng.random((n, p)) > 0.2)
    y, beta, cut = rng.normal(0, 3, n), rng.normal(0, 1, p), float(rng.uniform(0.5, 9))
    found, expected = np.full((p, p + 1), -7.0), np.full((p, p + 1), -7.0)
    total = biweight_normal(design, y, beta, cut, found)
    assert total == pytest.approx(naive.biweight_normal(design, y, beta, cut, expected), rel=1e-12, abs=1e-12)
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-11)
    mine, theirs = np.full((2, p, p), -7.0), np.full((2, p, p), -7.0)
    biweight_sandwich(design, y, beta, cut, mine)
    naive.biweight_sandwich(design, y, beta, cut, theirs)
    np.testing.assert_allclose(mine, theirs, rtol=1e-11, atol=1e-11)
