"""The section of the page on the compensation of the sample tubes."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from nkflow.release.page import render
from nkflow.release.pipeline import release

Record = dict[str, Any]


@pytest.fixture(scope="module")
def record(small_lot: Path) -> Record:
    return release(small_lot / "lot.yaml", second_engine=False).record


def _spoiled(record: Record, tube: int, judgements: tuple[str, ...]) -> Record:
    """Return the record with the first assessable pairs of one tube judged like this."""
    spoiled = copy.deepcopy(record)
    pairs = spoiled["tubes"][tube]["gating"]["fitness"]["pairs"]
    for k, (pair, word) in enumerate(zip(pairs, judgements, strict=False)):
        slope = (0.03 + 0.01 * k) * (1 if word == "under" else -1)
        pair.update(
            slope=slope, low=slope - 0.004, high=slope + 0.004, shift=20_000.0 * slope, judgement=word
        )
    return spoiled


def _section(record: Record) -> html.HtmlElement | None:
    found = html.document_fromstring(render(record)).xpath("//section[@id='compensation']")
    return found[0] if found else None


def _words(element: html.HtmlElement) -> str:
    return " ".join(" ".join(element.itertext()).split())


def _rows(section: html.HtmlElement, table: int) -> list[list[str]]:
    return [
        [_words(cell) for cell in row.xpath("td")]
        for row in section.xpath(".//table")[table].xpath(".//tbody/tr")
    ]


def test_compensation__is_folded_behind_suitability_with_one_picture(record: Record) -> None:
    tree = html.document_fromstring(render(record))
    slugs = [section.get("id") for section in tree.xpath("//main/section[@id]")]
    assert slugs.index("compensation") == slugs.index("suitability") + 1
    (section,) = tree.xpath("//section[@id='compensation']")
    assert section.xpath("details/@open") == []
    assert len(section.xpath(".//figure/svg")) == 1


def test_compensation__each_sample_tube_has_its_row_as_the_record_has_it(record: Record) -> None:
    section = _section(record)
    assert section is not None
    samples = [tube for tube in record["tubes"] if tube["role"] == "sample"]
    rows = _rows(section, 0)
    assert [row[0] for row in rows] == [tube["id"] for tube in samples]
    for row, tube in zip(rows, samples, strict=True):
        pairs = [pair["judgement"] for pair in tube["gating"]["fitness"]["pairs"]]
        assert row[1] == f"{len(pairs)} of 56"
        assert [int(cell) for cell in row[2:6]] == [
            pairs.count(w) for w in ("well", "under", "over", "unclear")
        ]


def test_compensation__shows_the_tube_with_most_wrong_pairs_and_lists_them(record: Record) -> None:
    spoiled = _spoiled(_spoiled(record, 1, ("under", "over")), 2, ("under",))
    section = _section(spoiled)
    assert section is not None
    assert "3 pairs of channels judged wrong in 3 sample tubes; picture of tube B" in _words(section)
    listed = _rows(section, 1)
    assert [(row[0], row[-1]) for row in listed] == [
        ("B", "over-compensated"), ("B", "under-compensated"), ("C", "under-compensated"),
    ]  # fmt: skip
    assert listed[0][3] == "-0.0400 -0.0440 to -0.0360"
    signs = [_words(text) for text in section.xpath(".//svg/g/text")]
    pairs = spoiled["tubes"][1]["gating"]["fitness"]["pairs"]
    assert sorted(signs) == sorted({"under": "+", "over": "−", "unclear": "?"}.get(p["judgement"], "") for p in pairs
                                   if p["judgement"] != "well")  # fmt: skip
    squares = section.xpath(".//svg/rect/title/text()")
    assert len(squares) == len(pairs) + 1  # and the ground
    assert sum("-0.04000" in square for square in squares) == 1


def test_compensation__tubes_that_tell_nothing_have_no_section(record: Record) -> None:
    silent = copy.deepcopy(record)
    for tube in silent["tubes"]:
        tube["gating"]["fitness"] |= {"pairs": [], "assessable": 0}
    silent["tubes"][0]["gating"] = None
    assert _section(silent) is None


def test_compensation__names_from_files_stay_text(record: Record) -> None:
    hostile = copy.deepcopy(_spoiled(record, 0, ("under", "over", "under")))
    payload = "</title></svg><script>alert(1)</script>\u202e\x00"
    gating = hostile["tubes"][0]["gating"]
    name = gating["fitness"]["pairs"][0]["source"]
    for pair in gating["fitness"]["pairs"]:
        pair |= {end: payload for end in ("source", "target") if pair[end] == name}
    gating["fitness"]["channels"] = [
        payload if each == name else each for each in gating["fitness"]["channels"]
    ]
    page = render(hostile)
    assert "<script" not in page
    assert "\u202e" not in page
    (section,) = html.document_fromstring(page).xpath("//section[@id='compensation']")
    assert len(section.xpath(".//figure/svg")) == 1


def test_compensation__same_bytes_and_few_of_them(record: Record) -> None:
    spoiled = _spoiled(record, 0, ("under",) * 8)
    page, again = render(spoiled), render(copy.deepcopy(spoiled))
    assert page == again
    start = page.index('<section id="compensation">')
    assert len(page[start : page.index("</section>", start)].encode()) < 16_000
