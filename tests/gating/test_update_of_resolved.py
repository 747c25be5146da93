"""An edit finds no cuts: what was not found stays not evaluable, and no adaptive template is gated unresolved."""

from __future__ import annotations

import numpy as np
import pytest

from nkflow.errors import GatingError
from nkflow.fcs.sample import Sample
from nkflow.gating import Range, Template, gate
from nkflow.scales import Linear

SAMPLE = Sample.from_arrays(np.random.default_rng(0).normal(100.0, 50.0, (500, 2)), ["A", "B"])


def _template() -> Template:
    gates = (
        Range("A", low=80.0, name="a"),
        Range("B", low=90.0, name="b", parent="a"),
        Range("B", low=50.0, name="c"),
    )
    return Template.of(*gates, scales={"A": Linear(300.0)}, compensation="none")


def _missing(template: Template, why: str) -> Template:
    return template.resolved([population.gate for population in template.populations], {0: why})


@pytest.mark.parametrize("low", [50.0, 60.0])  # as before, so that nothing was edited; or another gate
@pytest.mark.parametrize("first", ["", "no valley"])
@pytest.mark.parametrize("then", ["", "no valley", "too few events"])
def test_update__takes_over_which_cuts_were_not_found(first: str, then: str, low: float) -> None:
    template, changed = _template(), _template().with_gate("c", low=low)
    before = gate(SAMPLE, _missing(template, first) if first else template, threads=1)
    new = _missing(changed, then) if then else changed
    updated, fresh = before.update(new, threads=1), gate(SAMPLE, new, threads=1)
    assert updated.not_evaluable == fresh.not_evaluable == ({0: then, 1: then} if then else {})
    assert dict(updated.counts) == dict(fresh.counts)
    assert updated.membership().tobytes() == fresh.membership().tobytes()
    assert len(updated.histograms) == len(fresh.histograms)


def test_update__refuses_a_template_whose_cuts_are_not_found_yet() -> None:
    cut = {"name": "cut", "of": "root", "channel": "A", "find": {"kind": "valley"}, "window": [10, 200]}
    document = _template().document.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    adaptive = _template().changed(document | {"cuts": [cut | {"sets": {"a": "low"}}]})
    assert adaptive.is_adaptive
    with pytest.raises(GatingError, match=r"does not find the cuts.*Call gate\("):
        gate(SAMPLE, _template(), threads=1).update(adaptive)
