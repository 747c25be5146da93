from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

import pytest
from lxml import html

from nkflow.release.page import render
from nkflow.release.page.wording import VERDICTS as WORDINGS
from nkflow.release.record import sha256
from page_records import VERDICTS, lot_document, record_from, record_of, unreadable


@pytest.fixture(scope="module")
def records() -> dict[str, dict[str, Any]]:
    return {verdict: record_of(verdict) for verdict in VERDICTS}


def _tree(record: dict[str, Any], drawings: dict[str, tuple[str, ...]] | None = None) -> html.HtmlElement:
    return html.document_fromstring(render(record, drawings))


def _words(element: html.HtmlElement) -> str:
    return " ".join(" ".join(element.itertext()).split())


def _text(tree: html.HtmlElement, xpath: str) -> str:
    (element,) = tree.xpath(xpath)
    return _words(element)


def _rows(tree: html.HtmlElement, section: str) -> list[list[str]]:
    rows = tree.xpath(f"//section[@id='{section}']//tbody/tr")
    return [[_words(cell) for cell in row.xpath("td")] for row in rows]


@pytest.mark.parametrize("verdict", VERDICTS)
def test_page__says_its_verdict_in_words_with_its_own_symbol(records, verdict):
    tree = _tree(records[verdict])
    assert records[verdict]["verdict"] == verdict
    assert _text(tree, "//p[@id='verdict']") == verdict
    banner = _text(tree, "//div[starts-with(@class, 'banner')]")
    assert WORDINGS[verdict].meaning in banner
    assert WORDINGS[verdict].next_step in banner


def test_page__five_verdicts_differ_without_colour(records):
    symbols, styles = set(), set()
    for record in records.values():
        (banner,) = _tree(record).xpath("//div[starts-with(@class, 'banner')]")
        symbols.add("".join(path.get("d", "") for path in banner.xpath("svg//path")))
        styles.add(banner.get("class"))
    assert len(symbols) == len(styles) == 5


@pytest.mark.parametrize("verdict", VERDICTS)
def test_page__only_a_pass_names_a_volume_to_infuse_and_can_be_approved(records, verdict):
    tree = _tree(records[verdict])
    text = tree.text_content()
    assert ("Volume to infuse" in text) == (verdict == "PASS")
    assert ("The product may be infused." in text) == (verdict == "PASS")
    assert "nkflow never releases; a person signs." in text


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        ("FAIL", "residual T is 523,762 cells/kg; the protocol asks for < 200,000 cells/kg"),
        (
            "INCONCLUSIVE",
            "residual T is 184,067 cells/kg; that it is < 200,000 cells/kg has a probability of 0.9",
        ),
        ("PENDING", "mycoplasma: the result is pending"),
        ("INVALID", "bead lot CB-7 expired on 2026-01-31"),
        ("INVALID", "FAIL: residual T is 523,762 cells/kg"),
    ],
)
def test_page__says_why_in_plain_sentences(records, verdict, sentence):
    banner = _text(_tree(records[verdict]), "//div[starts-with(@class, 'banner')]")
    assert sentence in banner
    assert banner.count("limit <") == 0


def test_page__a_reason_it_does_not_know_stands_as_it_is(records):
    record = records["FAIL"] | {"reasons": ["FAIL: the moon is full", "tube C: no beads"]}
    listed = [_words(item) for item in _tree(record).xpath("//ul[@class='reasons']/li")]
    assert listed == ["the moon is full", "tube C: no beads"]


@pytest.mark.parametrize("verdict", ["FAIL", "INVALID"])
def test_page__a_volume_that_must_not_be_infused_says_so_wherever_it_stands(records, verdict):
    tree = _tree(records[verdict])
    assert "not to be infused" in _text(tree, "//p[@class='formula']")


def test_page__a_fail_stays_beside_invalid(records):
    record = records["INVALID"]
    assert record["dose"]["computed_verdict"] == "FAIL"
    tree = _tree(record)
    assert "The numbers alone would have been FAIL" in _text(tree, "//div[starts-with(@class, 'banner')]")
    assert any("FAIL" in row[3] for row in _rows(tree, "limits"))


def test_page__first_screen_has_the_numbers_of_the_record(records):
    dose = records["PASS"]["dose"]
    figures = _text(_tree(records["PASS"]), "//div[@class='figures']")
    assert f"{dose['volume_ml']:g} mL" in figures
    assert f"{dose['delivered_per_kg'] / 1e6:.3f} × 10⁶ /kg" in figures
    assert f"{dose['composition']['frequencies']['viable of CD45+']['percent']:.1f} %" in figures
    upper = dose["levels"][2]["rounded"]["per_kg"]["T"]["upper"]
    assert f"95 % upper bound {float(f'{upper:.4g}'):,.0f}" in figures
    assert "limit < 200,000" in figures


