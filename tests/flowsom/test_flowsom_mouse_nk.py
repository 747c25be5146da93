"""A real tube with FlowJo's counts: exact for NK and NK T, within the 256 bins of FlowJo's polygons elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from nkflow.fcs.read import read_fcs
from nkflow.gating import Gating, gate, load_template

HERE = Path(__file__).parent

# FlowJo 10.5.3, the counts in gating.wsp beside the tube
FLOWJO = {
    "Lymphocytes": 19212,
    "Singlets": 18689,
    "Singlets2": 18573,
    "NK1_1+": 923,
    "NK cells": 312,
    "NK T cells": 535,
    "NK1_1-": 17458,
    "B cells": 2459,
    "T cells": 10745,
    "ab T cells": 9188,
    "CD4 T cells": 7480,
    "CD8 T cells": 1407,
    "DN T cells": 266,
    "DP T cells": 6,
    "gd T cells": 1470,
}


@pytest.fixture(scope="module")
def gating(reference: Path) -> Gating:
    sample = read_fcs(reference / "gating" / "flowsom_mouse_nk" / "68983.fcs")
    return gate(sample, load_template(HERE / "mouse_nk.yaml"))


def test_flowsom__nk_and_nk_t_cells_are_exact(gating: Gating) -> None:
    assert (gating.counts["NK cells"], gating.counts["NK T cells"]) == (312, 535)


def test_flowsom__no_population_is_more_than_13_events_from_flowjo(gating: Gating) -> None:
    assert gating.counts["root"] == 19225
    differences = {name: gating.counts[name] - count for name, count in FLOWJO.items()}
    assert max(map(abs, differences.values())) <= 13, differences
    assert set(FLOWJO) == set(gating.counts) - {"root"}


def test_flowsom__leaving_out_compensation_changes_the_answer(reference: Path) -> None:
    template = load_template(HERE / "mouse_nk.yaml")
    policy = template.document.compensation.model_copy(update={"policy": "none"})
    document = template.document.model_copy(update={"compensation": policy})
    sample = read_fcs(reference / "gating" / "flowsom_mouse_nk" / "68983.fcs")
    assert gate(sample, type(template)(document)).counts["NK cells"] != 312
