"""Runs whose clock tells nothing are not assessable, and never pass."""

from __future__ import annotations

import numpy as np
import pytest

from acquisition.acquisition_runs import a_run, at_rates, sample_of
from nkflow.acquisition import check_acquisition
from nkflow.errors import DataError

SECONDS = at_rates([(60.0, 300.0)], seed=1)


def _wrapped(seconds: np.ndarray) -> np.ndarray:
    return seconds % 40.96


def _concatenated(seconds: np.ndarray) -> np.ndarray:
    return np.concatenate([seconds, seconds])


def _jittered(seconds: np.ndarray) -> np.ndarray:
    return seconds + np.random.default_rng(2).normal(0.0, 0.1, len(seconds)).clip(-1.0, 1.0) + 1.0


def _stuck(seconds: np.ndarray) -> np.ndarray:
    return np.minimum(seconds, 40.95)


@pytest.mark.parametrize(
    ("clock", "reason"),
    [
        (None, "no time channel"),
        (_wrapped, "starts again 1 times"),
        (_concatenated, "starts again 1 times"),
        (_jittered, "goes back"),
        (lambda t: t[np.random.default_rng(3).permutation(len(t))], "goes back"),
        (_stuck, "the clock stops"),
        (np.zeros_like, "stands still"),
        (lambda t: np.where(np.arange(len(t)) == 7, np.nan, t), "no numbers"),
        (lambda t: np.floor(t / 10.0) * 10.0, "6 different times"),
        (lambda t: t[:999], "fewer than ten bins"),
        (lambda t: t[:0], "fewer than ten bins"),
    ],
    ids=[
        "missing",
        "wrapped",
        "concatenated",
        "jitter",
        "shuffled",
        "stuck",
        "constant",
        "nan",
        "coarse",
        "few",
        "empty",
    ],
)
def test_bad_clock__is_not_assessable(clock: object, reason: str) -> None:
    seconds = None if clock is None else clock(SECONDS)  # type: ignore[operator]
    n = len(SECONDS) if seconds is None else len(seconds)
    signals = np.resize(a_run(SECONDS, seed=1), (n, 4))
    quality = check_acquisition(sample_of(signals, seconds))
    assert not quality.assessable
    assert reason in quality.reason
    assert quality.mask.shape == (n,)
    assert quality.mask.all()
    assert quality.kept_time is quality.total_time is quality.removed_time is None
    assert not quality.steady_flow
    assert [finding.code for finding in quality.findings] == ["acquisition-not-assessable"]
    assert "no pass" in quality.findings[0].consequence
    assert "not assessable" in quality._repr_html_()
    with pytest.raises(DataError, match="drawn"):
        quality.figure()


def test_order__is_that_of_the_file() -> None:
    order = np.random.default_rng(4).permutation(len(SECONDS))
    shuffled = check_acquisition(sample_of(a_run(SECONDS, seed=1)[order], SECONDS[order]))
    assert not shuffled.assessable  # sorting by time would have made it a clean run


def test_clock_of_coarse_ticks__is_good_enough() -> None:
    seconds = at_rates([(40.0, 300.0), (6.0, 60.0), (40.0, 300.0)], seed=5)
    coarse = np.floor(seconds / 0.5) * 0.5
    quality = check_acquisition(sample_of(a_run(seconds, seed=5), coarse))
    (segment,) = quality.segments
    assert segment.begin == pytest.approx(40.0, abs=0.51)
    assert segment.end == pytest.approx(46.0, abs=0.51)


def test_slow_clock__does_not_look_like_a_clog() -> None:
    for tick in (0.03, 0.07, 0.31, 1.0):
        coarse = np.floor(SECONDS / tick) * tick
        assert check_acquisition(sample_of(a_run(SECONDS, seed=1), coarse)).mask.all()