def test_page__formula_is_written_out_with_its_numbers(records):
    formula = _text(_tree(records["PASS"]), "//p[@class='formula']")
    d, w, c = re.search(r"= ([\d,]+) /kg × ([\d.]+) kg / ([\d,]+) viable CD56\+ per mL", formula).groups()
    volume = float(d.replace(",", "")) * float(w) / float(c.replace(",", ""))
    assert f"= {volume:.5g} mL" in formula
    assert f"rounded half-up to 0.1 mL: {records['PASS']['dose']['volume_ml']:g} mL" in formula


def _calculated(formula: str) -> float:
    assert re.fullmatch(r"[\d.e+()×−/ ]+", formula)
    return float(eval(formula.replace("×", "*").replace("−", "-")))


def _bead_tube(lot: dict[str, Any]) -> None:
    lot["counting"]["method"] = "bead_tube"
    lot["counting"]["beads"] |= {"concentration_per_ul": None, "per_tube": 24675.0}


def _undiluted(lot: dict[str, Any]) -> None:
    lot["counting"]["dilutions"] = []


@pytest.mark.parametrize("change", [lambda lot: None, _bead_tube, _undiluted])
def test_page__what_stands_in_by_hand_gives_the_number_of_the_record(
    change: Callable[[dict[str, Any]], None],
):
    document = lot_document()
    change(document)
    (table, _) = _tree(record_from(document)).xpath("//section[@id='by-hand']//table")
    steps = [[_words(cell) for cell in row.xpath("td")] for row in table.xpath(".//tbody/tr")]
    assert len(steps) >= 5
    for name, formula, value in steps:
        assert _calculated(formula) == pytest.approx(float(value.split()[-1]), rel=1e-9), name


def test_page__by_hand_has_raw_counts_beads_volumes_and_mass(records):
    text = " ".join(" ".join(row) for row in _rows(_tree(records["PASS"]), "by-hand"))
    for wanted in (
        "15,310 + 14,656 + 14,959",
        "lot CB-7",
        "987 beads/µL",
        "200 + 600 µL",
        "18.6 kg",
        "25 µL",
    ):
        assert wanted in text


def test_page__limits_have_value_operator_rule_assurance_and_source(records):
    record = records["INCONCLUSIVE"]
    judged = record["dose"]["limits"]["residual T"]
    row = next(row for row in _rows(_tree(record), "limits") if row[0] == "residual T residual T")
    assert f"unrounded {judged['value']!r}" in row[1]
    assert row[2] == "< 200,000 cells/kg"
    assert row[3] == "INCONCLUSIVE guarded rule"
    assert row[4].startswith("PASS P(conform) 0.9")
    assert row[5] == judged["source"]


def test_page__operators_are_never_normalised():
    document = lot_document()
    required = [row[2] for row in _rows(_tree(record_from(document)), "limits")]
    assert "> 70 %" in required
    assert "≤ 5.0 EU/kg" in required


def test_page__a_pass_that_the_other_rule_does_not_share_asks_for_a_reason(records):
    record = copy.deepcopy(records["PASS"])
    assert "Reason (assurance" not in render(record)
    record["dose"]["limits"]["viability"]["assurance"] = "INCONCLUSIVE"
    assert "Reason (assurance is not PASS: viability)" in _text(_tree(record), "//section[@id='signatures']")


def test_page__counts_stand_tube_by_tube_and_the_leaves_sum_to_their_parent(records):
    tree = _tree(records["PASS"])
    row = next(row for row in _rows(tree, "counts") if row[0] == "T")
    assert row[1:5] == ["55", "52", "82", "189"]
    assert "= 20,750 = viable 20,750" in _text(tree, "//section[@id='counts']")


def test_page__every_frequency_names_its_reference(records):
    rows = _rows(_tree(records["PASS"]), "populations")
    shares = [row for row in rows if len(row) == 7 and row[3].endswith("%")]
    assert len(shares) >= 9
    assert all(row[1] in {"viable", "CD45+", "CD56+"} and " of " in row[2] for row in shares)


def test_page__what_is_not_evaluable_says_why_and_is_no_zero(records):
    rows = [row for row in _rows(_tree(records["PASS"]), "populations") if row[0] == "CD3dim"]
    assert rows[0][3] == "not evaluable CD3dim was not counted in every tube"


def test_page__budget_is_largest_first_and_adds_up(records):
    tree = _tree(records["PASS"])
    (table, *_) = tree.xpath("//section[@id='budget']//table")
    shares = [float(cell.text_content().split()[0]) for cell in table.xpath(".//tbody/tr/td[4]")]
    assert shares[:-1] == sorted(shares[:-1], reverse=True)
    assert sum(shares[:-1]) == pytest.approx(100, abs=0.5)


def test_page__findings_of_files_and_dose_stand_errors_first(records):
    rows = _rows(_tree(records["INVALID"]), "findings")
    assert [row[0] for row in rows] == sorted(
        (row[0] for row in rows), key=["error", "warning", "info"].index
    )
    codes = {row[3] for row in rows}
    assert {"beads-expired", "offset-plus-one", "dose-skipped"} <= codes


