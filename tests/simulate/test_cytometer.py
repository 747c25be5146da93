"""The simulated cytometer: spillover, noise, negatives, and time."""

from __future__ import annotations

import numpy as np
import pytest

from nkflow.simulate.cytometer import CHANNELS, draw_flow, record
from nkflow.simulate.figures import DETECTORS, RANGE, SPEED, SPILLOVER
from nkflow.simulate.pulses import Pulses


def _light(count: int, dye: int, amount: float) -> Pulses:
    dyes = np.zeros((count, 8))
    dyes[:, dye] = amount
    return Pulses(dyes, np.zeros((count, 8)), np.ones((count, 5)), np.zeros(count, np.uint8))


def _recorded(count: int, dye: int, amount: float) -> np.ndarray:
    events = record(_light(count, dye, amount), np.arange(float(count)), rng=np.random.default_rng(3))
    return events[:, 5:13].astype(np.float64)


def test_channels__are_fourteen_in_file_order() -> None:
    assert CHANNELS[:5] == ("FSC-A", "FSC-H", "FSC-W", "SSC-A", "SSC-H")
    assert CHANNELS[-1] == "Time"
    assert len(CHANNELS) == 14


@pytest.mark.parametrize("dye", range(8))
def test_light__spills_by_the_row_of_its_dye(dye: int) -> None:
    amount = 40_000.0
    seen = _recorded(20_000, dye, amount)
    np.testing.assert_allclose(seen.mean(axis=0) / amount, SPILLOVER[dye], atol=5e-4)


def test_noise__is_electronic_plus_photons() -> None:
    for amount in (0.0, 500.0, 20_000.0):
        seen = _recorded(50_000, 3, amount)
        for detector, spill, column in zip(DETECTORS, SPILLOVER[3], seen.T, strict=True):
            expected = detector.electronic**2 + amount * spill * detector.per_photoelectron
            assert column.var() == pytest.approx(expected, rel=0.04)


def test_compensation__leaves_negatives_where_there_is_no_dye() -> None:
    compensated = _recorded(20_000, 3, 20_000.0) @ np.linalg.inv(np.array(SPILLOVER))
    for column in np.delete(compensated, 3, axis=1).T:
        assert abs(column.mean()) < 5 * column.std() / np.sqrt(len(column))
        assert 0.4 < (column < 0).mean() < 0.6


def test_bright_light__stops_at_the_range() -> None:
    assert _recorded(100, 2, 1e6)[:, 2].max() == RANGE - 1


def test_flow__drifts_as_drawn_and_time_never_goes_back() -> None:
    rng = np.random.default_rng(11)
    flow = draw_flow(rng)
    times = flow.arrivals(200_000, seconds=150.0, rng=rng)
    assert np.all(np.diff(times) >= 0)
    assert 0 <= times[0] <= times[-1] <= 150.0
    per_second = np.bincount(times.astype(int), minlength=150)[:150]
    slope = np.polyfit(np.arange(150), per_second / per_second.mean(), 1)[0] * 150
    assert slope == pytest.approx(flow.drift, abs=0.03)
    ticks = record(_light(5, 0, 1.0), np.array([0.0, 0.019, 1.0, 2.5, 100.0]), rng=rng)[:, -1]
    assert ticks.tolist() == [0, 1, 100, 250, 10_000]
    assert SPEED["time step s"].value == 0.01
