"""`check_acquisition` as its callers meet it, on runs of a generator of its own."""

from __future__ import annotations

import json

import numpy as np
import pytest

from acquisition.acquisition_runs import a_run, at_rates, sample_of
from nkflow.acquisition import AcquisitionChecks, Quality, check_acquisition
from nkflow.counting.evaluable import NotEvaluable
from nkflow.counting.volume import kept_volume
from nkflow.fcs.sample import Sample

STEADY = [(60.0, 300.0)]


def _steady(seed: int = 1) -> Sample:
    seconds = at_rates(STEADY, seed=seed)
    return sample_of(a_run(seconds, seed=seed), seconds)


def _clogged(seed: int = 1, *, flow: float = 0.2) -> tuple[Sample, np.ndarray]:
    seconds = at_rates([(30.0, 300.0), (8.0, 300.0 * flow), (30.0, 300.0)], seed=seed)
    return sample_of(a_run(seconds, seed=seed), seconds), (seconds >= 30.0) & (seconds < 38.0)


def _dimmed(seed: int = 1, *, to: float = 0.3) -> tuple[Sample, np.ndarray]:
    seconds = at_rates(STEADY, seed=seed)
    signals, bad = a_run(seconds, seed=seed), (seconds >= 20.0) & (seconds < 26.0)
    signals[bad, 3] *= to
    return sample_of(signals, seconds), bad


def _codes(quality: Quality) -> dict[str, str]:
    return {finding.code: finding.severity for finding in quality.findings}


def test_steady_run__is_kept_whole() -> None:
    sample = _steady()
    quality = check_acquisition(sample)
    assert quality.assessable
    assert quality.mask.shape == (sample.n_events,)
    assert quality.mask.dtype == np.bool_
    assert quality.mask.all()
    assert quality.segments == ()
    assert quality.kept_time == 1.0
    assert quality.total_time == pytest.approx(60.0, abs=0.1)
    assert quality.steady_flow
    assert quality.volume_reason == ""
    assert quality.findings == ()


def test_false_alarms__are_as_rare_as_promised() -> None:
    removed = [check_acquisition(_steady(seed)).removed_events for seed in range(40)]
    assert sum(count > 0 for count in removed) == 0  # 0.04 expected at most


def test_clog__is_removed_to_the_tick_and_the_volume_is_unknown() -> None:
    sample, bad = _clogged()
    quality = check_acquisition(sample)
    (segment,) = quality.segments
    assert segment.reason == "clog"
    assert segment.begin == pytest.approx(30.0, abs=0.1)
    assert segment.end == pytest.approx(38.0, abs=0.1)
    assert segment.rate == pytest.approx(0.2, abs=0.05)
    assert np.count_nonzero(quality.mask == bad) <= 30  # both edges, in events
    assert quality.removed_events == segment.events == segment.stop - segment.first
    assert quality.removed_time == pytest.approx(8.0, abs=0.2)
    assert "clog" in quality.volume_reason
    assert not quality.steady_flow


def test_volume_across_a_clog__is_not_scaled_by_time() -> None:
    quality = check_acquisition(_clogged()[0])
    assert quality.kept_time is not None
    given = {"kept_time": quality.kept_time, "steady_flow": quality.steady_flow}
    assert isinstance(kept_volume(100.0, **given), NotEvaluable)
    assert kept_volume(100.0, **given, beads=(90, 100)) == pytest.approx(90.0)


def test_drift__names_its_channel_and_leaves_the_volume_known() -> None:
    sample, bad = _dimmed()
    quality = check_acquisition(sample)
    (segment,) = quality.segments
    assert segment.reason == "drift"
    assert segment.channels == ("CD56",)
    assert segment.shifts["CD56"] < -0.05
    assert np.count_nonzero(quality.mask == bad) <= 200  # of 1800: half of the events do not carry the marker
    assert quality.steady_flow
    assert quality.kept_time is not None
    volume = kept_volume(100.0, kept_time=quality.kept_time, steady_flow=quality.steady_flow)
    assert volume == pytest.approx(100.0 * quality.kept_time, rel=1e-12)
    assert volume == pytest.approx(90.0, abs=1.5)


