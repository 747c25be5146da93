"""A tenth of the evidence: faults of known truth, found and not overdone (issue F; the whole is `make evidence`)."""

from __future__ import annotations

import collections

import pytest

from acquisition.acquisition_study import (
    SINGLE,
    Judged,
    by_beads,
    judged,
    pooled,
    share_found,
    volume_is_refused,
)
from nkflow.gating import load_template
from nkflow.simulate import simulate_lot

SEEDS = range(500, 520)


@pytest.mark.slow
def test_faults__are_found_and_little_else_is_removed() -> None:
    template = load_template("nk_release_7aad")
    tubes: dict[str, list[Judged]] = collections.defaultdict(list)
    for seed in SEEDS:
        one = SINGLE[seed % len(SINGLE)]
        clean = simulate_lot(seed)
        reference = by_beads(clean.tubes, template)
        for kind, lot in (
            ("none", clean),
            (one, simulate_lot(seed, faults=(one,))),
            ("all", simulate_lot(seed, faults=SINGLE)),
        ):
            results = [judged(tube) for tube in lot.tubes]
            tubes[kind] += [result for result, _ in results]
            kept = by_beads(lot.tubes, template, masks=[quality.mask for _, quality in results])
            for name in ("CD56+", "viable"):
                assert kept[name] == pytest.approx(reference[name], rel=0.02), (seed, kind, name)
            if kind in {"bubble", "clog", "flow_step", "all"}:
                assert all(volume_is_refused(quality) for _, quality in results), (seed, kind)
    for kind in (*SINGLE, "all"):
        figures = pooled(tubes[kind])
        assert figures["found"] is not None
        assert figures["right"] is not None
        assert figures["found"] >= 0.95, (kind, figures)
        assert figures["right"] >= 0.95, (kind, figures)
    clean_figures = pooled(tubes["none"])
    assert clean_figures["removed, median share"] is not None
    assert clean_figures["removed, median share"] <= 0.01
    assert clean_figures["removed, largest share"] is not None
    assert clean_figures["removed, largest share"] <= 0.05


def test_fault_sizes__decide_what_is_found() -> None:
    assert share_found("clog", 0.3, seconds=3.0, seeds=[500]) > 0.95
    assert share_found("faster flow", 1.1, seconds=3.0, seeds=[500]) == 0.0
    assert share_found("drift 488 nm", 0.02, seconds=3.0, seeds=[500]) == 0.0
