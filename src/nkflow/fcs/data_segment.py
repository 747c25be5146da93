"""DATA of one data set: layout, first byte and number of events, decided by arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from nkflow.errors import FCSFormatError, FCSTruncatedError
from nkflow.fcs.header import Header, Segment
from nkflow.fcs.keywords import Keywords
from nkflow.fcs.layout import Layout
from nkflow.fcs.segments import Candidate, candidates, segment_in_text
from nkflow.fcs.source import Window
from nkflow.fcs.tolerance import Tolerance

__all__ = ["DataSegment", "OnTruncated", "find_data"]

OnTruncated = Literal["error", "read"]


@dataclass(frozen=True)
class DataSegment:
    """Where the events are and how many there are.

    Attributes
    ----------
    begin
        First byte, relative to the data set.
    length
        Bytes from there to the stated end, or to the end of the file.
    n_events
        Complete events there.
    total_known
        Whether `$TOT` states them.
    source
        Whose offsets were right: ``HEADER``, ``TEXT``, ``arithmetic``, or ``none`` for a file without events.
    truncated
        There are fewer events than `$TOT` says.
    """

    begin: int
    length: int
    n_events: int
    layout: Layout
    source: str
    total_known: bool = True
    truncated: bool = False


def find_data(
    window: Window,
    header: Header,
    *,
    keywords: Keywords,
    layouts: Sequence[Layout],
    tolerance: Tolerance,
    on_truncated: OnTruncated = "error",
) -> DataSegment:
    """Return DATA of the data set in `window`, with the one of `layouts` (the declared one first) that fits.

    Raises
    ------
    FCSTruncatedError
        ``fcs-truncated``: fewer events than `$TOT`, unless `on_truncated` is ``read``.
    FCSFormatError
        ``data-missing``; ``tot-mismatch``; ``segment-overlap``; ``tot-invalid``.
    """
    total = _total(header, keywords, tolerance)
    found = candidates(header, keywords, window.size, layouts if total else layouts[:1], total)
    if not found:
        stated = _stated(header, keywords)
        return _without_segment(
            stated, window.size, total, layout=layouts[0], tolerance=tolerance, on_truncated=on_truncated
        )
    best = found[0]
    _check_width(best, tolerance)
    _report(best, header, keywords, tolerance)
    events, truncated = _count(window, best, total, tolerance, on_truncated)
    used = Segment(best.segment.begin, best.segment.begin + best.layout.bytes_for(events) - 1)
    _check_overlaps(used, header, tolerance)
    length = min(best.segment.length, window.size - best.segment.begin)
    return DataSegment(
        best.segment.begin, length, events, best.layout, best.source, total is not None, truncated
    )


def _total(header: Header, keywords: Keywords, tolerance: Tolerance) -> int | None:
    """Return `$TOT`, None where it is missing, which FCS 2.0 allows."""
    stated = keywords.text("$TOT")
    total = keywords.integer("$TOT")
    if total is not None and total >= 0:
        return total
    if stated:
        tolerance.doubt(
            "tot-invalid",
            "$TOT is no number of events",
            where="$TOT",
            found=ascii(stated[:30]),
            expected="a number of at most 20 digits",
        )
    elif header.version != "FCS2.0":
        tolerance.note(
            "tot-missing",
            "$TOT is missing",
            where="$TOT",
            consequence="events are counted by the length of DATA",
        )
    return None


def _without_segment(
    stated: Mapping[str, Segment],
    size: int,
    total: int | None,
    *,
    layout: Layout,
    tolerance: Tolerance,
    on_truncated: OnTruncated,
) -> DataSegment:
    """Return an empty DATA where `$TOT` is 0 (FCS-D15); refuse, or note a file that ends before its DATA."""
    if total == 0:
        return DataSegment(0, 0, 0, layout, "none")
    if any(segment.begin >= size for segment in stated.values()):
        _truncated(0, total, tolerance, on_truncated)
        return DataSegment(0, 0, 0, layout, "none", truncated=True)
    raise FCSFormatError(
        "neither HEADER nor TEXT say where DATA is",
        code="data-missing",
        where=tolerance.where,
        found=", ".join(f"{source} {s.begin}..{s.end}" for source, s in stated.items()),
        expected=f"the place of {total} events" if total else "the place of the events",
    )


def _truncated(events: int, total: int | None, tolerance: Tolerance, on_truncated: OnTruncated) -> None:
    expected = "some events" if total is None else f"{total} events"
    if on_truncated != "read":
        raise FCSTruncatedError(
            "the file holds fewer events than its header promises",
            where=tolerance.where,
            found=f"{events} complete events",
            expected=expected,
            next_step="Copy the file again, or read what is there with on_truncated='read'.",
        )
    tolerance.note(
        "truncated",
        f"the file holds {events} complete events, its header promises {expected}",
        severity="error",
        where="$TOT",
        consequence="allowed: the complete events are read",
    )


def _count(
    window: Window, best: Candidate, total: int | None, tolerance: Tolerance, on_truncated: OnTruncated
) -> tuple[int, bool]:
    """Return the number of events to read, and whether some are missing (FCS-H11, D14)."""
    layout, segment = best.layout, best.segment
    if layout.row_bits == 0:
        return total or 0, False
    available = min(segment.length, window.size - segment.begin)
    complete = layout.events_in(available)
    if total is None:
        if segment.end >= window.size and best.fit == "short":
            _truncated(complete, total, tolerance, on_truncated)
            return complete, True
        return complete, False
    if best.fit == "short":
        if segment.begin + layout.bytes_for(total) > window.size or on_truncated == "read":
            _truncated(complete, total, tolerance, on_truncated)
            return min(complete, total), True
        _mismatch(total, layout.events_in(segment.length), tolerance)
        return min(complete, total), True
    if complete > total and not _is_filler(window, segment, layout.bytes_for(total)):
        _mismatch(total, complete, tolerance)
    return total, False


def _mismatch(total: int, complete: int, tolerance: Tolerance) -> None:
    tolerance.doubt(
        "tot-mismatch",
        "$TOT and the length of DATA disagree",
        where="$TOT",
        found=f"$TOT {total}, {complete} events in DATA as it is stated",
        expected="the same number",
    )


def _is_filler(window: Window, segment: Segment, used: int) -> bool:
    """Whether what follows the events is one repeated byte, up to a block of 4 KiB: padding, not events."""
    rest = window.read(segment.begin + used, min(segment.length - used, 4097))
    return len(rest) <= 4096 and len(set(rest)) <= 1


def _check_width(best: Candidate, tolerance: Tolerance) -> None:
    """Refuse floats whose `$PnB` is not their type's, unless the length of DATA settles it (FCS-D03)."""
    if not best.layout.as_declared and not best.fits_as_stated:
        tolerance.doubt(
            "width-mismatch",
            "$PnB does not fit the type of the channels, and neither fits the length of DATA",
            where="$PnB",
            found=f"a DATA segment of {best.segment.length} bytes",
            expected="32 bits for type F, 64 for D",
        )


