from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from lxml import html

from nkflow.release.page import render
from page_records import record_of, unreadable

HOSTILE = (
    "</style></title><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" x=\'',
    "{{ 7 * 7 }}{% raw %}",
    "a\u202egpj.exe\u2066\u200b\x1b[31m\x00\x85",
    "x" * 3000,
    "<!--<svg onload=alert(1)>]]>",
    '"; } @import url(//evil.example/x.css); a { b: "',
    "lone \ud800 surrogate",
)

# closed sets of the data model: a record that says anything else does not come from nkflow
CLOSED = {
    "verdict", "computed_verdict", "simple", "guarded", "assurance", "op", "unit", "scope", "quantity", "rule",
    "dosed_population", "residual_t", "population", "method", "state", "rung", "severity", "schema",
}  # fmt: skip


def _spoiled(value: Any, payload: str, key: str = "") -> Any:
    """Return the record with the payload in every text that a file or a person may have written."""
    match value:
        case dict():
            return {name: _spoiled(inner, payload, str(name)) for name, inner in value.items()}
        case list():
            return [_spoiled(inner, payload, key) for inner in value]
        case str() if key not in CLOSED:
            return payload
    return value


def _check(page: str) -> html.HtmlElement:
    tree = html.document_fromstring(page)
    found = {element.tag for element in tree.iter() if isinstance(element.tag, str)}
    assert not found & {
        "script",
        "img",
        "iframe",
        "object",
        "embed",
        "link",
        "base",
        "form",
        "a",
        "foreignobject",
    }
    attributes = {name for element in tree.iter() for name in element.attrib}
    assert not {name for name in attributes if name.startswith("on") or name in {"src", "href", "srcset"}}
    assert len(tree.xpath("//style")) == 1
    assert not re.search(
        "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", page
    )
    assert "url(" not in tree.xpath("//style")[0].text
    assert "@import" not in tree.xpath("//style")[0].text
    return tree


@pytest.mark.parametrize("payload", HOSTILE)
@pytest.mark.parametrize("whole", [True, False])
def test_page__hostile_text_in_every_field_is_inert(monkeypatch, payload, whole):
    monkeypatch.setattr(
        "nkflow.release.page.sha256", lambda record: "0" * 64
    )  # refuses a lone surrogate itself
    record = _spoiled(record_of("FAIL") if whole else unreadable(), payload)
    tree = _check(render(record))
    assert tree.xpath("//p[@id='verdict']")[0].text == record["verdict"]
    assert "49" not in tree.xpath("string(//h1)")


def test_page__hostile_names_of_populations_tubes_and_limits_are_inert():
    record = copy.deepcopy(record_of("PASS"))
    dose, name = record["dose"], HOSTILE[0]
    dose["composition"]["pooled"][name] = 7
    for tube in dose["composition"]["tubes"]:
        tube["counts"][name] = 2
        tube["tube"] = name
    dose["limits"][name] = dose["limits"]["viability"]
    dose["externals"][name] = dose["externals"]["sterility"]
    dose["composition"]["frequencies"][f"{name} of viable"] = {"not_evaluable": name}
    record["versions"][name] = name
    tree = _check(render(record))
    assert tree.text_content().count("<script>alert(1)</script>") >= 6


def test_page__content_security_policy_allows_style_and_data_pictures_only():
    (policy,) = html.document_fromstring(render(record_of("PASS"))).xpath("//meta[@http-equiv]/@content")
    assert policy == (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
    )


def test_page__a_path_of_the_machine_does_not_reach_it():
    record = record_of("PASS")
    record["tubes"][0]["file"] = "/mnt/somebody/secret/A.fcs"
    record["tubes"][1]["file"] = "C:\\Users\\somebody\\B.fcs"
    page = render(record)
    assert "somebody" not in page
    assert "A.fcs" in page
