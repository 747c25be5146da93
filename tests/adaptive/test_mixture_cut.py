"""Cuts between the components of a normal mixture, where the answer is known (AG-10)."""

from __future__ import annotations

import numpy as np
import pytest

from nkflow.gating.adaptive.found import Cut, NoGate
from nkflow.gating.adaptive.mixture import mixture_cut


def drawn(*components: tuple[float, float, int], seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.permutation(np.concatenate([rng.normal(*component) for component in components]))


def test_cut__of_unequal_components_is_the_root_between_their_means() -> None:
    # AG-10: the other root of equal posteriors lies beyond the broader component
    found = mixture_cut(drawn((0.30, 0.05, 3500), (0.60, 0.10, 1500)))
    assert isinstance(found, Cut)
    x = np.linspace(0.3, 0.6, 30_001)
    lower = 0.7 / 0.05 * np.exp(-0.5 * ((x - 0.30) / 0.05) ** 2)
    upper = 0.3 / 0.10 * np.exp(-0.5 * ((x - 0.60) / 0.10) ** 2)
    assert found.at == pytest.approx(x[np.argmin(np.abs(lower - upper))], abs=0.01)


def test_components__are_counted_by_the_smallest_bic_and_put_in_order() -> None:
    values = drawn((0.8, 0.03, 1500), (0.2, 0.03, 2000), (0.5, 0.03, 1500))
    for seed in range(5):
        found = mixture_cut(values, seed=seed)
        assert isinstance(found, Cut)
        assert found.candidates == pytest.approx((0.35, 0.65), abs=0.01)
        assert found.quality > 10


@pytest.mark.parametrize("n", [1000, 5000, 20_000])
@pytest.mark.parametrize("share", [0.002, 0.004])
@pytest.mark.parametrize("seed", range(3))
def test_outliers__are_no_population(n: int, share: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    few = int(n * share)
    values = np.concatenate([rng.normal(0.3, 0.05, n - few), rng.uniform(-0.2, 1.0, few)])
    found = mixture_cut(values)
    assert isinstance(found, NoGate)
    assert found.message


def test_fifteen_events__are_too_few_for_a_component() -> None:
    found = mixture_cut(drawn((0.3, 0.05, 485), (0.7, 0.02, 15)))
    assert isinstance(found, NoGate)
    assert "points are in a component beside the cut, at least 30" in found.message


def test_broad_component_under_a_narrow_one__is_not_parted_from_it() -> None:
    found = mixture_cut(drawn((0.30, 0.02, 2500), (0.36, 0.15, 2500)))
    assert isinstance(found, NoGate)
    assert "nothing is parted there" in found.message


def test_cut_that_nobody_can_place__has_no_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    values = drawn((0.30, 0.05, 3500), (0.60, 0.10, 1500))
    monkeypatch.setattr("nkflow.gating.adaptive.mixture._cut_error", lambda *args, **kwargs: 0.06)
    found = mixture_cut(values)
    assert isinstance(found, NoGate)
    assert "of the distance of the means" in found.message


@pytest.mark.parametrize(("weight", "sds"), [(0.03, 5.0), (0.1, 4.0), (0.2, 4.0), (0.3, 4.0)])
@pytest.mark.parametrize("seed", range(6))
def test_cut__is_where_both_components_are_equally_likely(weight: float, sds: float, seed: int) -> None:
    few, away = int(5000 * weight), 0.05 * sds
    found = mixture_cut(drawn((0.30, 0.05, 5000 - few), (0.30 + away, 0.05, few), seed=seed))
    assert isinstance(found, Cut)
    exact = 0.30 + away / 2 + 0.05**2 * np.log((1 - weight) / weight) / away
    assert found.at == pytest.approx(exact, abs=0.02)
