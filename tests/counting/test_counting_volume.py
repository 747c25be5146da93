"""`$VOL`, kept volume, aborted and lost events."""

from __future__ import annotations

import pytest

from nkflow.counting.evaluable import NotEvaluable
from nkflow.counting.volume import Acquisition, acquired_volume, kept_volume


def test_vol__means_nothing_without_its_unit() -> None:
    found = acquired_volume(300_000.0, None, 300.0)
    assert isinstance(found, NotEvaluable)
    assert "unit" in found.reason


@pytest.mark.parametrize(("value", "unit"), [(300_000.0, "nL"), (300.0, "uL"), (0.3, "mL")])
def test_vol__is_in_the_stated_unit(value: float, unit: str) -> None:
    assert acquired_volume(value, unit, 300.0) == pytest.approx(300.0)


@pytest.mark.parametrize(("value", "unit"), [(300_000.0, "uL"), (300.0, "nL"), (300.0, "mL")])
def test_vol__a_thousandfold_wrong_unit_is_no_flow_rate(value: float, unit: str) -> None:
    found = acquired_volume(value, unit, 300.0)
    assert isinstance(found, NotEvaluable)
    assert "uL/min" in found.reason


@pytest.mark.parametrize(("value", "seconds"), [(None, 300.0), (0.0, 300.0), (300.0, None), (300.0, 0.0)])
def test_vol__missing_or_unchecked_is_not_evaluable(value: float | None, seconds: float | None) -> None:
    assert isinstance(acquired_volume(value, "uL", seconds), NotEvaluable)


def test_kept_volume__scales_by_time_only_where_the_flow_was_steady() -> None:
    assert kept_volume(300.0, kept_time=0.9, steady_flow=True) == pytest.approx(270.0)
    across = kept_volume(300.0, kept_time=0.9, steady_flow=False)
    assert isinstance(across, NotEvaluable)
    by_beads = kept_volume(300.0, kept_time=0.9, steady_flow=False, beads=(9780, 10_000))
    assert by_beads == pytest.approx(293.4)
    assert isinstance(kept_volume(300.0, kept_time=0.9, steady_flow=False, beads=(0, 0)), NotEvaluable)


def test_kept_volume__a_clog_by_time_would_overstate() -> None:
    """10 s at a fifth of the flow in 100 s: volume 92/100, of which 90 are kept in 90 of the seconds."""
    whole = 92.0
    by_time = kept_volume(whole, kept_time=0.9, steady_flow=True)
    assert not isinstance(by_time, NotEvaluable)
    assert 90.0 / by_time - 1 == pytest.approx(0.087, abs=5e-4)


def test_lost_events__correct_up_to_a_twentieth() -> None:
    none, few, many = (Acquisition(300.0, events=99_000, aborted=n, lost=n // 2) for n in (0, 600, 6000))
    assert none.evaluated() == 300.0
    assert few.evaluated() == pytest.approx(300.0 * 99_000 / 99_900)
    assert isinstance(many.evaluated(), NotEvaluable)
    assert not none.noted
    assert Acquisition(300.0, events=99_000, aborted=1100).noted
    assert isinstance(Acquisition().evaluated(), NotEvaluable)