def test_page__inputs_have_their_hashes(records):
    text = " ".join(" ".join(row) for row in _rows(_tree(records["PASS"]), "inputs"))
    assert all(tube["sha256"] in text for tube in records["PASS"]["tubes"])
    assert records["PASS"]["protocol_sha256"] in text


def test_page__names_the_record_it_was_made_from(records):
    assert sha256(records["PASS"]) in _text(_tree(records["PASS"]), "//footer")


def test_page__same_record_same_bytes(records):
    assert render(records["FAIL"]) == render(copy.deepcopy(records["FAIL"]))


def test_page__without_a_dose_it_still_says_what_happened():
    record = unreadable()
    tree = _tree(record)
    assert _text(tree, "//p[@id='verdict']") == "INVALID"
    assert "the file ends before its last event" in _text(tree, "//div[starts-with(@class, 'banner')]")
    assert "no dose could be computed" in _text(tree, "//div[starts-with(@class, 'figures')]")
    (row,) = [row for row in _rows(tree, "findings") if row[0] == "error"]
    assert row[1] == "tube B"
    assert "Export the file again." in row[2]


def test_page__a_composition_without_a_dose_shows_its_counts(records):
    record = unreadable() | {"composition": records["PASS"]["composition"]}
    assert any(row[0] == "T" and row[4] == "189" for row in _rows(_tree(record), "counts"))


def test_page__a_dose_that_the_bag_does_not_hold_names_the_largest_one():
    document = lot_document()
    document["product"]["bag_volume_ml"] = 20.0
    record = record_from(document)
    assert record["verdict"] == "FAIL"
    figures = _text(_tree(record), "//div[@class='figures']")
    assert "not deliverable" in figures
    assert "at most 4.435 × 10⁶ /kg" in figures


def test_page__drawings_stand_under_their_tube_in_order(records):
    tree = _tree(
        records["PASS"], {"B": ("<svg id='b1'></svg>",), "A": ("<svg id='a1'></svg>", "<svg id='a2'></svg>")}
    )
    assert [svg.get("id") for svg in tree.xpath("//figure/svg")] == ["a1", "a2", "b1"]


def test_page__an_unknown_verdict_is_shown_as_invalid(records):
    tree = _tree(records["PASS"] | {"verdict": "OK"})
    (banner,) = tree.xpath("//div[starts-with(@class, 'banner')]")
    assert banner.get("class") == "banner invalid"
    assert "Volume to infuse" not in tree.text_content()


def _tubes(lot: dict[str, Any], **counts: int) -> None:
    for tube in lot["tubes"]:
        tube["counts"] |= counts
        leaves = ("NK", "NKT-like", "T", "B", "monocytes", "other")
        tube["counts"]["viable"] = sum(tube["counts"][name] for name in leaves)


def _volumetric(lot: dict[str, Any]) -> None:
    lot["counting"] |= {"method": "volumetric", "u_acquired_volume": 0.01}
    for tube, volume in zip(lot["tubes"], (307.5, 301.0, 302.5), strict=True):
        tube["acquired_volume_ul"] = volume
        del tube["counts"]["beads"]


def _analyser(lot: dict[str, Any]) -> None:
    lot["counting"] |= {"method": "dual_platform", "analyser": {"wbc_per_ul": 5250, "u_rel": 0.03}}


def _one_tube(lot: dict[str, Any]) -> None:
    del lot["tubes"][1:]


def _without_doublets(lot: dict[str, Any]) -> None:
    for tube in lot["tubes"]:
        del tube["counts"]["cells"], tube["counts"]["singlets"]


def _thawed(lot: dict[str, Any]) -> None:
    lot["product"] |= {
        "state": "thawed",
        "vials": {"count": 23, "volume_ml": 2.0},
        "pre_freeze_viable_cells": 2.31e8,
        "apheresis_t_cells": 1.86e9,
    }


def _nothing_from_outside(lot: dict[str, Any]) -> None:
    lot["external"] = {"endotoxin_eu_per_ml": "< 0.05"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_volumetric, "uL acquired"),
        (_analyser, "live and dead CD45+"),
        (_one_tube, "1 sample tube; the protocol asks for 2"),
        (_without_doublets, "excluded doublets are to be corrected, but"),
        (_thawed, "vials to thaw"),
        (_nothing_from_outside, "mycoplasma: the result is missing"),
        (lambda lot: _tubes(lot, T=0), "not detected"),
        (lambda lot: _tubes(lot, T=8), "detected, < LLOQ"),
        (lambda lot: _tubes(lot, **{"NK": 0, "NKT-like": 0}), "not deliverable"),
        (lambda lot: _tubes(lot, dead=0), "100.0 %"),
    ],
)
def test_page__has_something_to_say_of_every_dose(change: Callable[[dict[str, Any]], None], said: str):
    document = lot_document()
    change(document)
    tree = _tree(record_from(document))
    assert said in _words(tree)
    assert not re.search(r"\b(nan|inf|None)\b", _words(tree))