def _stated(header: Header, keywords: Keywords) -> dict[str, Segment]:
    """Return where HEADER and TEXT say that DATA is; FCS 2.0 says it in HEADER only (FCS-H07)."""
    in_text = segment_in_text(keywords, "DATA") if header.version >= "FCS3.0" else None
    return {"HEADER": header.data} | ({"TEXT": in_text} if in_text is not None else {})


def _report(best: Candidate, header: Header, keywords: Keywords, tolerance: Tolerance) -> None:
    stated = _stated(header, keywords)
    present = {source: segment for source, segment in stated.items() if segment.present}
    if len(set(present.values())) > 1 or best.source == "arithmetic":
        places = ", ".join(f"{source} {segment.begin}..{segment.end}" for source, segment in stated.items())
        tolerance.note(
            "data-offsets-differ",
            f"DATA has more than one place: {places}",
            where="$BEGINDATA",
            consequence=f"{best.source} fits the events ({best.fit})",
        )
    if best.choice or not best.layout.as_declared:
        tolerance.note(
            "width-repaired",
            f"$PnB does not fit the length of DATA; {best.layout.columns[0].bits} bits do",
            where="$PnB",
            consequence="the width that fits is used",
        )
    if best.fit == "plus1":
        tolerance.note(
            "data-end-plus-one", "the end of DATA is one byte too far", severity="info", where="$ENDDATA"
        )
    elif best.fit == "slack":
        tolerance.note(
            "data-slack",
            f"DATA is {best.miss} bytes longer than its events",
            where="$ENDDATA",
            consequence="$TOT events are read",
        )


def _check_overlaps(data: Segment, header: Header, tolerance: Tolerance) -> None:
    """Refuse segments that share more than one byte (FCS-H12)."""
    pairs = (
        ("TEXT", header.text, data),
        ("ANALYSIS", header.analysis, data),
        ("ANALYSIS", header.analysis, header.text),
    )
    for name, first, second in pairs:
        shared = min(first.end, second.end) - max(first.begin, second.begin) + 1
        if first.overlaps(second) and shared > 1:
            tolerance.doubt(
                "segment-overlap",
                f"{name} overlaps {'DATA' if second is data else 'TEXT'}",
                where="HEADER",
                found=f"{first.begin}..{first.end} and {second.begin}..{second.end}",
            )
