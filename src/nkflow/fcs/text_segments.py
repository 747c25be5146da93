"""HEADER, primary and supplemental TEXT of one data set become its keywords."""

from __future__ import annotations

import re
from collections.abc import Callable

from nkflow.errors import FCSFormatError, FCSLimitError, FCSTruncatedError
from nkflow.fcs.header import HEADER_BYTES, Header, Segment, parse_header
from nkflow.fcs.keywords import Keywords, decode_keywords, upper
from nkflow.fcs.limits import Limits
from nkflow.fcs.parameters import required_keywords
from nkflow.fcs.segments import segment_in_text
from nkflow.fcs.source import Window
from nkflow.fcs.text import Pairs, split_text
from nkflow.fcs.tolerance import Tolerance

__all__ = ["read_analysis", "read_keywords"]

_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1f]")


def read_keywords(window: Window, tolerance: Tolerance, limits: Limits) -> tuple[Header, Keywords]:
    """Return header and keywords of the data set in `window`.

    Raises
    ------
    FCSError
        As :func:`~nkflow.fcs.header.parse_header` and :func:`~nkflow.fcs.text.split_text`; ``text-truncated``.
    """
    header = parse_header(window.read(0, HEADER_BYTES), tolerance)
    segment = _primary(header, window.size, tolerance)
    raw = _read(window, segment, "TEXT", tolerance, limits)
    pairs = split_text(
        raw, name="TEXT", complete=_completeness(header.version), tolerance=tolerance, limits=limits
    )
    keywords = decode_keywords(pairs, name="TEXT", tolerance=tolerance)
    supplement = _supplemental(window, header, keywords, raw[:1], tolerance, limits)
    return header, keywords.merged(supplement, tolerance) if supplement else keywords


def read_analysis(
    window: Window, header: Header, keywords: Keywords, tolerance: Tolerance, limits: Limits
) -> Keywords:
    """Return the keywords of ANALYSIS, none where there is none or it can't be read (FCS-T13)."""
    segment = header.analysis
    if not segment.present:
        segment = segment_in_text(keywords, "ANALYSIS") or Segment(0, 0)
    if not segment.present or segment.end >= window.size:
        return Keywords({})
    try:
        raw = _read(window, segment, "ANALYSIS", tolerance, limits)
        pairs = split_text(raw, name="ANALYSIS", complete=bool, tolerance=tolerance, limits=limits)
    except (FCSFormatError, FCSLimitError) as problem:
        tolerance.note("analysis-unreadable", problem.message, where="ANALYSIS", consequence="it is ignored")
        return Keywords({})
    return decode_keywords(pairs, name="ANALYSIS", tolerance=tolerance)


def _primary(header: Header, size: int, tolerance: Tolerance) -> Segment:
    """Return the primary TEXT, trimmed by the one byte that some writers share with DATA (FCS-H12)."""
    text = header.text
    if text.begin < HEADER_BYTES:
        raise FCSFormatError(
            "TEXT begins inside HEADER",
            code="segment-overlap",
            where=tolerance.where,
            found=f"byte {text.begin}",
            expected=f"{HEADER_BYTES} or later",
        )
    if text.end == header.data.begin and header.data.present:
        tolerance.note(
            "text-end-plus-one",
            "the last byte of TEXT is the first of DATA",
            where="HEADER",
            severity="info",
            consequence="TEXT is taken to end one byte earlier",
        )
        text = Segment(text.begin, text.end - 1)
    if text.end >= size:
        raise FCSTruncatedError(
            "the file ends inside TEXT",
            code="text-truncated",
            where=tolerance.where,
            found=f"{size} bytes",
            expected=f"{text.end + 1} bytes",
        )
    return text


def _read(window: Window, segment: Segment, name: str, tolerance: Tolerance, limits: Limits) -> bytes:
    if segment.length > limits.text_bytes:
        raise FCSLimitError(
            f"{name} is too long",
            where=tolerance.where,
            found=f"{segment.length} bytes",
            expected=f"at most {limits.text_bytes}",
        )
    return window.read(segment.begin, segment.length)


def _completeness(version: str) -> Callable[[Pairs], bool]:
    """Return the test that tells a right parse of primary TEXT from a wrong one (FCS-T03)."""
    required = required_keywords(version)

    def complete(pairs: Pairs) -> bool:
        found = {upper(key.decode("latin-1").strip()): value for key, value in pairs}
        if any(key not in found for key in required):
            return False
        count = found["$PAR"].strip(b" \0")
        if not count.isdigit() or len(count) > 6:
            return False
        return all(f"$P{number}{what}" in found for number in range(1, int(count) + 1) for what in "BR")

    return complete


def _supplemental(
    window: Window,
    header: Header,
    keywords: Keywords,
    delimiter: bytes,
    tolerance: Tolerance,
    limits: Limits,
) -> Keywords | None:
    """Return the keywords of supplemental TEXT; it need not begin with the delimiter (FCS-T12)."""
    segment = segment_in_text(keywords, "STEXT") if header.version >= "FCS3.0" else None
    if segment is None or not segment.present:
        return None
    if segment.overlaps(header.text) or segment.begin < HEADER_BYTES or segment.end >= window.size:
        where = f"at {segment.begin}..{segment.end} overlaps TEXT or is not in the file"
        _note_ignored(where, tolerance)
        return None
    raw = _read(window, segment, "STEXT", tolerance, limits)
    raw = raw if raw[:1] == delimiter else delimiter + raw
    quiet = tolerance.fresh()
    pairs = split_text(raw, name="STEXT", complete=lambda _: True, tolerance=quiet, limits=limits)
    if any(not key.strip() or _CONTROLS.search(key) for key, _ in pairs):
        _note_ignored("is no text", tolerance)
        return None
    keywords = decode_keywords(pairs, name="STEXT", tolerance=quiet)
    for finding in quiet.findings:
        tolerance.note(**vars(finding))
    return keywords


def _note_ignored(what: str, tolerance: Tolerance) -> None:
    tolerance.note(
        "stext-ignored", f"supplemental TEXT {what}", where="$BEGINSTEXT", consequence="it is ignored"
    )
