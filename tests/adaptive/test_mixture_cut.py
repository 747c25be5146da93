"""Cuts between the components of a normal mixture, where the answer is known (AG-10)."""

from __future__ import annotations

import numpy as np
import pytest

from nkflow.gating.adaptive.found import Cut
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
