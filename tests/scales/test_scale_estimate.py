"""Parameters from data (STANDARDS TR-13, TR-14)."""

from __future__ import annotations

import numpy as np
import pytest

from nkflow.errors import ScaleError
from nkflow.scales import Logicle
from nkflow.scales.estimate import estimate_logicle, logicle_width


def test_logicle_width__gives_the_vector_of_the_standard() -> None:
    assert logicle_width(-100.0, T=262144) == pytest.approx(0.540730039, abs=5e-10)


def test_logicle_width__puts_the_reference_near_the_start_of_the_axis() -> None:
    scale = Logicle(262144, logicle_width(-300.0, T=262144), 4.5)
    assert 0.0 < scale.forward(-300.0) < 0.3 * scale.forward(0.0)


@pytest.mark.parametrize(
    ("reference", "expected"), [(-1e-6, 0.0), (-1e9, 2.25), (0.0, 0.0), (50.0, 0.0), (np.nan, 0.0)]
)
def test_logicle_width__stays_legal(reference: float, expected: float) -> None:
    assert logicle_width(reference, T=262144) == expected


def test_estimate_logicle__takes_the_fifth_percentile_of_the_negatives() -> None:
    negatives = -np.arange(1.0, 102.0)
    values = np.concatenate([negatives, np.full(900, 5000.0), [np.nan, -np.inf, np.inf, 0.0]])
    assert estimate_logicle(values, T=262144) == Logicle(262144, logicle_width(-96.0, T=262144), 4.5)


def test_estimate_logicle__does_not_look_at_the_maximum() -> None:
    values = np.array([-100.0, 10.0])
    brighter = np.array([-100.0, 10.0, 9e5])
    assert estimate_logicle(values, T=262144) == estimate_logicle(brighter, T=262144)


def test_estimate_logicle__without_negatives_has_no_width() -> None:
    assert estimate_logicle(np.array([1.0, 2.0]), T=1e4, M=4.0) == Logicle(1e4, 0.0, 4.0)
    assert estimate_logicle(np.empty(0), T=1e4).W == 0.0
    with pytest.raises(ScaleError):
        estimate_logicle(np.array([1.0]), T=0.0)
    with pytest.raises(ScaleError):
        estimate_logicle(np.array([-1.0]), T=0.0)
