"""Real tubes that a person or another program gated: within 15 % of them, or no gate with its reason.

The templates under ``real/`` name channels and wide windows; every method has the defaults of the package, which were
chosen on simulated tubes only.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from nkflow.fcs import read_fcs
from nkflow.gating import Gating, gate, load_template

HERE = Path(__file__).parent / "real"
HIPC = {"live": 63293, "CD14-": 45136, "Lineage-": 8693, "NK": 3836 + 2173 + 663, "CD16+CD56+": 3836}
SAEYS = {"live": 32307.5, "B": 20405.5, "NK": 702.5, "NKT-like": 105.9, "T": 7869.8}
FLOWSOM = {"B": 2459, "NK": 312, "NKT-like": 535, "T": 10745}
TUBES = {
    "hipc": ("human_nk/hipc_dc_mono_nk/DC_MONO_NK_12828001_001.transformed.fcs", HIPC),
    "saeys": ("gating/saeys_mouse_nk/Saeys_28.fcs", SAEYS),
    "flowsom": ("gating/flowsom_mouse_nk/68983.fcs", FLOWSOM),
}
REFUSED = {"hipc": set(), "saeys": {"NKT-like", "T"}, "flowsom": set()}
CUTOFFS = {"CD3": "Spark Blue 550-A", "CD56": "BV605-A", "CD16": "APC-A", "dead": "Zombie NIR-A"}


def gated(reference: Path, name: str) -> Gating:
    return gate(read_fcs(reference / TUBES[name][0]), load_template(str(HERE / f"{name}.yaml")))


@pytest.mark.parametrize("name", TUBES)
def test_counts__are_those_of_the_reference_or_not_evaluable_with_a_reason(
    reference: Path, name: str
) -> None:
    gating = gated(reference, name)
    refused = {population for population in TUBES[name][1] if population not in gating.counts}
    assert refused == REFUSED[name]
    for population, expected in TUBES[name][1].items():
        if population not in refused:
            within = 0.05 if population == "live" else 0.15
            assert gating.counts[population] == pytest.approx(expected, rel=within), population
    for population in refused:
        tree = gating.template.tree
        assert "one peak" in gating.not_evaluable[tree.find(population)[0]]


def test_every_real_tube__is_resolved_into_a_template_that_gates_the_same(reference: Path) -> None:
    for name in TUBES:
        gating = gated(reference, name)
        again = gate(gating.sample, gating.template)
        assert dict(again.counts) == dict(gating.counts)


@pytest.mark.parametrize("specimen", ["INF071", "INF149"])
def test_aurora__cuts_lie_at_or_above_the_authors_and_part_nearly_the_same_cells(
    reference: Path, specimen: str
) -> None:
    """The author cuts at the foot of the negative peak, a valley lies further up; 2,000 events."""
    folder = reference / "human_nk" / "aurora_innate_like"
    gating = gate(
        read_fcs(folder / f"{specimen}_Ctrl_Tetramer.fcs"), load_template(str(HERE / "aurora.yaml"))
    )
    rows = csv.DictReader((folder / "nk_cutoffs.csv").read_text().splitlines())
    author = next(row for row in rows if row["specimen"] == specimen)
    scale = gating.template.scales["CD3"]
    cut = gating.resolution["CD3"]
    values = scale.column(gating.values("live", "CD3")[:, 0].copy())
    assert float(author[CUTOFFS["CD3"]]) <= cut.answer.at
    between = (values >= float(author[CUTOFFS["CD3"]])) & (values < cut.answer.at)
    assert between.mean() <= 0.10
    for each in gating.resolution.cuts:
        if each.value is None:
            assert each.answer.reason in ("one-peak", "no-valley", "outside-window", "no-parent")
