"""Shares that change along the run: dead cells above all."""

from __future__ import annotations

import numpy as np
import pytest

from acquisition.acquisition_runs import a_run, at_rates, sample_of
from nkflow.acquisition import check_acquisition, share_trend
from nkflow.errors import InvalidValueError

SECONDS = at_rates([(60.0, 300.0)], seed=1)
QUALITY = check_acquisition(sample_of(a_run(SECONDS, seed=1), SECONDS))
ALL = np.ones(len(SECONDS), np.bool_)


def _dead(begin: float, end: float, *, seed: int = 2) -> np.ndarray:
    share = begin + (end - begin) * SECONDS / SECONDS[-1]
    return np.random.default_rng(seed).random(len(SECONDS)) < share


def test_rising_share__is_measured_and_noted() -> None:
    trend = share_trend(QUALITY, _dead(0.10, 0.16), ALL, names=("dead", "CD45+"))
    assert trend.change == pytest.approx(0.06, abs=0.02)
    assert trend.low is not None
    assert trend.low > 0.02
    finding = trend.finding(limit=0.02)
    assert finding is not None
    assert finding.where == "dead"
    assert "of CD45+" in finding.message
    assert trend.finding(limit=0.10) is None


def test_falling_share__is_noted_too() -> None:
    finding = share_trend(QUALITY, _dead(0.5, 0.4), ALL).finding(limit=0.02)
    assert finding is not None


def test_interval__covers_no_change_as_often_as_it_says() -> None:
    trends = [share_trend(QUALITY, _dead(0.1, 0.1, seed=seed), ALL) for seed in range(400)]
    covered = sum(
        trend.low <= 0.0 <= trend.high for trend in trends if trend.low is not None and trend.high is not None
    )
    assert 0.92 * 400 <= covered <= 0.98 * 400
    assert sum(trend.finding(limit=0.02) is not None for trend in trends) == 0


def test_only_kept_events__count() -> None:
    seconds = at_rates([(30.0, 300.0), (5.0, 60.0), (30.0, 300.0)], seed=3)
    quality = check_acquisition(sample_of(a_run(seconds, seed=3), seconds))
    trend = share_trend(quality, ~quality.mask, np.ones(len(seconds), np.bool_))
    assert trend.events == np.count_nonzero(quality.mask)
    assert trend.change == 0.0


def test_trend__has_reasons_where_it_can_not_be_had() -> None:
    few = np.arange(len(SECONDS)) < 50
    assert share_trend(QUALITY, few, few).reason == "50 events are fewer than 100"
    blind = check_acquisition(sample_of(a_run(SECONDS, seed=1), None))
    assert "no time channel" in share_trend(blind, ALL, ALL).reason
    with pytest.raises(InvalidValueError, match="fit"):
        share_trend(QUALITY, ALL[:-1], ALL[:-1])
