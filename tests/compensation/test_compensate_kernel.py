"""The compensation kernel against its twin, and the promise that nothing but the event decides its bits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import compensate as naive
from nkflow.kernels.compensate import TILE, add_pair, compensate_columns


def run(kernel, observed, rows, weights, count, capacity):
    out = np.full((weights.shape[0], capacity), -7.0)
    kernel(observed, rows, weights, count, out)
    return out


@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 14),
    wanted=st.integers(1, 5),
    count=st.integers(0, 40),
)
def test_compensate_columns__equals_its_twin_bit_for_bit(seed: int, n: int, wanted: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    observed = rng.normal(0, 1e4, (n + 2, 40))
    observed[rng.random(observed.shape) < 0.02] = np.nan
    observed[rng.random(observed.shape) < 0.02] = np.inf
    rows = rng.permutation(n + 2)[:n]
    weights = rng.normal(0, 1, (wanted, n))
    with np.errstate(
        invalid="ignore"
    ):  # infinities of either sign meet; the kernel warns too where it isn't compiled
        found, expected = (
            run(kernel, observed, rows, weights, count, 40)
            for kernel in (compensate_columns, naive.compensate_columns)
        )
    np.testing.assert_array_equal(found, expected)


@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(1, 14),
    first=st.integers(0, 3),
    count=st.integers(0, 40),
    stored=st.sampled_from([np.float32, np.float64]),
)
def test_add_pair__equals_its_twin_bit_for_bit(
    seed: int, n: int, first: int, count: int, stored: type[np.floating]
) -> None:
    rng = np.random.default_rng(seed)
    observed = rng.normal(0, 1e4, (n + 2, 43)).astype(stored)
    rows = rng.permutation(n + 2)[:n]
    v, w = rng.normal(0, 1, (2, n))
    found, expected = np.full((2, count), -7.0), np.full((2, count), -9.0)
    add_pair(observed, first, rows, v, w, *found)
    naive.add_pair(observed, first, rows, v, w, *expected)
    assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("split", [1, 7, TILE - 1, TILE, TILE + 1, 1999])
def test_compensate_columns__gives_the_same_bits_in_any_block(split: int) -> None:
    rng = np.random.default_rng(11)
    observed, weights, rows = rng.normal(0, 1e4, (8, 2000)), rng.normal(0, 1, (8, 8)), np.arange(8)
    whole = run(compensate_columns, observed, rows, weights, 2000, 2000)
    parts = [np.ascontiguousarray(observed[:, a:b]) for a, b in ((0, split), (split, 2000))]
    split_up = np.hstack([run(compensate_columns, p, rows, weights, p.shape[1], p.shape[1]) for p in parts])
    assert whole.tobytes() == split_up.tobytes()


def test_compensate_columns__gives_the_same_bits_for_any_choice_of_outputs() -> None:
    rng = np.random.default_rng(12)
    observed, weights, rows = rng.normal(0, 1e4, (6, 100)), rng.normal(0, 1, (6, 6)), np.arange(6)
    whole = run(compensate_columns, observed, rows, weights, 100, 100)
    one = run(compensate_columns, observed, rows, np.ascontiguousarray(weights[4:5]), 100, 100)
    assert whole[4].tobytes() == one[0].tobytes()


def test_compensate_columns__leaves_the_rest_of_the_buffer_alone() -> None:
    out = run(compensate_columns, np.ones((1, 10)), np.arange(1), np.ones((1, 1)), 4, 10)
    np.testing.assert_array_equal(out[0], [1.0] * 4 + [-7.0] * 6)
