"""FlowKit as a second engine, event for event: on a release tube and on a real file."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest

from nkflow.fcs.read import read_fcs
from nkflow.fcs.write import write_fcs
from nkflow.gating import Ellipsoid, Gating, gate, load_template
from nkflow.gating.template import Population, Template
from nkflow.simulate.lot import simulate_lot
from rivals.flowkit_strategy import membership, strategy_of

REAL_TEMPLATE = Path(__file__).parents[1] / "flowsom" / "mouse_nk.yaml"


def differences(gating: Gating, path: Path) -> dict[str, int]:
    """Return population -> events on which the two engines disagree."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import flowkit as fk

        strategy = strategy_of(gating.template, gating.binding)
        result = strategy.gate_sample(fk.Sample(path))
    return {
        key: int(np.count_nonzero(gating.mask(key) != membership(gating.template, result, index)))
        for index, key in enumerate(gating.template.tree.keys)
    }


@pytest.fixture(scope="module")
def tube() -> Path:
    folder = Path(tempfile.mkdtemp())
    lot = simulate_lot(seed=3)
    write_fcs(folder / "A.fcs", lot.tubes[0].sample)
    return folder / "A.fcs"


def test_flowkit__agrees_on_the_release_template_event_for_event(tube: Path) -> None:
    gating = gate(read_fcs(tube), load_template("nk_release_7aad"))
    assert gating.counts["NK"] > 1000
    assert differences(gating, tube) == dict.fromkeys(gating.template.tree.keys, 0)


def test_flowkit__agrees_on_an_ellipse_and_a_scaled_range(tube: Path) -> None:
    release = load_template("nk_release_7aad")
    more = [
        Population(
            Ellipsoid(["CD3", "CD56"], (100, 4000), [(1000, 4000), (100, 30000)]), "ellipse", "lymphoid"
        ),
    ]
    template = Template.of(*release.populations, *more, scales=release.scales, compensation="file")
    gating = gate(read_fcs(tube), template)
    assert gating.counts["ellipse"] > 100
    assert differences(gating, tube) == dict.fromkeys(template.tree.keys, 0)


def test_flowkit__agrees_on_a_real_tube(reference: Path) -> None:
    path = reference / "gating" / "flowsom_mouse_nk" / "68983.fcs"
    gating = gate(read_fcs(path), load_template(REAL_TEMPLATE))
    found = differences(gating, path)
    assert found == dict.fromkeys(found, 0)
