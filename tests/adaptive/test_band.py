"""The band of single events where a few events lie far out (AG-06)."""

from __future__ import annotations

import numpy as np
import pytest

from nkflow.gating.adaptive.band import Band, singlet_band


def test_margins__do_not_pull_the_line() -> None:
    # AG-06: so far out a dozen events out of 10,000 weigh as much as half of the others
    rng = np.random.default_rng(1)
    area = np.exp(rng.normal(11.3, 0.15, 10_000))
    height = np.exp(1.0 + 0.8 * np.log(area) + rng.normal(0, 0.03, 10_000))
    clipped = np.exp(np.full(12, 14.3))
    found = singlet_band(np.append(area, clipped), np.append(height, np.full(12, np.median(height))))
    assert isinstance(found, Band)
    assert found.slope == pytest.approx(0.8, abs=0.01)
    assert found.spread == pytest.approx(0.03, rel=0.05)
