"""What TEXT says about the layout of an event: mode, number of channels, types and widths (STANDARDS.md §1.4)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nkflow.errors import FCSFormatError, FCSLimitError, FCSUnsupportedError
from nkflow.fcs.keywords import Keywords
from nkflow.fcs.layout import DataType
from nkflow.fcs.limits import Limits
from nkflow.fcs.tolerance import Tolerance

__all__ = [
    "channel_count",
    "check_mode",
    "data_types",
    "declared_widths",
    "renumbered",
    "required_keywords",
]

_TYPES: dict[str, DataType] = {"I": "I", "F": "F", "D": "D", "A": "A"}
_LONGEST_FIELD = 40  # characters; a number of 64 bits has 20
_WIDTH = re.compile(r"\$P([0-9]{1,6})B", re.ASCII)


def required_keywords(version: str) -> tuple[str, ...]:
    """Return the keywords that `version` requires and reading needs (STANDARDS.md §1.3)."""
    required = ("$PAR", "$DATATYPE", "$BYTEORD")
    return required if version == "FCS2.0" else (*required, "$TOT")


def renumbered(keywords: Keywords, tolerance: Tolerance) -> Keywords:
    """Return keywords that count channels from 1, where a file counts them from 0 (``$P0B``)."""
    if "$P0B" not in keywords or ("$P1B" not in keywords and keywords.integer("$PAR") != 1):
        return keywords
    count = keywords.integer("$PAR") or 0
    if f"$P{count}B" in keywords:
        return keywords
    tolerance.note(
        "channels-from-zero", "channels are counted from $P0", where="$P0B", consequence="counted from 1"
    )
    numbered = re.compile(r"\$P([0-9]{1,6})([A-Z].*)", re.ASCII)
    moved: dict[str, str] = {}
    for key, value in keywords.items():
        match = numbered.fullmatch(key)
        moved[f"$P{int(match[1]) + 1}{match[2]}" if match else key] = value
    return Keywords(moved, duplicates=keywords.duplicates)


def channel_count(keywords: Keywords, tolerance: Tolerance, limits: Limits) -> int:
    """Return `$PAR`, once every channel has its width.

    Raises
    ------
    FCSFormatError
        ``keyword-missing``: no `$PAR`, or a channel without `$PnB`.
    FCSLimitError
        More channels than allowed.
    """
    count = keywords.integer("$PAR")
    if count is None or count < 1:
        raise _missing("$PAR", keywords, tolerance)
    if count > limits.channels:
        raise FCSLimitError(
            "the file has too many channels",
            where=tolerance.where,
            found=str(count),
            expected=str(limits.channels),
        )
    present = {int(match[1]) for key in keywords if (match := _WIDTH.fullmatch(key))}
    absent = [number for number in range(1, count + 1) if number not in present]
    if absent:
        raise _missing(f"$P{absent[0]}B", keywords, tolerance)
    return count


def data_types(keywords: Keywords, count: int, tolerance: Tolerance) -> tuple[DataType, ...]:
    """Return the type of every channel: `$PnDATATYPE` where it is given, else `$DATATYPE` (FCS-D02)."""
    shared = _data_type(keywords, "$DATATYPE", "IFDA", tolerance)
    others = "A" if shared == "A" else "IFD"  # digits beside binary values have no layout
    return tuple(
        _data_type(keywords, f"$P{number}DATATYPE", others, tolerance)
        if f"$P{number}DATATYPE" in keywords
        else shared
        for number in range(1, count + 1)
    )


def _data_type(keywords: Keywords, key: str, allowed: str, tolerance: Tolerance) -> DataType:
    stated = keywords.text(key).upper()
    if stated not in _TYPES or stated not in allowed:
        raise FCSFormatError(
            f"{key} is not one of {', '.join(allowed)}",
            code="datatype-invalid" if stated else "keyword-missing",
            where=f"{tolerance.where}: {key}",
            found=ascii(stated[:20]),
            expected=f"one of {', '.join(allowed)}",
        )
    return _TYPES[stated]


def check_mode(keywords: Keywords, tolerance: Tolerance) -> None:
    """Refuse everything but list mode (FCS-D01)."""
    mode = keywords.text("$MODE").upper()
    if mode not in ("", "L"):
        raise FCSUnsupportedError(
            "the file holds histograms, not events" if mode in ("C", "U") else "$MODE is not known",
            code="mode-unsupported",
            where=f"{tolerance.where}: $MODE",
            found=ascii(mode[:20]),
            expected="L",
            next_step="Export the list-mode data.",
        )


def declared_widths(keywords: Keywords, types: Sequence[DataType], tolerance: Tolerance) -> tuple[int, ...]:
    """Return `$PnB` of every channel in bits; 0 for free digits (``*``)."""
    return tuple(
        _width(keywords, f"$P{number}B", data_type, tolerance)
        for number, data_type in enumerate(types, start=1)
    )


def _width(keywords: Keywords, key: str, data_type: DataType, tolerance: Tolerance) -> int:
    """Return one width; of ASCII data it is stated in characters."""
    if data_type == "A" and keywords.text(key) == "*":
        return 0
    stated = keywords.integer(key)
    largest, unit = (_LONGEST_FIELD, 8) if data_type == "A" else (64, 1)
    if stated is None or not 1 <= stated <= largest:
        raise FCSFormatError(
            f"{key} is no width",
            code="width-invalid",
            where=f"{tolerance.where}: {key}",
            found=ascii(keywords.text(key)[:20]),
            expected=f"1 to {largest}",
        )
    return stated * unit


def _missing(key: str, keywords: Keywords, tolerance: Tolerance) -> FCSFormatError:
    return FCSFormatError(
        f"{key} is missing or no number",
        code="keyword-missing",
        where=f"{tolerance.where}: {key}",
        found=ascii(keywords.text(key)[:20]),
        expected="a keyword that the standard requires",
    )
