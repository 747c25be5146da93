"""The data sets of one file: `$NEXTDATA`, and which of several is meant (FCS-D16, D17)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nkflow.errors import FCSError, FCSFormatError, FCSLimitError, FCSTruncatedError
from nkflow.fcs.header import Header
from nkflow.fcs.keywords import Keywords
from nkflow.fcs.limits import Limits
from nkflow.fcs.source import Source, Window
from nkflow.fcs.text_segments import read_keywords
from nkflow.fcs.tolerance import Tolerance

__all__ = ["DataSetInfo", "Opened", "choose", "data_sets", "walk"]


@dataclass(frozen=True)
class DataSetInfo:
    """What one data set says about itself.

    Attributes
    ----------
    index
        From 0.
    offset
        Byte of the file where it begins.
    n_events, n_channels
        ``$TOT`` and ``$PAR``, None where they are missing.
    """

    index: int
    offset: int
    version: str
    n_events: int | None
    n_channels: int | None
    cytometer: str = ""


@dataclass(frozen=True)
class Opened:
    """A data set whose HEADER and TEXT were read, with what was odd about them."""

    window: Window
    header: Header
    keywords: Keywords
    tolerance: Tolerance


def data_sets(path: str | os.PathLike[str], *, limits: Limits | None = None) -> tuple[DataSetInfo, ...]:
    """Return what a file holds, one entry per data set.

    Raises
    ------
    FCSError
        The file, or one of its headers, can't be read.
    """
    with Source(path) as source:
        tolerance = Tolerance(source.path.name, strict=False)
        return tuple(
            DataSetInfo(
                index,
                opened.window.offset,
                opened.header.version,
                opened.keywords.integer("$TOT"),
                opened.keywords.integer("$PAR"),
                opened.keywords.text("$CYT"),
            )
            for index, opened in enumerate(walk(source, tolerance, limits or Limits()))
        )


def walk(source: Source, tolerance: Tolerance, limits: Limits) -> Iterator[Opened]:
    """Yield the data sets in file order, each with its own findings.

    ``$NEXTDATA`` counts from the current data set; where no data set begins there it is tried as counted from
    the file's first byte, which some programs write.

    Raises
    ------
    FCSTruncatedError
        ``nextdata-invalid``: it points behind the end of the file.
    FCSLimitError
        More data sets than allowed.
    """
    offset = 0
    for _ in range(limits.data_sets):
        window = Window(source, offset)
        own = tolerance.fresh()
        header, keywords = read_keywords(window, own, limits)
        yield Opened(window, header, keywords, own)
        following = _next(window, keywords, own)
        if following is None:
            return
        offset = following
    raise FCSLimitError(
        "the file has too many data sets", where=tolerance.where, expected=f"at most {limits.data_sets}"
    )


def _next(window: Window, keywords: Keywords, tolerance: Tolerance) -> int | None:
    """Return where the next data set begins; offsets only grow, so that there is no loop."""
    stated = keywords.integer("$NEXTDATA")
    if stated is None or stated == 0:
        return None
    if stated > 0 and window.read(stated, 3) == b"FCS":
        return window.offset + stated
    if stated > window.offset and window.source.read(stated, 3) == b"FCS":
        tolerance.note(
            "nextdata-absolute",
            f"$NEXTDATA {stated} counts from the first byte of the file",
            where="$NEXTDATA",
            consequence="taken so",
        )
        return stated
    if stated > window.size:
        tolerance.doubt(
            "nextdata-invalid",
            "the file ends before the data set that $NEXTDATA points to",
            where="$NEXTDATA",
            found=f"{stated} of {window.size} bytes",
            expected="0, or the offset of the next data set",
            error=FCSTruncatedError,
        )
    tolerance.note(
        "nextdata-ignored",
        f"no data set begins where $NEXTDATA points ({stated})",
        where="$NEXTDATA",
        consequence="there are no more data sets",
    )
    return None


def choose(count: int, wanted: int | None, path: Path, tolerance: Tolerance) -> int:
    """Return which of `count` data sets to read.

    The wanted one; the only one; of two in an ``.LMD`` the last, which has the full resolution, with a finding.

    Raises
    ------
    FCSFormatError
        ``data-set-ambiguous``: several, and none was asked for.
    FCSError
        ``data-set-missing``: there is no such data set.
    """
    if wanted is not None:
        if not 0 <= wanted < count:
            raise FCSError(
                "there is no such data set",
                code="data-set-missing",
                where=tolerance.where,
                found=str(wanted),
                expected=f"0 to {count - 1}",
            )
        return wanted
    if count == 1:
        return 0
    if count == 2 and path.suffix.lower() == ".lmd":
        tolerance.note(
            "lmd-last-data-set",
            "the file holds two data sets",
            where="$NEXTDATA",
            consequence="the last one is read, which has the full resolution",
        )
        return 1
    raise FCSFormatError(
        "the file holds several data sets",
        code="data-set-ambiguous",
        where=tolerance.where,
        found=f"{count} data sets",
        expected="one",
        next_step="Choose one with data_set=0, 1, ...",
    )
