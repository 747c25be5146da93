"""Where DATA is: the event arithmetic decides between HEADER and TEXT (STANDARDS.md §1.1).

Vendors are wrong in both directions, so that neither HEADER nor TEXT can be trusted as such: the candidate
whose length fits `$TOT` events wins, one byte more is tolerated, and HEADER goes first on a tie.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from nkflow.fcs.header import HEADER_BYTES, Header, Segment
from nkflow.fcs.keywords import Keywords
from nkflow.fcs.layout import Layout

__all__ = ["Candidate", "Fit", "candidates", "fit", "segment_in_text"]

Fit = Literal["exact", "plus1", "slack", "short"]
_ORDER: tuple[Fit, ...] = ("exact", "plus1", "slack", "short")
_TAIL = 16  # bytes
_SENTINEL = 99_999_999  # FlowJo's "too far for HEADER" (FCS-H05)


@dataclass(frozen=True)
class Candidate:
    """One statement of where DATA is, with how well it fits the number of events.

    Attributes
    ----------
    source
        ``HEADER``, ``TEXT``, or ``arithmetic`` where only the first byte is stated.
    segment
        The bytes, relative to the data set.
    layout
        The layout whose arithmetic was tried.
    choice
        Number of the layout in the order of preference; only the first may have another length.
    fit
        ``exact``; ``plus1``: the end is given exclusively; ``slack``: longer; ``short``: shorter, or past the
        end of the file.
    miss
        By how many bytes the length differs from what the events need.
    """

    source: Literal["HEADER", "TEXT", "arithmetic"]
    segment: Segment
    layout: Layout
    choice: int
    fit: Fit
    miss: int

    @property
    def fits_as_stated(self) -> bool:
        """Whether the stated length is that of the events, or one byte more, even if the file ends before."""
        return self.miss in (0, 1)

    @property
    def rank(self) -> tuple[int, int, int, bool]:
        """Order of preference, smallest first."""
        return _ORDER.index(self.fit), abs(self.miss), self.choice, self.source != "HEADER"


def segment_in_text(keywords: Keywords, name: str) -> Segment | None:
    """Return the segment that ``$BEGINname`` and ``$ENDname`` state, None where either is no number."""
    begin, end = keywords.integer(f"$BEGIN{name}"), keywords.integer(f"$END{name}")
    return None if begin is None or end is None else Segment(begin, end)


def candidates(
    header: Header, keywords: Keywords, size: int, layouts: Sequence[Layout], total: int | None
) -> list[Candidate]:
    """Return every usable statement of where DATA is, best first.

    Parameters
    ----------
    size
        Bytes of the data set (up to the end of the file).
    layouts
        Layouts that the widths allow, the declared one first.
    total
        `$TOT`, or None.
    """
    stated: list[tuple[Literal["HEADER", "TEXT", "arithmetic"], Segment]] = []
    in_header, in_text = header.data, segment_in_text(keywords, "DATA")
    if in_header.present and in_header.end != _SENTINEL:
        stated.append(("HEADER", in_header))
    copied = in_text is not None and in_text.end == _SENTINEL >= size  # HEADER's sentinel in a smaller file
    if header.version >= "FCS3.0" and in_text is not None and in_text.present and not copied:
        stated.append(("TEXT", in_text))
    usable = [(source, segment) for source, segment in stated if _usable(segment, header.text, size)]
    if not usable:  # the end of TEXT may be too far (Attune: nine bytes); that they overlap is found later
        usable = [(source, s) for source, s in stated if _usable(s, header.text, size, tail=_TAIL)]
    if not any(segment.length > 1 for _, segment in usable):
        usable += _by_arithmetic(header, in_text, size, layouts[0], total)
    found = [
        Candidate(source, segment, layout, choice, *fit(segment, size, layout, total))
        for choice, layout in enumerate(layouts)
        for source, segment in usable
    ]
    found = [c for c in found if c.choice == 0 or c.fits_as_stated]
    return sorted(found, key=lambda candidate: candidate.rank)


def _usable(segment: Segment, text: Segment, size: int, tail: int = 1) -> bool:
    """Whether DATA could begin there: after HEADER, in the file, not in TEXT but for its last `tail` bytes."""
    return HEADER_BYTES <= segment.begin < size and not text.begin <= segment.begin <= text.end - tail


def _by_arithmetic(
    header: Header, in_text: Segment | None, size: int, layout: Layout, total: int | None
) -> list[tuple[Literal["HEADER", "TEXT", "arithmetic"], Segment]]:
    """Take a stated first byte and the length that `$TOT` events need (iQue writes the end as the begin)."""
    if not total or layout.row_bits == 0:
        return []
    begins = {header.data.begin}
    if header.version >= "FCS3.0" and in_text is not None:
        begins.add(in_text.begin)
    segments = [Segment(begin, begin + layout.bytes_for(total) - 1) for begin in sorted(begins)]
    return [("arithmetic", s) for s in segments if _usable(s, header.text, size) and s.end < size]


def fit(segment: Segment, size: int, layout: Layout, total: int | None) -> tuple[Fit, int]:
    """Return how well `segment` fits `total` events, and by how many bytes it misses.

    Without `$TOT` (legal in FCS 2.0) whole events are looked for instead.
    """
    if layout.row_bits == 0:
        return ("exact", 0) if segment.end < size else ("short", segment.end - size + 1)
    if total is None:
        total = layout.events_in(segment.length)
    need = layout.bytes_for(total)
    miss = segment.length - need
    if miss == 1 and segment.begin + need <= size:
        return "plus1", miss
    ends_early = segment.end >= size and miss * 8 >= layout.row_bits  # some events are gone; `$TOT` denies it
    if miss < 0 or segment.begin + need > size or ends_early:
        return "short", miss
    return ("slack", miss) if miss else ("exact", 0)
