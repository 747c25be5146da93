"""XML from outside, read so that it can neither reach for files or the network nor grow without limit.

Rule zero (STANDARDS 7): any DOCTYPE or ENTITY is refused by a scan of the bytes, after UTF-16 and byte order
marks are dealt with, before a parser sees them. Without a DTD there are no entities to expand. The parser then
keeps its own limits: 256 levels, 10 MB a text.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from nkflow.errors import DocumentError, Problem

if TYPE_CHECKING:
    from lxml.etree import _Element

__all__ = ["MAX_BYTES", "parse_xml", "read_xml"]

MAX_BYTES = 200 * 1024 * 1024

# encodings in which every ASCII character is its own byte, so that the scan sees what the parser will see
_PLAIN = {"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "iso-8859-15", "latin1", "windows-1252"}
_DECLARATION = re.compile(rb"""\A\s*<\?xml[^>]*?encoding\s*=\s*["']([^"'>]*)["'][^>]*\?>""")
_DOCTYPE = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)


def read_xml(path: str | os.PathLike[str], *, error: type[DocumentError] = DocumentError) -> _Element:
    """Return the root element of the XML file at `path`.

    Raises
    ------
    DocumentError
        (or the given subclass) where the file can't be read, is larger than 200 MB, has a document type, or is
        not well-formed.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= MAX_BYTES else b""
    except OSError as problem:
        raise _refused(path.name, problem.strerror or "an error", "a readable file", error) from problem
    if size > MAX_BYTES:
        raise _refused(path.name, f"{size} bytes", f"at most {MAX_BYTES}", error)
    return parse_xml(data, name=path.name, error=error)


def parse_xml(data: bytes, *, name: str, error: type[DocumentError] = DocumentError) -> _Element:
    """Return the root element of the XML document `data`; `name` stands for the file in messages."""
    from lxml import etree

    plain = _without_surprises(data, name, error)
    if hidden := _DOCTYPE.search(plain):
        line = plain.count(b"\n", 0, hidden.start()) + 1
        raise _refused(name, "a document type or entity", "XML without a DTD", error, line=line)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(plain, parser)
    except etree.XMLSyntaxError as problem:
        found = problem.msg or "a syntax error"
        raise _refused(name, found, "well-formed XML", error, line=problem.lineno) from None


def _without_surprises(data: bytes, name: str, error: type[DocumentError]) -> bytes:
    """Return `data` in an encoding in which a DOCTYPE can be seen, without a byte order mark."""
    if data.startswith((b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff", b"\x00\x00\x00<", b"<\x00\x00\x00")):
        raise _refused(name, "UTF-32", "UTF-8 or UTF-16", error)
    wide = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"<\x00": "utf-16-le", b"\x00<": "utf-16-be"}
    codec = wide.get(data[:2])
    if codec is not None:
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            raise _refused(name, "bytes that are not UTF-16", "UTF-16 as it begins", error) from None
        return re.sub(r"\A\s*<\?xml[^>]*\?>", "", text).encode("utf-8")
    data = data.removeprefix(b"\xef\xbb\xbf")
    declared = _DECLARATION.match(data)
    encoding = declared[1].decode("ascii", "replace").lower() if declared else "utf-8"
    if encoding not in _PLAIN:
        raise _refused(name, f"the encoding {encoding!r}", "UTF-8, UTF-16 or ISO-8859-1", error)
    return data


def _refused(
    name: str, found: str, expected: str, error: type[DocumentError], *, line: int | None = None
) -> DocumentError:
    return error(f"{name} can't be read as XML", [Problem(name, line, "", found, expected)])
