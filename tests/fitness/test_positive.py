"""Which events of a control are its positives."""

from __future__ import annotations

import numpy as np
import pytest

from nkflow.fitness.positive import positive


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_positive__is_the_brightest_mode_whatever_its_share(share: float) -> None:
    # STANDARDS CO-17: a fixed share of the events would take the dim mode with the bright one, or a part of it
    rng = np.random.default_rng(5)
    negative = rng.normal(0.0, 50.0, 5000)
    bright = rng.lognormal(np.log(2e4), 0.2, int(20_000 * share))
    dim = rng.lognormal(np.log(1500.0), 0.15, 600)
    rest = rng.normal(0.0, 50.0, 20_000 - len(bright) - len(dim))
    values = np.concatenate([bright, dim, rest])
    found = positive(values, negative)
    assert found is not None
    assert found.how == "mode"
    assert dim.max() < found.cut < np.quantile(bright, 0.01)
    assert found.brightness == pytest.approx(400, rel=0.05)


def test_positive__of_too_few_bright_events_is_none() -> None:
    rng = np.random.default_rng(5)
    negative = rng.normal(0.0, 50.0, 5000)
    assert positive(np.concatenate([negative, np.full(29, 1e4)]), negative) is None
