from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nkflow.release.page import render
from nkflow.release.pipeline import release
from page_records import VERDICTS, record_of, unreadable

pytestmark = pytest.mark.browser
DESKTOP, PHONE = (1280, 800), (390, 844)


@pytest.fixture(scope="module")
def shipped(project: Path) -> str:
    return release(project / "sample_fcs" / "lot.yaml").page()


def _long_words(value: Any, key: str = "") -> Any:
    """Return the record with a word of 400 letters in every text that a person writes."""
    match value:
        case dict():
            return {name: _long_words(inner, str(name)) for name, inner in value.items()}
        case list():
            return [_long_words(inner, key) for inner in value]
        case str() if key in {
            "lot",
            "patient",
            "donor",
            "message",
            "consequence",
            "source",
            "file",
            "name",
            "where",
        }:
            return value + "W" * 400
    return value


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_page__opens_in_silence_with_its_verdict_on_the_first_screen(show, verdict, size):
    opened = show(render(record_of(verdict)), size)
    assert opened.outside == []
    assert opened.messages == []
    box = opened.page.locator("#verdict").bounding_box()
    assert opened.page.locator("#verdict").inner_text() == verdict
    assert box["y"] + box["height"] < size[1]
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= size[0]


def test_page__on_a_desktop_the_volume_is_on_the_first_screen_too(show):
    box = show(render(record_of("PASS"))).page.locator(".figure.main .value").bounding_box()
    assert box["y"] + box["height"] < DESKTOP[1]


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize("make", [lambda: record_of("FAIL"), unreadable], ids=["fail", "unreadable"])
def test_page__never_scrolls_sideways_even_with_endless_words(show, make, size):
    page = show(render(_long_words(make())), size).page
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_page__of_the_shipped_lot_draws_every_gate_of_every_tube(show, shipped):
    opened = show(shipped)
    assert opened.outside == []
    assert opened.messages == []
    assert opened.page.locator("section[id^=plots-]").count() == 8
    pictures = opened.page.evaluate(
        "[...document.querySelectorAll('#plots-1 image')].map(i => i.getBoundingClientRect().width)"
    )
    assert len(pictures) >= 4
    assert min(pictures) > 150


def test_page__has_no_script_and_runs_none_from_a_hostile_name(show):
    record = record_of("FAIL")
    record["lot"]["lot"] = "<script>alert(1)</script>"
    record["lot"]["recipient"]["patient"] = "<img src=x onerror=alert(2)>"
    record["reasons"] = ["</li><svg onload=alert(3)>"]
    opened = show(render(record))
    assert opened.messages == []
    assert opened.page.evaluate("document.scripts.length") == 0
    assert opened.page.evaluate("document.images.length") == 0
    assert opened.page.locator("h1").inner_text() == "Lot <script>alert(1)</script>"


def test_page__its_policy_blocks_what_would_be_loaded_all_the_same(show):
    opened = show(render(record_of("PASS")))
    violated = opened.page.evaluate(
        """() => new Promise(done => {
            document.addEventListener('securitypolicyviolation', e => done(e.violatedDirective));
            const picture = document.createElement('img');
            picture.src = 'http://127.0.0.1:9/x.png';
            document.body.append(picture);
        })"""
    )
    assert violated == "img-src"


def test_page__printed_it_unfolds_everything_and_names_the_lot_on_the_sheet(show, shipped):
    opened = show(shipped)
    folded = opened.page.locator("#versions tbody tr").first
    assert not folded.is_visible()
    opened.page.emulate_media(media="print")
    assert folded.is_visible()
    style = opened.page.locator("style").first.text_content()
    assert 'content: "Lot SIM-ordinary-3 PASS record ' in style
    assert opened.page.pdf(prefer_css_page_size=True).startswith(b"%PDF-")


def test_page__colours_have_contrast_enough_to_read(show):
    page = show(render(record_of("INVALID"))).page
    ratios = page.evaluate(
        """() => {
            const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).map(v => v / 255).map(
                v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
                return .2126 * r + .7152 * g + .0722 * b; };
            const ground = e => { for (; e; e = e.parentElement) {
                const c = getComputedStyle(e).backgroundColor;
                if (c !== 'rgba(0, 0, 0, 0)') return c; } return 'rgb(255, 255, 255)'; };
            return [...document.querySelectorAll('p, td, th, dt, dd, span, li, h1, h2')]
                .filter(e => e.innerText && e.checkVisibility()).map(e => {
                    const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x);
                    return (a + .05) / (b + .05); });
        }"""
    )
    assert len(ratios) > 200
    assert min(ratios) >= 4.5
