"""Ranks: uniform where nothing happens, and blind to scale."""

from __future__ import annotations

import numpy as np
import pytest

from nkflow.acquisition.levels import levels_of
from nkflow.fcs.sample import Sample


def _ranks(values: np.ndarray, *, blur: float = 0.0) -> np.ndarray:
    sample = Sample.from_arrays([values], ["FL1-A"])
    (levels,) = levels_of(sample, sample.channels, blur=blur)
    return levels.ranks[np.searchsorted(levels.cuts, values, side="right")]


@pytest.mark.parametrize("n", [200, 16_384, 16_385, 100_000])
def test_ranks__are_uniform(n: int) -> None:
    ranks = _ranks(np.random.default_rng(n).lognormal(5.0, 2.0, n))
    assert ranks.mean() == pytest.approx(0.5, abs=0.02)
    assert ranks.var() == pytest.approx(1 / 12, rel=0.05)


def test_ranks__rise_with_the_value_and_ties_share_one() -> None:
    values = np.round(np.random.default_rng(1).lognormal(1.0, 1.0, 5000))
    ranks = _ranks(values)
    order = np.argsort(values, kind="stable")
    assert (np.diff(ranks[order]) >= 0).all()
    assert np.ptp(ranks[values == values.min()]) == 0.0
    assert ranks.var() <= 1 / 12


def test_blur__makes_small_changes_of_narrow_channels_small() -> None:
    values = 1000.0 * np.exp(0.02 * np.random.default_rng(2).standard_normal(10_000))
    sharp, blurred = _ranks(values), _ranks(values, blur=0.3)
    assert sharp.var() > 0.07
    assert blurred.var() < 0.002
    wide = np.random.default_rng(3).lognormal(5.0, 2.0, 10_000)
    assert _ranks(wide, blur=0.3).var() == pytest.approx(_ranks(wide).var(), rel=0.1)


def test_channels_without_a_second_value__have_no_levels() -> None:
    columns = [np.full(500, 3.0), np.full(500, np.nan), np.arange(500.0)]
    sample = Sample.from_arrays(columns, ["FL1-A", "FL2-A", "FL3-A"])
    assert [levels.channel.name for levels in levels_of(sample, sample.channels, blur=0.3)] == ["FL3-A"]
