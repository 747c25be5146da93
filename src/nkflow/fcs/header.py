"""HEADER: version and the six offsets of the first 58 bytes (STANDARDS.md §1.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nkflow.errors import FCSFormatError, FCSUnsupportedError
from nkflow.fcs.tolerance import Tolerance

__all__ = ["HEADER_BYTES", "VERSIONS", "Header", "Segment", "parse_header"]

HEADER_BYTES = 58
VERSIONS = ("FCS2.0", "FCS3.0", "FCS3.1", "FCS3.2")
_OFFSET = re.compile(rb"[ \0]*(-?[0-9]{1,8})[ \0]*")


@dataclass(frozen=True)
class Segment:
    """Bytes `begin`..`end` of a data set, the last one included; offsets count from the data set's first byte.

    ``0, 0`` and ``0, -1`` mean that there is no such segment (FCS-H02).
    """

    begin: int
    end: int

    @property
    def present(self) -> bool:
        """Whether there is a segment at all."""
        return self.begin > 0 and self.end >= self.begin

    @property
    def length(self) -> int:
        """Number of bytes."""
        return self.end - self.begin + 1 if self.present else 0

    def overlaps(self, other: Segment) -> bool:
        """Whether the two share a byte."""
        return self.present and other.present and self.begin <= other.end and other.begin <= self.end


@dataclass(frozen=True)
class Header:
    """Version and offsets as HEADER states them."""

    version: str
    text: Segment
    data: Segment
    analysis: Segment


def parse_header(first: bytes, tolerance: Tolerance) -> Header:
    """Return the header in the first 58 bytes of a data set.

    Raises
    ------
    FCSFormatError
        ``not-fcs``; ``header-truncated``; ``header-offset`` where an offset is not a number of the standard.
    FCSUnsupportedError
        ``fcs-version``: FCS 1.0, or a version that nobody has published.
    """
    _check_version(first, tolerance)
    if len(first) < HEADER_BYTES:
        raise FCSFormatError(
            "HEADER is incomplete",
            code="header-truncated",
            where=tolerance.where,
            found=f"{len(first)} bytes",
            expected=f"{HEADER_BYTES} bytes",
        )
    if first[6:10] != b"    ":
        tolerance.note(
            "header-padding", "bytes 6-9 of HEADER are not blanks", where="HEADER", severity="info"
        )
    text, data = (_segment(first, at, name, tolerance) for at, name in ((10, "TEXT"), (26, "DATA")))
    if not text.present:
        raise FCSFormatError(
            "HEADER gives no TEXT segment",
            code="text-missing",
            where=tolerance.where,
            found=f"{text.begin}..{text.end}",
        )
    return Header(first[:6].decode("ascii"), text, data, _analysis(first, tolerance))


def _check_version(first: bytes, tolerance: Tolerance) -> None:
    if first[:3] != b"FCS":
        raise FCSFormatError(
            "this is not an FCS file",
            code="not-fcs",
            where=tolerance.where,
            found=ascii(first[:6].decode("latin-1")),
            expected=f"one of {', '.join(VERSIONS)}",
        )
    version = first[:6].decode("latin-1")
    if len(first) >= HEADER_BYTES and version not in VERSIONS:
        raise FCSUnsupportedError(
            "this version of FCS can't be read",
            code="fcs-version",
            where=tolerance.where,
            found=ascii(version),
            expected=f"one of {', '.join(VERSIONS)}",
            next_step="Export the data again as FCS 3.0 or 3.1.",
        )


def _segment(first: bytes, at: int, name: str, tolerance: Tolerance) -> Segment:
    begin, end = (_offset(first[position : position + 8]) for position in (at, at + 8))
    if begin is None or end is None:
        raise FCSFormatError(
            f"the offsets of {name} in HEADER are not numbers",
            code="header-offset",
            where=tolerance.where,
            found=ascii(first[at : at + 16].decode("latin-1")),
            expected="two right-justified decimal numbers of 8 bytes",
        )
    return Segment(begin, end)


def _analysis(first: bytes, tolerance: Tolerance) -> Segment:
    """Return the ANALYSIS offsets; no number depends on them, so that junk there can be allowed."""
    begin, end = (_offset(first[position : position + 8]) for position in (42, 50))
    if begin is None or end is None:
        found = ascii(first[42:58].decode("latin-1"))
        tolerance.doubt(
            "analysis-offset",
            "the offsets of ANALYSIS in HEADER are not numbers",
            where="HEADER",
            found=found,
        )
        return Segment(0, 0)
    return Segment(begin, end)


def _offset(field: bytes) -> int | None:
    """Return one 8-byte offset: blank is 0, ``-1`` the only negative one (FCS-H01, H02); None for junk."""
    if not field.strip(b" \0"):
        return 0
    match = _OFFSET.fullmatch(field)
    value = int(match[1]) if match else -2
    return value if value >= -1 else None
