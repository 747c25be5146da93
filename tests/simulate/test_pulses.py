"""Pulses: what a doublet does to area, height and width."""

from __future__ import annotations

import numpy as np
import pytest

from nkflow.simulate import particles, pulses
from nkflow.simulate.figures import PAIRS, STAINING
from nkflow.simulate.labels import DOUBLET, KINDS, code
from nkflow.simulate.particles import MARKERS, Staining


@pytest.fixture
def staining() -> Staining:
    return Staining(STAINING, frozenset(MARKERS), np.ones(len(MARKERS)), 0.018, 0.012)


def _cells(staining: Staining, **live: int) -> tuple[particles.Particles, np.ndarray]:
    counts = [live.get(kind.replace("-", "_").replace(" ", "_"), 0) for kind in KINDS]
    return particles.cells(counts, [0] * len(KINDS), staining=staining, rng=np.random.default_rng(5))


def test_doublet__adds_area_and_dye_less_height_and_is_longer(staining: Staining) -> None:
    cells, codes = _cells(staining, NK=4000)
    rng = np.random.default_rng(1)
    first, second = cells.take(np.arange(0, 2000)), cells.take(np.arange(2000, 4000))
    alone = pulses.single(cells, codes, rng=rng)
    both = pulses.paired(first, second, rng=rng)
    np.testing.assert_allclose(both.scatter[:, 0], first.forward + second.forward)
    np.testing.assert_allclose(both.dyes, first.dyes + second.dyes)
    area, height, width = (np.median(both.scatter[:, k]) / np.median(alone.scatter[:, k]) for k in range(3))
    assert area == pytest.approx(2.0, abs=0.05)
    assert 1.0 < height < 1.4
    assert 1.4 < width < 1.9
    assert set(both.codes.tolist()) == {DOUBLET}


def test_doublet_without_gap__is_a_singlet_of_twice_the_size(staining: Staining) -> None:
    area, height, width = pulses._sum_of_pulses(
        (np.array([3.0]), np.array([2.0])), (np.array([1.0]), np.array([1.0])), np.array([0.0])
    )
    assert (area[0], height[0], width[0]) == pytest.approx((5.0, 5.0, 1.0))


def test_pulses_far_apart__keep_the_higher_height() -> None:
    _, height, width = pulses._sum_of_pulses(
        (np.array([3.0]), np.array([2.0])), (np.array([1.0]), np.array([1.0])), np.array([9.0])
    )
    assert height[0] == pytest.approx(3.0)
    assert width[0] == pytest.approx(np.sqrt(1.0 + 6.0 * 81.0 / 25.0))


def test_height_of_two_pulses__is_the_peak_of_their_sum() -> None:
    t = np.linspace(-4.0, 8.0, 24_001)
    for gap in (0.5, 1.5, 2.0, 2.6, 4.0):
        curve = 3.0 * np.exp(-0.5 * t**2) + 2.5 * np.exp(-0.5 * (t - gap) ** 2)
        _, height, _ = pulses._sum_of_pulses(
            (np.array([3.0]), np.array([2.5])), (np.ones(1), np.ones(1)), np.array([gap])
        )
        assert height[0] == pytest.approx(curve.max(), rel=0.01)
        assert height[0] <= curve.max() * (1 + 1e-9)


def test_meet__pairs_the_asked_share_and_binds_t_to_nk(staining: Staining) -> None:
    _, codes = _cells(staining, NK=8000, T=1000, B=1000)
    singles, pairs = pulses.meet(codes, 0.06, rng=np.random.default_rng(2))
    assert len(pairs) / (len(singles) + len(pairs)) == pytest.approx(0.06, abs=1e-4)
    everyone = np.concatenate([singles, pairs.ravel()])
    assert np.array_equal(np.sort(everyone), np.arange(len(codes)))
    bound = round(PAIRS["T bound to an NK"].value * 1000)
    assert np.all(codes[pairs[:bound, 0]] == code("T", alive=True))
    assert np.all(codes[pairs[:bound, 1]] == code("NK", alive=True))


def test_meet__without_partners_leaves_singles() -> None:
    singles, pairs = pulses.meet(np.empty(0, np.uint8), 0.06, rng=np.random.default_rng(0))
    assert (len(singles), len(pairs)) == (0, 0)
