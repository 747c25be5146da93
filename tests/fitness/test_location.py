from __future__ import annotations

import numpy as np
import pytest

from nkflow.fitness.location import MANY, middle

LENGTHS = (1, 2, 7, MANY, MANY + 1, MANY + 2, 30_000, 30_001)


@pytest.mark.parametrize("n", LENGTHS)
@pytest.mark.parametrize("kind", ["random", "ascending", "two values", "constant", "period of the step"])
def test_middle__is_the_median_whatever_the_order(n: int, kind: str) -> None:
    rng = np.random.default_rng(n)
    values = {
        "random": rng.lognormal(2.0, 3.0, n),
        "ascending": np.arange(n, dtype=np.float64),
        "two values": np.where(rng.random(n) < 0.5, -1.0, 4.0),
        "constant": np.full(n, 3.0),
        "period of the step": np.where(
            np.arange(n) % (max(n, 600) // 600) == 0, 1e9, rng.normal(0.0, 1.0, n)
        ),
    }[kind]
    before = values.copy()
    assert middle(values) == np.median(values)
    assert np.array_equal(values, before)
