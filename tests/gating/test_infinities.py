"""An infinite value is no measurement: outside every outline, also where a clipped scale ends somewhere (ADR 8)."""

from __future__ import annotations

import numpy as np
import pytest

from nkflow.fcs.sample import Sample
from nkflow.gating import Ellipsoid, Polygon, Template, gate
from nkflow.scales import Biex, Linear, Log, Logicle, Scale

CLIPPED = (
    Biex(),
    Linear(1000.0, bounds=(0.0, 1.0)),
    Log(262144.0, 4.5, bounds=(0.0, 1.0)),
    Logicle(262144.0, 0.5, 4.5, bounds=(0.0, 1.0)),
)


@pytest.mark.parametrize("thin", [1.0, 1e-9])  # so thin that it is asked about all events, without boxes
@pytest.mark.parametrize("scale", CLIPPED)
def test_infinities__are_in_no_outline_at_the_ends_of_a_scale(scale: Scale, thin: float) -> None:
    values = {"A": np.array([np.inf, -np.inf, np.nan, 1e8, -1e8]), "B": np.full(5, 100.0)}
    sample = Sample.from_arrays(values)
    middle = scale.forward(100.0)
    for end, there in ((scale.forward(1e8), [0, 0, 0, 1, 0]), (scale.forward(-1e8), [0, 0, 0, 0, 1])):
        low, high = end - 0.1 * middle, end + 0.1 * middle
        corners = [(low, 0.9 * middle), (high, 0.9 * middle), (high, 1.1 * middle), (low, 1.1 * middle)]
        spread = [[(0.1 * middle) ** 2, 0.0], [0.0, (0.1 * middle * thin) ** 2]]
        round_ = Ellipsoid(["A", "B"], (end, middle), covariance=spread, space="display", name="round")
        square = Polygon("A", "B", corners, "display", name="square")
        template = Template.of(round_, square, scales={"A": scale, "B": scale}, compensation="none")
        gating = gate(sample, template, threads=1)
        assert gating.mask("round").tolist() == there
        assert gating.mask("square").tolist() == there
        assert gating.n_non_finite == 3
