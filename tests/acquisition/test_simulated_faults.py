"""Faults of the simulated cytometer: what they do to the events, and what they say about them."""

from __future__ import annotations

import numpy as np
import pytest

from nkflow.errors import InvalidValueError
from nkflow.fcs.read import read_fcs
from nkflow.simulate import SimulatedLot, SimulatedTube, simulate_lot
from nkflow.simulate.faults import FAULTS
from nkflow.simulate.faults_figures import DRAWN

EVENTS = 20_000
PLACED = ("bubble", "carry_over", "clog", "drift", "flow_step")


@pytest.fixture(scope="module")
def clean() -> SimulatedLot:
    return simulate_lot(7, events=EVENTS)


def _lot(*faults: str) -> SimulatedLot:
    return simulate_lot(7, faults=faults, events=EVENTS)


def _clock(tube: SimulatedTube) -> np.ndarray:
    return tube.sample.values(["Time"])[:, 0]


def _hashes(lot: SimulatedLot) -> list[str]:
    return [tube.sample.sha256 for tube in (*lot.tubes, *lot.controls)]


def test_faults__are_those_of_the_issue() -> None:
    assert set(FAULTS) == {
        "clog",
        "bubble",
        "flow_step",
        "drift",
        "carry_over",
        "missing_time",
        "wrapped_time",
    }
    with pytest.raises(InvalidValueError, match="no such fault"):
        _lot("leak")


def test_same_seed__gives_the_same_faults_in_any_order() -> None:
    assert _hashes(_lot("clog", "drift")) == _hashes(_lot("drift", "clog", "drift"))
    assert _hashes(_lot("clog")) != _hashes(_lot("bubble"))


def test_controls__stay_as_they_are(clean: SimulatedLot) -> None:
    spoiled = _lot(*PLACED)
    assert [tube.sample.sha256 for tube in spoiled.controls] == [
        tube.sample.sha256 for tube in clean.controls
    ]
    assert not any(tube.truth_bad.any() for tube in spoiled.controls)
    assert spoiled.lot == clean.lot
    assert spoiled.truth["faults"] == sorted(PLACED)


@pytest.mark.parametrize("fault", PLACED)
def test_each_fault__is_there_once_for_a_second_or_more(clean: SimulatedLot, fault: str) -> None:
    for tube, before in zip(_lot(fault).tubes, clean.tubes, strict=True):
        clock, bad = _clock(tube), tube.truth_bad
        assert (np.diff(clock) >= 0).all()
        edges = np.flatnonzero(np.diff(bad.astype(int)))
        assert len(edges) == (1 if bad[0] or bad[-1] else 2)
        assert 0.9 <= np.ptp(clock[bad]) <= 41.0
        # what is good in it is what the same tube has without the fault, all of it where nothing of it was spoiled
        good = np.count_nonzero(tube.truth_mask("NK") & ~bad)
        assert (good == before.truth_counts["NK"]) == (fault == "carry_over")
        assert good <= before.truth_counts["NK"]
        assert tube.truth_counts["beads"] == before.truth_counts["beads"]


def test_flow__is_what_changes_in_a_clog(clean: SimulatedLot) -> None:
    tube, before = _lot("clog").tubes[0], clean.tubes[0]
    clock, bad = _clock(tube), tube.truth_bad
    assert tube.sample.n_events == before.sample.n_events
    rate = np.count_nonzero(bad) / np.ptp(clock[bad])
    usual = before.sample.n_events / np.ptp(_clock(before))
    low, high = DRAWN["clog flow"].low, DRAWN["clog flow"].high
    assert 0.8 * low <= rate / usual <= 1.2 * high
    assert np.median(tube.sample.values(["FSC-A"])[bad]) < np.median(tube.sample.values(["FSC-A"])[~bad])
    np.testing.assert_array_equal(tube.sample.values()[~bad, :-1], before.sample.values()[~bad, :-1])


def test_volume_reading__goes_by_time_as_if_the_flow_were_steady(clean: SimulatedLot) -> None:
    tube, before = _lot("clog").tubes[0], clean.tubes[0]
    assert tube.sample.volume is not None
    assert before.sample.volume is not None
    longer = np.ptp(_clock(tube)) / np.ptp(_clock(before))
    assert longer > 1.0
    assert tube.sample.volume.value / before.sample.volume.value == pytest.approx(longer, rel=1e-3)


def test_drift__dims_the_signals_of_one_laser(clean: SimulatedLot) -> None:
    tube, before = _lot("drift").tubes[0], clean.tubes[0]
    after, without = tube.sample.values(), before.sample.values()
    changed = [
        name.name for k, name in enumerate(tube.sample.channels) if (after[:, k] != without[:, k]).any()
    ]
    assert changed in (
        ["V450-A", "V500-A"],
        ["FSC-A", "FSC-H", "SSC-A", "SSC-H", "FITC-A", "PE-A", "PerCP-Cy5-5-A", "PE-Cy7-A"],
        ["APC-A", "APC-Cy7-A"],
    )
    assert (after[~tube.truth_bad] == without[~tube.truth_bad]).all()


def test_carry_over__comes_before_the_tube_itself(clean: SimulatedLot) -> None:
    tube, before = _lot("carry_over").tubes[0], clean.tubes[0]
    strange = np.count_nonzero(tube.truth_bad)
    assert tube.truth_bad[:strange].all()
    np.testing.assert_array_equal(tube.sample.values()[strange:, :-1], before.sample.values()[:, :-1])
    stained = before.sample.index("CD45")
    assert np.median(tube.sample.values()[:strange, stained]) < 0.1 * np.median(
        before.sample.values()[:, stained]
    )


def test_clock__wraps_or_is_missing(clean: SimulatedLot) -> None:
    wrapped, missing = _lot("wrapped_time").tubes[0], _lot("missing_time").tubes[0]
    assert np.count_nonzero(np.diff(_clock(wrapped)) < 0) == 1
    assert "Time" not in [channel.name for channel in missing.sample.channels]
    assert missing.sample.n_events == clean.tubes[0].sample.n_events
    np.testing.assert_array_equal(missing.sample.values(["CD3"]), clean.tubes[0].sample.values(["CD3"]))
    assert not wrapped.truth_bad.any()
    assert not missing.truth_bad.any()


def test_written_lot__reads_back_with_its_faults(tmp_path: object) -> None:
    lot = _lot("clog", "missing_time")
    folder = lot.write(tmp_path / "lot")  # type: ignore[operator]
    sample = read_fcs(folder / "A.fcs")
    np.testing.assert_allclose(sample.values(["CD56"]), lot.tubes[0].sample.values(["CD56"]), rtol=1e-6)
    assert len(sample.channels) == 13