def test_pause__is_found_though_no_event_is_in_it() -> None:
    seconds = at_rates(STEADY, seed=3)
    seconds[seconds > 40.0] += 5.0
    quality = check_acquisition(sample_of(a_run(seconds, seed=3), seconds))
    assert quality.removed_time == pytest.approx(5.0, abs=0.1)
    assert quality.removed_events < 30
    assert not quality.steady_flow


@pytest.mark.parametrize(("flow", "reason"), [(2.5, "flow"), (0.45, "flow")])
def test_flow_step_to_the_end__is_the_shorter_part(flow: float, reason: str) -> None:
    seconds = at_rates([(45.0, 300.0), (20.0, 300.0 * flow)], seed=4)
    quality = check_acquisition(sample_of(a_run(seconds, seed=4), seconds))
    assert [segment.reason for segment in quality.segments] == [reason]
    assert quality.segments[0].begin == pytest.approx(45.0, abs=0.2)
    assert not quality.mask[-1]


def test_slow_changes__are_left_alone() -> None:
    place = np.sort(np.random.default_rng(5).random(20_000))
    seconds = 60.0 * (place - 0.1 * place * (1.0 - place))  # the rate falls by a fifth
    signals = a_run(seconds, seed=5) * (1.0 - 0.05 * seconds / 60.0)[:, None]
    quality = check_acquisition(sample_of(signals, seconds))
    assert quality.mask.all()
    assert quality.rate_drift == pytest.approx(-0.2, abs=0.04)


def test_large_slow_change__is_an_unsteady_run_and_no_volume() -> None:
    seconds = at_rates(STEADY, seed=6)
    signals = a_run(seconds, seed=6) * (1.0 - 0.5 * seconds / 60.0)[:, None]
    quality = check_acquisition(sample_of(signals, seconds))
    assert quality.kept_time is not None
    assert quality.kept_time < 0.5
    assert _codes(quality)["acquisition-unsteady"] == "error"


def test_rate_that_changed_much__makes_time_no_measure_of_volume() -> None:
    place = np.sort(np.random.default_rng(7).random(20_000))
    seconds = 60.0 * (place - 0.25 * place * (1.0 - place))
    signals = a_run(seconds, seed=7)
    signals[(seconds > 20.0) & (seconds < 25.0), 2:] *= 0.5
    quality = check_acquisition(sample_of(signals, seconds))
    assert [segment.reason for segment in quality.segments] == ["drift"]
    assert "event rate changed" in quality.volume_reason
    assert _codes(quality)["event-rate-drift"] == "warning"


def test_short_good_stretch__between_two_bad_ones_goes_too() -> None:
    def runs(gap: float) -> int:
        seconds = at_rates([(30.0, 300.0), (4.0, 40.0), (gap, 300.0), (4.0, 40.0), (30.0, 300.0)], seed=8)
        return len(check_acquisition(sample_of(a_run(seconds, seed=8), seconds)).segments)

    assert runs(0.25) == 1
    assert runs(2.0) == 2


def test_short_rests_at_both_ends__go_too() -> None:
    seconds = at_rates([(0.2, 300.0), (5.0, 60.0), (60.0, 300.0), (5.0, 60.0), (0.2, 300.0)], seed=9)
    quality = check_acquisition(sample_of(a_run(seconds, seed=9), seconds))
    assert len(quality.segments) == 2
    assert not quality.mask[0]
    assert not quality.mask[-1]


def test_units__do_not_matter_to_the_mask() -> None:
    seconds = at_rates([(30.0, 300.0), (5.0, 60.0), (30.0, 300.0)], seed=10)
    signals = a_run(seconds, seed=10)
    mask = check_acquisition(sample_of(signals, seconds)).mask
    ticks = check_acquisition(sample_of(signals, seconds, tick=None))
    assert ticks.time_unit == "ticks"
    assert ticks.removed_time == pytest.approx(500.0, abs=20.0)
    np.testing.assert_array_equal(ticks.mask, mask)
    scaled = sample_of(signals * np.array([1.0, 8.0, 0.5, 1000.0]), seconds, tick=0.02)
    np.testing.assert_array_equal(check_acquisition(scaled).mask, mask)


