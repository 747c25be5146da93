"""Every kernel of acquisition QC against its slow twin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from naive import acquisition as slow
from naive import acquisition_scan as slow_scan
from nkflow.kernels import acquisition as fast
from nkflow.kernels import acquisition_scan as fast_scan

SEEDS = st.integers(0, 2**32 - 1)


@settings(deadline=None, max_examples=40)
@given(SEEDS, st.integers(1, 60), st.integers(1, 7), st.integers(1, 20))
def test_slices__end_at_ticks_and_hold_enough(seed: int, n: int, least: int, block: int) -> None:
    time = np.cumsum(np.random.default_rng(seed).integers(0, 2, n)).astype(float)
    results = []
    for kernel in (fast.assign_slices, slow.assign_slices):
        state, starts = np.array([-1, least], dtype=np.int64), np.zeros(n + 1, dtype=np.int64)
        out = np.empty(n, dtype=np.int64)
        for first in range(0, n, block):
            kernel(time, first, least, state, starts, out[first : first + block])
        results.append((out.copy(), starts[: state[0] + 1].copy()))
    (out, starts), (expected, expected_starts) = results
    np.testing.assert_array_equal(out, expected)
    np.testing.assert_array_equal(starts, expected_starts)
    for number, start in enumerate(starts):
        assert np.array_equal(np.flatnonzero(out == number), np.arange(start, start + np.sum(out == number)))
        assert start == 0 or time[start] != time[start - 1]
    assert np.bincount(out)[:-1].min(initial=least) >= least


@settings(deadline=None, max_examples=40)
@given(SEEDS, st.integers(0, 200))
def test_levels__are_added_up(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    x = np.round(rng.normal(0, 3, n))  # ties with the cuts
    x[rng.random(n) < 0.05] = np.nan
    cuts = np.sort(np.round(rng.normal(0, 3, 63)))
    ranks, slices = rng.random(64), np.sort(rng.integers(0, 5, n))
    sums, expected = np.zeros(5), np.zeros(5)
    fast.add_levels(x, cuts, ranks, slices, sums)
    slow.add_levels(x, cuts, ranks, slices, expected)
    np.testing.assert_allclose(sums, expected, rtol=1e-12, atol=0)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.sampled_from([0.0, 1.0, 2.0, 5.0, np.nan, np.inf]), max_size=40),
    st.sampled_from([1.0, 2.0, np.inf]),
)
def test_margin__is_reached_from_below(values: list[float], limit: float) -> None:
    x = np.array(values, dtype=float)
    out, expected = np.zeros(len(x), np.bool_), np.zeros(len(x), np.bool_)
    assert fast.mark_margin(x, limit, out) == slow.mark_margin(x, limit, expected)
    np.testing.assert_array_equal(out, expected)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(st.integers(-2, 4), max_size=12), min_size=1, max_size=4))
def test_top__is_kept_over_blocks(blocks: list[list[int]]) -> None:
    top, expected = np.array([-np.inf, 0.0, -np.inf, 0.0]), np.array([-np.inf, 0.0, -np.inf, 0.0])
    for block in blocks:
        fast.track_top(np.array([*block, np.nan], dtype=float), top)
        slow.track_top(np.array([*block, np.nan], dtype=float), expected)
    np.testing.assert_array_equal(top, expected)


@settings(deadline=None, max_examples=150)
@given(SEEDS, st.integers(0, 60), st.floats(0.5, 6.0))
def test_excursions__are_those_of_the_twin(seed: int, n: int, threshold: float) -> None:
    rng = np.random.default_rng(seed)
    sums, weights = rng.poisson(2.0, n).astype(float), rng.exponential(2.0, n)
    sums[n // 3 : n // 2] *= 3.0
    runs, expected = np.zeros((2, 30, 2), dtype=np.int64)
    given_ = (sums, weights, 0.7, 0.9, threshold)
    found = fast_scan.excursions(*given_, runs)
    assert found == slow_scan.excursions(*given_, expected)
    np.testing.assert_array_equal(runs, expected)


def test_excursions__stop_where_there_is_no_room() -> None:
    sums = np.tile([5.0, 0.0, 0.0], 6)
    runs = np.zeros((2, 2), dtype=np.int64)
    assert fast_scan.excursions(sums, np.full(18, 2.0), 1.0, 1.0, 2.5, runs) == 2
    assert runs.tolist() == [[0, 1], [3, 4]]


@settings(deadline=None, max_examples=100)
@given(SEEDS, st.integers(0, 40))
def test_best_run__is_the_best_of_all(seed: int, n: int) -> None:
    score = np.random.default_rng(seed).normal(-0.2, 1.0, n)
    run, expected = np.zeros((2, 2), dtype=np.int64)
    assert fast_scan.best_run(score, run) == pytest.approx(slow_scan.best_run(score, expected), rel=1e-12)
    np.testing.assert_array_equal(run, expected)
