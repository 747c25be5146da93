"""Rows of a spillover matrix from arrays whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from nkflow.compensation.inverse import invert
from nkflow.controls.refine import Sides, refine
from nkflow.controls.slope import level, ratio_of_medians, regression

SPILL = np.array([[1.0, 0.12, 0.003], [0.26, 1.0, 0.05], [0.0, 0.015, 1.0]])


def stained(own: int, n: int = 4000, *, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Return positives and negatives (3, n) of one dye: light through `SPILL`, autofluorescence, noise."""
    rng = np.random.default_rng(seed + own)
    dye = np.zeros((3, n))
    dye[own] = rng.lognormal(9.0, 0.3, n)
    positive, negative = (
        SPILL.T @ light + np.array([[40.0], [90.0], [20.0]]) + rng.normal(0, 15, (3, n))
        for light in (dye, np.zeros((3, n)))
    )
    return positive, negative


def test_ratio_of_medians__is_the_formula() -> None:
    # STANDARDS CO-16: (med_j(pos) - med_j(neg)) / (med_i(pos) - med_i(neg)); CO-18: below zero stays below zero
    positive = np.array([[900.0, 1000.0, 5000.0], [90.0, 110.0, 120.0], [0.0, 1.0, 7.0]])
    negative = np.array([[-5.0, 0.0, 2.0], [5.0, 10.0, 11.0], [10.0, 11.0, 12.0]])
    row = ratio_of_medians(positive, negative, 0)
    assert row.slopes.tolist() == [1.0, 0.1, -0.01]
    assert row.errors[0] == 0.0


@pytest.mark.parametrize("own", range(3))
def test_level__gives_the_row_and_lays_the_centres_level(own: int) -> None:
    # STANDARDS CO-16, CO-23: what is left between the medians is within 3 standard errors
    positive, negative = stained(own)
    row = level(positive, negative, own)
    others = [j for j in range(3) if j != own]
    assert np.all(np.abs(row.slopes - SPILL[own])[others] <= 4 * row.errors[others])
    for j in others:
        apart = np.median(positive[j] - row.slopes[j] * positive[own]) - np.median(
            negative[j] - row.slopes[j] * negative[own]
        )
        assert abs(apart) <= 3 * 1.2533 * np.hypot(15, 15) / 4000**0.5


def test_regression__carries_autofluorescence_in_its_intercept() -> None:
    # STANDARDS CO-19: no negative is needed, and one event in twenty that is odd does not tilt the line
    rng = np.random.default_rng(2)
    positive, negative = stained(1)
    events = np.hstack([positive, negative])
    clean = regression(events, 1)
    events[0, rng.choice(events.shape[1], 400, replace=False)] += 4000.0
    for row in (clean, regression(events, 1)):
        assert row.slopes[1] == 1.0
        assert np.abs(row.slopes - SPILL[1]).max() < 0.003
    brighter = regression(np.hstack([positive, negative]) + np.array([[500.0], [0.0], [500.0]]), 1)
    np.testing.assert_allclose(brighter.slopes, clean.slopes, rtol=0, atol=1e-5)


@pytest.mark.parametrize("lines", [False, True])
def test_refine__leaves_no_slope_in_compensated_controls(lines: bool) -> None:
    # STANDARDS CO-20
    sides = []
    for own in range(3):
        positive, negative = stained(own)
        sides.append(Sides(own, np.hstack([positive, negative])) if lines else Sides(own, positive, negative))
    start = SPILL + np.array([[0, 0.05, -0.02], [-0.04, 0, 0.03], [0.02, 0.02, 0]])
    found = refine(start, sides)
    assert np.diag(found).tolist() == [1.0, 1.0, 1.0]
    assert np.abs(found - SPILL).max() < 0.003
    for side in sides:
        left = side.row(invert(found).T)
        others = [j for j in range(3) if j != side.own]
        assert np.all(np.abs(left.slopes[others]) <= 0.1 * left.errors[others] + 1e-12)