def test_same_events__give_the_same_answer() -> None:
    first, second = (check_acquisition(_clogged(11)[0]) for _ in range(2))
    assert json.dumps(first.as_dict(), sort_keys=True) == json.dumps(second.as_dict(), sort_keys=True)
    assert first.mask.tobytes() == second.mask.tobytes()
    assert first.svg() == second.svg()


def test_mask__is_read_only() -> None:
    quality = check_acquisition(_steady())
    for array in (quality.mask, quality.at_margin, quality.time):
        assert array is not None
        with pytest.raises(ValueError, match="read-only"):
            array[0] = False


def test_nan_signals__are_no_fault_of_their_own() -> None:
    seconds = at_rates(STEADY, seed=12)
    signals = a_run(seconds, seed=12)
    signals[::50, 2] = np.nan
    assert check_acquisition(sample_of(signals, seconds)).mask.all()
    signals[(seconds > 20.0) & (seconds < 25.0), 2] = np.nan
    assert check_acquisition(sample_of(signals, seconds)).segments[0].channels == ("CD3",)


@pytest.mark.parametrize(
    ("aborted", "lost", "severity"),
    [("0", "0", None), ("100", "", None), ("200", "200", "warning"), ("900", "600", "warning")],
)
def test_lost_events__are_counted(aborted: str, lost: str, severity: str | None) -> None:
    seconds = at_rates(STEADY, seed=13)
    sample = sample_of(a_run(seconds, seed=13), seconds, keywords={"$ABRT": aborted, "$LOST": lost})
    quality = check_acquisition(sample)
    missing = int(aborted) + int(lost or 0)
    assert quality.lost == (int(lost) if lost else None)
    assert quality.missing_fraction == pytest.approx(missing / (sample.n_events + missing))
    assert _codes(quality).get("events-lost") == severity


def test_checks__are_parameters_of_a_document() -> None:
    sample, _ = _clogged(14, flow=0.7)
    assert check_acquisition(sample).removed_events > 0
    assert check_acquisition(sample, AcquisitionChecks(slow=0.3)).removed_events == 0
    dimmed, _ = _dimmed(14)
    assert check_acquisition(dimmed).removed_events > 0
    assert check_acquisition(dimmed, AcquisitionChecks(shift=0.4)).removed_events == 0


def test_record__holds_plain_values_only() -> None:
    quality = check_acquisition(_clogged()[0])
    record = json.loads(json.dumps(quality.as_dict(), allow_nan=False))
    assert record["segments"][0]["reason"] == "clog"
    assert record["checks"]["slow"] == 0.6
    assert record["kept_time"] == quality.kept_time
    assert record["findings"][0]["code"] == "acquisition-removed"


def test_html__tells_what_was_removed() -> None:
    html = check_acquisition(_clogged()[0])._repr_html_()
    assert "clog" in html
    assert html.count("<svg") == 1


def test_run_without_signals__is_judged_by_its_rate() -> None:
    seconds = at_rates([(30.0, 300.0), (8.0, 30.0), (30.0, 300.0)], seed=15)
    quality = check_acquisition(sample_of(np.empty((len(seconds), 0)), seconds))
    assert [segment.reason for segment in quality.segments] == ["clog"]
    assert quality.figure().data
    assert quality.margins == ()


def test_events_in_one_burst__are_judged_without_a_number_that_is_none() -> None:
    seconds = np.append(at_rates([(10.0, 300.0)], seed=16), 5000.0)
    quality = check_acquisition(sample_of(a_run(seconds, seed=16), seconds))
    assert "acquisition-unsteady" in _codes(quality)
    json.dumps(quality.as_dict(), allow_nan=False)


def test_infinite_values__are_at_the_margin() -> None:
    seconds = at_rates(STEADY, seed=17)
    signals = a_run(seconds, seed=17)
    signals[5, 1] = np.inf
    quality = check_acquisition(sample_of(signals, seconds))
    assert np.flatnonzero(quality.at_margin).tolist() == [5]
    json.dumps(quality.as_dict(), allow_nan=False)
