"""Binned densities: kernels against their twins, and the peaks that counting does not explain."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from adaptive.shapes import two_peaks
from naive import density as naive
from nkflow.gating.adaptive.bootstrap import GUIDE, POISSON, replicated
from nkflow.gating.adaptive.density import density
from nkflow.kernels import density as kernels

finite = st.floats(-2, 2, allow_nan=False)


@settings(deadline=None, max_examples=50)
@given(arrays(np.float64, st.integers(0, 60), elements=st.one_of(finite, st.just(np.nan), st.just(np.inf))))
def test_fill_inside__agrees_with_its_twin(values: np.ndarray) -> None:
    fast, slow = np.zeros(16), np.zeros(16)
    outside = kernels.fill_inside(values, -1.0, 8.0, fast)
    assert outside == naive.fill_inside(values, -1.0, 8.0, slow)
    np.testing.assert_array_equal(fast, slow)
    assert fast.sum() + outside == len(values)


@settings(deadline=None, max_examples=50)
@given(
    arrays(np.float64, (3, 24), elements=st.integers(0, 1000).map(float)),
    st.integers(1, 9),
    st.tuples(st.integers(0, 11), st.integers(12, 23)),
)
def test_smoothing_and_floors__agree_with_their_twins(
    rows: np.ndarray, reach: int, ends: tuple[int, int]
) -> None:
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / reach) ** 2)
    weights /= weights.sum()
    fast, slow = np.empty_like(rows), np.empty_like(rows)
    kernels.smooth_rows(rows, weights, fast)
    naive.smooth_rows(rows, weights, slow)
    np.testing.assert_allclose(fast, slow, rtol=1e-12, atol=1e-9)
    between, valid = np.empty((3, 24 - 2 * reach)), np.empty((3, 24 - 2 * reach))
    kernels.smooth_between(rows, weights, between)
    naive.smooth_between(rows, weights, valid)
    np.testing.assert_allclose(between, valid, rtol=1e-12, atol=1e-9)
    places, expected = np.empty(3), np.empty(3)
    kernels.floor_places(fast, 0.1, 1.5, *ends, places)
    naive.floor_places(fast, 0.1, 1.5, *ends, expected)
    np.testing.assert_allclose(places, expected)


# anywhere, where a part of the guide begins, and where a probability ends
uniform = st.one_of(
    st.floats(0, 1, exclude_max=True),
    st.integers(0, 255).map(lambda k: k / 256),
    st.sampled_from(POISSON[POISSON < 1.0].tolist()),
)


@settings(deadline=None, max_examples=100)
@given(arrays(np.float64, (4, 3), elements=uniform), st.integers(0, 2**32 - 1))
def test_drawn_counts__agree_with_their_twin(u: np.ndarray, seed: int) -> None:
    counts = np.random.default_rng(seed).integers(0, len(POISSON), size=3)
    columns, fast, slow = np.array([4, 0, 3]), np.full((4, 5), -1.0), np.full((4, 5), -1.0)
    kernels.drawn_counts(u, counts, POISSON, GUIDE, columns, fast)
    naive.drawn_counts(u, counts, POISSON, GUIDE, columns, slow)
    np.testing.assert_array_equal(fast, slow)


def test_replicates__have_the_covariance_of_a_multinomial() -> None:
    """Against numpy's own multinomial, smoothed: the same means and the same SDs, in rare bins and in full ones."""
    found = density(two_peaks(5000, share=0.2, seed=4))
    bins = (150, 600)
    mine = replicated(found, bins, seed=1, replicates=4000)
    counts = found.counts
    drawn = np.random.default_rng(2).multinomial(int(counts.sum()), counts / counts.sum(), size=4000)
    smoothed = np.empty(drawn.shape)
    kernels.smooth_rows(drawn.astype(np.float64), found.weights, smoothed)
    theirs = smoothed[:, bins[0] : bins[1] + 1]
    sd = theirs.std(axis=0)
    assert np.abs(mine.mean(axis=0) - theirs.mean(axis=0)).max() <= (0.12 * sd).max()
    assert (np.abs(mine.mean(axis=0) - found.height[bins[0] : bins[1] + 1]) <= 0.12 * sd + 1e-9).all()
    clear = found.height[bins[0] : bins[1] + 1] > 0.05
    np.testing.assert_allclose(mine.std(axis=0)[clear], sd[clear], rtol=0.15)
    np.testing.assert_array_equal(mine, replicated(found, bins, seed=1, replicates=4000))


def test_density__loses_no_event_and_smooths_to_the_same_sum() -> None:
    values = two_peaks(5000, seed=1)
    values[:7] = np.nan
    found = density(values)
    assert found.n + found.outside == 5000
    assert found.outside >= 7
    assert found.height.sum() == pytest.approx(found.counts.sum(), abs=1.0)  # the ends smooth outwards
    assert not found.counts.flags.writeable
    assert not found.height.flags.writeable


@pytest.mark.parametrize("share", [0.5, 0.1, 0.01])
def test_peaks__of_two_populations_are_two(share: float) -> None:
    found = density(two_peaks(30_000, share=share, seed=2))
    lower, upper = (found.place(peak.bin) for peak in found.peaks)
    assert lower == pytest.approx(0.25, abs=0.03)
    assert upper == pytest.approx(0.65, abs=0.05)


def test_peaks__of_one_population_are_one_in_most_samples() -> None:
    counts = [len(density(np.random.default_rng(seed).normal(0.5, 0.1, 2000)).peaks) for seed in range(60)]
    assert counts.count(1) >= 54


@pytest.mark.parametrize("values", [np.empty(0), np.full(500, 0.3), np.full(5, np.nan)])
def test_density__of_nothing_or_one_value_has_no_second_peak(values: np.ndarray) -> None:
    found = density(values)
    assert len(found.peaks) <= 1
    assert np.isfinite(found.height).all()


def test_quantiles__are_numpys_to_a_bin_and_may_be_of_some_bins_alone() -> None:
    values = np.random.default_rng(8).normal(0.5, 0.1, 20_000)
    found = density(values)
    for part in (0.01, 0.25, 0.5, 0.75, 0.99):
        assert found.quantiles(part)[0] == pytest.approx(np.quantile(values, part), abs=found.step)
    low, high = found.bin(0.5), found.bin(0.7)
    some = values[(values >= found.low + low * found.step) & (values < found.low + (high + 1) * found.step)]
    ends = found.quantiles(0.25, 0.75, between=(low, high))
    assert ends == pytest.approx(np.quantile(some, [0.25, 0.75]), abs=found.step)
