"""Explanations: density, candidates, choice, window, quality and error of every cut, in three dresses."""

from __future__ import annotations

import json

import pytest

from adaptive.test_resolve import TEXT, sample_of, window_of_cd3
from nkflow.gating import gate, parse_template
from nkflow.gating.adaptive.explanation import explain_all
from nkflow.gating.load import load_template
from nkflow.plots.sheet import sheet_html
from nkflow.simulate.lot import simulate_lot


def test_as_dict__holds_what_the_decision_rests_on() -> None:
    plain = gate(sample_of(), parse_template(TEXT)).explain("NK").as_dict()
    assert [cut["name"] for cut in plain["cuts"]] == ["CD56", "CD3"]
    for cut in plain["cuts"]:
        assert cut["window_display"][0] < cut["display"] < cut["window_display"][1]
        assert cut["value"] in cut["candidates_data"]
        assert 0 < cut["se"] <= cut["u"]
        assert 0 <= cut["quality"] < 0.85
        density = cut["density"]
        assert sum(density["counts"]) <= cut["events"]
        at = int((cut["display"] - density["low"]) / density["step"])
        assert density["height"][at] < 0.1 * max(density["height"])
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain


def test_explain__of_no_gate_shows_the_candidate_that_was_refused() -> None:
    gating = gate(sample_of(), parse_template(window_of_cd3("[3000, 4000]")))
    found = gating.explain("CD3+")
    (cut,) = found.as_dict()["cuts"]
    assert cut["value"] is None
    assert cut["reason"] in {"outside-window", "no-valley"}
    assert cut["density"] is not None
    assert "no gate" in str(found)
    assert "no gate" in found.svgs()[0]


def test_explain__lists_the_numbers_that_no_cut_sets() -> None:
    text = TEXT.replace(
        "{kind: range, channel: CD56, low: 640}", "{kind: range, channel: CD56, low: 640, high: 9e4}"
    )
    gating = gate(sample_of(), parse_template(text))
    assert [(f.populations, f.number, f.value) for f in gating.explain("NK").fixed] == [
        (("NK",), "high", 9e4)
    ]
    fixed = gate(sample_of(), gating.template).explain("NK")
    assert {(f.populations[0], f.number) for f in fixed.fixed} == {
        ("CD3-", "high"),
        ("NK", "low"),
        ("NK", "high"),
    }


def test_fixed_cuts__are_shown_in_the_density_that_they_divide() -> None:
    gating = gate(sample_of(), parse_template(TEXT))
    found = gate(sample_of(), gating.template).explain("NK")
    assert [(each.number.populations, each.parent) for each in found.seen] == [
        (("CD3-",), "root"),
        (("NK",), "CD3-"),
    ]
    assert "valleys there: " in str(found)
    assert found._repr_html_().count("<svg") == 2
    for cut, each in zip(("CD3", "CD56"), found.as_dict()["fixed"], strict=True):
        assert each["value"] == pytest.approx(gating.resolution.values[cut])
        assert min(abs(at - each["display"]) for at in each["candidates"]) < 0.03
        assert sum(each["density"]["counts"]) <= each["events"]


def test_drawings__stand_in_svg_in_plotly_and_in_a_notebook() -> None:
    found = gate(sample_of(), parse_template(TEXT)).explain("NK")
    assert len(found.svgs()) == len(found.cuts) == 2
    assert found.svgs() == gate(sample_of(), parse_template(TEXT)).explain("NK").svgs()
    assert found._repr_html_().count("<svg") == 2
    figure = found.figure()
    assert len(figure.data) == 2
    assert figure.layout.shapes


def test_drawings__take_foreign_names_for_text() -> None:
    text = TEXT.replace("name: CD56, of", "name: '<script>', of")
    found = gate(sample_of(), parse_template(text)).explain("NK")
    page = sheet_html("a <b>", [("x", found.svgs(), found.lines)])
    assert "<script" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("seed", [2, 9])
def test_explain_all__has_every_cut_of_the_shipped_template(seed: int) -> None:
    lot = simulate_lot(seed, events=40_000)
    template = load_template("nk_release_7aad_adaptive")
    found = explain_all(gate(lot.tubes[0].sample, template, controls=lot.controls))
    assert len(found.cuts) == len(template.document.cuts)
    assert len(found.svgs()) == len(found.cuts)
    assert any(cut["source"] == "FMO CD3" for cut in found.as_dict()["cuts"])
