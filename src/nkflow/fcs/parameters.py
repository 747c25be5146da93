"""What TEXT says about the channels: number, widths, types, ranges, conversions (STANDARDS.md §1.3-1.5)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Literal, get_args

from nkflow.errors import FCSFormatError, FCSLimitError, FCSUnsupportedError
from nkflow.fcs.channels import Channel, feature_of, is_time, kind_of, says_compensated, unique_names
from nkflow.fcs.keywords import Keywords
from nkflow.fcs.layout import DataType, Layout
from nkflow.fcs.limits import Limits
from nkflow.fcs.numerals import parse_float
from nkflow.fcs.tolerance import Tolerance

__all__ = [
    "build_channels",
    "channel_count",
    "check_mode",
    "data_types",
    "declared_widths",
    "renumbered",
    "required_keywords",
]

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
    stated = keywords.text("$DATATYPE").upper()
    if stated not in get_args(DataType):
        raise FCSFormatError(
            "$DATATYPE is not one of I, F, D and A",
            code="datatype-invalid" if stated else "keyword-missing",
            where=f"{tolerance.where}: $DATATYPE",
            found=ascii(stated[:20]),
            expected="I, F, D or A",
        )
    types = []
    for number in range(1, count + 1):
        own = keywords.text(f"$P{number}DATATYPE").upper()
        if own not in ("", "I", "F", "D"):
            raise FCSFormatError(
                f"$P{number}DATATYPE is not one of I, F and D",
                code="datatype-invalid",
                where=f"{tolerance.where}: $P{number}DATATYPE",
                found=ascii(own[:20]),
                expected="I, F or D",
            )
        types.append(own or stated)
    return tuple(types)  # type: ignore[arg-type]


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
    """Return `$PnB` of every channel; for ASCII data in bits of its characters, 0 for free format."""
    widths = []
    for number, data_type in enumerate(types, start=1):
        key = f"$P{number}B"
        width = keywords.integer(key)
        if data_type == "A":
            width = 0 if keywords.text(key) == "*" else (width or 0) * 8 if (width or 0) <= 40 else None
            valid = width is not None and (width > 0 or keywords.text(key) == "*")
        else:
            valid = width is not None and 1 <= width <= 64
        if width is None or not valid:
            raise FCSFormatError(
                f"{key} is no width",
                code="width-invalid",
                where=f"{tolerance.where}: {key}",
                found=ascii(keywords.text(key)[:20]),
                expected="1 to 64 bits",
            )
        widths.append(width)
    return tuple(widths)


def build_channels(
    keywords: Keywords, layout: Layout, tolerance: Tolerance, *, apply_gain: bool | Literal["int-only"] = True
) -> tuple[Channel, ...]:
    """Return the channels with names, markers, ranges and conversions."""
    count = len(layout.columns)
    originals = [keywords.get(f"$P{number}N", "") for number in range(1, count + 1)]
    names = unique_names(originals)
    _report_names(originals, names, tolerance)
    channels = []
    for index, (name, column) in enumerate(zip(names, layout.columns, strict=True)):
        data_type, width = column.data_type, column.bits
        key = f"$P{index + 1}"
        stated = keywords.text(f"{key}TYPE")
        log = _log(keywords, key, data_type, tolerance)
        gain = 1.0
        if (
            log is None
            and not is_time(name, stated)
            and (apply_gain is True or (apply_gain and data_type == "I"))
        ):
            gain = _gain(keywords, key, tolerance)
        channels.append(
            Channel(
                index=index,
                name=name,
                marker=keywords.text(f"{key}S"),
                bits=width,
                data_type=data_type,
                range=_range(keywords, key),
                gain=gain,
                log=log,
                kind=kind_of(name, stated),
                feature=feature_of(name, keywords.text(f"{key}FEATURE")),
                type=stated,
                tag=keywords.text(f"{key}TAG"),
                analyte=keywords.text(f"{key}ANALYTE"),
                detector=keywords.text(f"{key}DET"),
                original_name=originals[index],
                compensated=says_compensated(name, stated),
            )
        )
    _note_zero_offsets(keywords, channels, tolerance)
    _note_ranges(channels, tolerance)
    return tuple(channels)


def _missing(key: str, keywords: Keywords, tolerance: Tolerance) -> FCSFormatError:
    return FCSFormatError(
        f"{key} is missing or no number",
        code="keyword-missing",
        where=f"{tolerance.where}: {key}",
        found=ascii(keywords.text(key)[:20]),
        expected="a keyword that the standard requires",
    )


def _range(keywords: Keywords, key: str) -> int | float | None:
    """Return `$PnR`, None for blank, junk and numbers beyond 20 digits (FCS-T11)."""
    whole = keywords.integer(f"{key}R")
    if whole is not None:
        return whole
    number = keywords.number(f"{key}R")
    if number is not None and number.is_integer() and abs(number) < 1e20:
        return int(number)
    return number


def _log(
    keywords: Keywords, key: str, data_type: DataType, tolerance: Tolerance
) -> tuple[float, float] | None:
    """Return decades and offset of `$PnE`; only integers are logarithmic (FCS-V01..V03)."""
    text = keywords.text(f"{key}E")
    numbers = [parse_float(part) for part in text.split(",", 2)]
    decades, offset = numbers if len(numbers) == 2 else (None, None)
    if decades is None or offset is None:
        if text:
            tolerance.note(
                "log-unreadable", f"{key}E is {text[:20]!a}", where=f"{key}E", consequence="linear"
            )
        return None
    if decades <= 0:
        return None
    if data_type in ("F", "D"):
        tolerance.note(
            "log-on-float",
            f"{key}E is {text} on float data",
            where=f"{key}E",
            consequence="not applied: float data are linear",
        )
        return None
    if (_range(keywords, key) or 0) <= 0:
        tolerance.note(
            "log-without-range",
            f"{key} is logarithmic without a range",
            where=f"{key}R",
            severity="error",
            consequence="values stay as they are stored",
        )
        return None
    return decades, offset if offset > 0 else 1.0


def _note_zero_offsets(keywords: Keywords, channels: Sequence[Channel], tolerance: Tolerance) -> None:
    """Note logarithmic channels whose offset is 0, which is read as 1 (FCS-V02)."""
    keys = [f"$P{channel.index + 1}E" for channel in channels if channel.log is not None]
    zero = [key for key in keys if (parse_float(keywords.text(key).split(",")[1]) or 0) <= 0]
    if zero:
        tolerance.note(
            "log-offset-zero",
            f"the logarithm begins at 0: {', '.join(zero)}",
            severity="info",
            where=zero[0],
            consequence="taken to begin at 1",
        )


def _note_ranges(channels: Sequence[Channel], tolerance: Tolerance) -> None:
    """Note integer channels whose `$PnR` gives no mask (FCS-D10)."""
    unusable = [c for c in channels if c.data_type == "I" and (c.range is None or c.range <= 1)]
    if unusable:
        tolerance.note(
            "range-unusable",
            f"no number of values in $PnR of {', '.join(channel.name for channel in unusable[:6])}",
            where=f"$P{unusable[0].index + 1}R",
            consequence="the integers are not masked",
        )


def _gain(keywords: Keywords, key: str, tolerance: Tolerance) -> float:
    """Return `$PnG`, 1 where it is missing, blank or 0 (FCS-V05)."""
    if f"{key}G" not in keywords:
        return 1.0
    gain = keywords.number(f"{key}G")
    if gain is None or gain <= 0:
        found = ascii(keywords.text(f"{key}G")[:20])
        tolerance.note("gain-unreadable", f"{key}G is {found}", where=f"{key}G", consequence="taken as 1")
        return 1.0
    return gain


def _report_names(originals: Sequence[str], names: Sequence[str], tolerance: Tolerance) -> None:
    for number, (original, name) in enumerate(zip(originals, names, strict=True), start=1):
        if name != original.strip(" \t\r\n\0"):
            tolerance.note(
                "channel-name-made",
                f"$P{number}N {original[:40]!a} is empty or stands for several channels",
                where=f"$P{number}N",
                consequence=f"called {name}",
            )
    folded = {unicodedata.normalize("NFKC", name).casefold().replace(" ", "") for name in names}
    if len(folded) < len(names):
        tolerance.note(
            "channel-names-alike",
            "channel names differ in case, blanks or the form of a letter only",
            where="$PnN",
            consequence="they are told apart exactly",
        )
