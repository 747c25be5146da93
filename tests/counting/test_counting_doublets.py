"""Cells in excluded doublets: how many, and what is done about them."""

from __future__ import annotations

import numpy as np
import pytest

from nkflow.counting.concentration import Concentration
from nkflow.counting.doublets import Doublets, excluded_doublets
from nkflow.counting.evaluable import NotEvaluable
from nkflow.counting.quantify import under
from nkflow.counting.rules import DoubletRule
from nkflow.counting.suitability import counting_findings
from nkflow.errors import DocumentError
from worked.cases import composition, counts, protocol

CORRECT = DoubletRule(policy="correct", cells_per_event=2.0, u_cells_per_event=0.25, source="test")


def test_factor__puts_two_cells_back_for_each_excluded_event() -> None:
    found = excluded_doublets({"cells": 10_600, "singlets": 10_000}, rule=CORRECT, measurement="m")
    assert isinstance(found, Doublets)
    assert found.factor == pytest.approx(1.12)
    assert found.applied == found.factor
    assert found.events_fraction == pytest.approx(600 / 10_600)
    assert found.cells_fraction == pytest.approx(1200 / 11_200)


def test_factor__is_that_of_pairs_made_at_random() -> None:
    """Pair cells by chance: NK alone, times the factor, is all NK."""
    rng = np.random.default_rng(11)
    cells = rng.random(200_000) < 0.7
    pairs = cells[:24_000].reshape(-1, 2)
    alone = cells[24_000:]
    found = excluded_doublets(
        {"cells": len(alone) + len(pairs), "singlets": len(alone)}, rule=CORRECT, measurement="m"
    )
    assert isinstance(found, Doublets)
    assert alone.sum() * found.factor == pytest.approx(cells.sum(), rel=0.005)


def test_uncertainty__is_of_cells_per_event_and_of_counting() -> None:
    exact = excluded_doublets({"cells": 10_600_000, "singlets": 10_000_000}, rule=CORRECT, measurement="m")
    assert isinstance(exact, Doublets)
    assert exact.u_rel == pytest.approx(0.06 * 0.25 / 1.12, rel=1e-2)
    rng = np.random.default_rng(5)
    singlets, excluded = rng.poisson(2000, 100_000), rng.poisson(120, 100_000)
    scatter = np.std(1 + 2 * excluded / singlets) / 1.12
    known = CORRECT.model_copy(update={"u_cells_per_event": 0.0})
    counted = excluded_doublets({"cells": 2120, "singlets": 2000}, rule=known, measurement="m")
    assert isinstance(counted, Doublets)
    assert counted.u_rel == pytest.approx(scatter, rel=0.02)


def test_state__prints_and_does_not_correct() -> None:
    found = excluded_doublets(
        {"cells": 10_600, "singlets": 10_000}, rule=DoubletRule(policy="state"), measurement="m"
    )
    assert isinstance(found, Doublets)
    assert (found.applied, found.terms) == (1.0, ())
    assert found.as_dict()["effect_on_dose_pct"] == pytest.approx(12.0)


@pytest.mark.parametrize(
    "held", [{}, {"cells": 10}, {"cells": 10, "singlets": 0}, {"cells": 9, "singlets": 10}]
)
def test_missing_counts__are_not_evaluable(held: dict[str, int]) -> None:
    assert isinstance(excluded_doublets(held, rule=CORRECT, measurement="m"), NotEvaluable)
    none = DoubletRule(policy="none")
    assert isinstance(
        excluded_doublets({"cells": 2, "singlets": 1}, rule=none, measurement="m"), NotEvaluable
    )


def test_correction__multiplies_every_concentration_and_widens_it() -> None:
    rule = {"policy": "correct", "u_cells_per_event": 0.25, "source": "test"}
    rules = protocol(counting__excluded_doublets=rule).counting
    raw = composition(counts(cells=10_600, singlets=10_000))
    judged = under(raw, rules)
    for population in ("CD56+", "NK", "T", "viable"):
        before, after = raw.concentration(population), judged.concentration(population)
        assert isinstance(before, Concentration)
        assert isinstance(after, Concentration)
        assert after.per_ul == pytest.approx(1.12 * before.per_ul)
        assert after.others.u_rel > before.others.u_rel


def test_correction__states_its_uncertainty_and_source() -> None:
    with pytest.raises(DocumentError, match="states u_cells_per_event and its source"):
        protocol(counting__excluded_doublets={"policy": "correct"})


def test_dual_platform__needs_no_correction() -> None:
    """Numerator and denominator are singlets, the analyser counts every cell: WBC·N/N(CD45+) stands."""
    rule = protocol(
        counting__excluded_doublets={
            "policy": "correct",
            "cells_per_event": 2.0,
            "u_cells_per_event": 0.25,
            "source": "test",
        }
    ).counting
    counted = counts(cells=9000, singlets=8400)
    by = {
        method: composition(counted, counting={"method": method}, rules=rule)
        for method in ("beads", "dual_platform")
    }
    dual = by["dual_platform"].concentration("CD56+")
    assert isinstance(dual, Concentration)
    assert dual.per_ul == pytest.approx(5250 * (counted["NK"] + counted["NKT-like"]) / (6980 + 1188))
    assert all(term.kind != "doublets" for term in dual.budget.terms)
    factor = 1 + 2 * 600 / 8400
    assert by["beads"].doublet_factor("beads") == pytest.approx(factor)
    assert by["beads"].doublet_factor("dual_platform") == 1.0
    assert by["dual_platform"].doublet_factor("volumetric") == pytest.approx(factor)
    bare = composition(counts(), counting={"method": "dual_platform"}, rules=rule)
    assert "excluded-doublets-unknown" not in {f.code for f in counting_findings(bare, dosed="CD56+")}
