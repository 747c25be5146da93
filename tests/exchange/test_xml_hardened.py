"""XML from outside: hostile documents are refused before a parser sees them (STANDARDS 7)."""

from __future__ import annotations

import pytest

from nkflow.errors import DocumentError, TemplateError
from nkflow.exchange import xml

BOMB = '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;&x;&x;&x;&x;">]><a>&y;</a>'


def refused(data: bytes) -> str:
    with pytest.raises(DocumentError) as caught:
        xml.parse_xml(data, name="evil.xml")
    (problem,) = caught.value.problems
    assert problem.file == "evil.xml"
    return problem.found


@pytest.mark.parametrize(
    "data",
    [
        BOMB.encode(),
        b"\xef\xbb\xbf" + BOMB.encode(),
        BOMB.encode("utf-16"),
        BOMB.encode("utf-16-le"),
        BOMB.encode("utf-16-be"),
        b"\xfe\xff" + BOMB.encode("utf-16-be"),
        ('<?xml version="1.0" encoding="UTF-16"?>' + BOMB).encode("utf-16"),
        b'<?xml version="1.0" encoding="ISO-8859-1"?>\n' + BOMB.encode(),
        b"<a/><!-- --><!doctype a>",
        b"<a><!ENTITY x 'y'></a>",
    ],
)
def test_parse_xml__refuses_any_document_type(data: bytes) -> None:
    assert refused(data) == "a document type or entity"


@pytest.mark.parametrize("external", ["file:///etc/passwd", "http://127.0.0.1:9/x.dtd"])
def test_parse_xml__reaches_for_no_file_and_no_network(external: str) -> None:
    refused(f'<!DOCTYPE a [<!ENTITY x SYSTEM "{external}">]><a>&x;</a>'.encode())
    refused(f'<!DOCTYPE a SYSTEM "{external}"><a/>'.encode())
    assert xml.parse_xml(f'<a href="{external}"/>'.encode(), name="a").get("href") == external


def test_parse_xml__refuses_an_entity_that_nobody_declared() -> None:
    assert "x" in refused(b"<a>&x;</a>")


@pytest.mark.parametrize("encoding", ["utf-32", "utf-32-le", "utf-32-be"])
def test_parse_xml__refuses_encodings_that_hide_a_document_type(encoding: str) -> None:
    assert refused("<a/>".encode(encoding)) == "UTF-32"
    hidden = b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE a+AD4-<a/>'
    assert "utf-7" in refused(hidden)
    assert "ebcdic" in refused(b'<?xml version="1.0" encoding="EBCDIC-CP-US"?><a/>')


def test_parse_xml__refuses_what_is_not_well_formed() -> None:
    for data in (
        b"",
        b"   ",
        b"<a>",
        b"<a></b>",
        b"FCS3.0",
        b"<a x=1/>",
        b"\xff\xfe<",
        b"<a>\x00</a>",
        b"<a>\xff</a>",
    ):
        refused(data)


def test_parse_xml__keeps_depth_and_size_within_limits(monkeypatch, tmp_path) -> None:
    assert xml.parse_xml(b"<a>" * 200 + b"</a>" * 200, name="deep.xml").tag == "a"
    refused(b"<a>" * 300 + b"</a>" * 300)
    path = tmp_path / "large.xml"
    path.write_bytes(b"<a/>" + b" " * 100)
    monkeypatch.setattr(xml, "MAX_BYTES", 50)
    with pytest.raises(TemplateError, match="104 bytes"):
        xml.read_xml(path, error=TemplateError)


def test_read_xml__names_a_file_that_is_not_there(tmp_path) -> None:
    with pytest.raises(DocumentError, match=r"none\.xml"):
        xml.read_xml(tmp_path / "none.xml")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "iso-8859-1"])
def test_parse_xml__reads_the_usual_encodings(encoding: str) -> None:
    declared = {"utf-8-sig": "utf-8", "utf-16-le": "utf-16", "utf-16-be": "utf-16"}.get(encoding, encoding)
    data = f'<?xml version="1.0" encoding="{declared}"?><!-- c --><a name="größe"><?pi x?>β</a>'.replace(
        "β", "b" if encoding == "iso-8859-1" else "β"
    ).encode(encoding)
    root = xml.parse_xml(data, name="a.xml")
    assert root.get("name") == "größe"
    assert "".join(root.itertext()) in ("β", "b")
    assert len(root) == 0
