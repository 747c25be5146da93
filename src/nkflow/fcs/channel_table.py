"""The channels as TEXT describes them: names, ranges, gain or logarithm (STANDARDS.md §1.5, §1.7)."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Literal

from nkflow.fcs.channels import Channel, feature_of, is_time, kind_of, says_compensated, unique_names
from nkflow.fcs.keywords import Keywords
from nkflow.fcs.layout import DataType, Layout
from nkflow.fcs.numerals import parse_float
from nkflow.fcs.tolerance import Tolerance

__all__ = ["ApplyGain", "build_channels"]

ApplyGain = bool | Literal["int-only"]


def build_channels(
    keywords: Keywords, layout: Layout, tolerance: Tolerance, *, apply_gain: ApplyGain = True
) -> tuple[Channel, ...]:
    """Return the channels with names, markers, ranges and conversions."""
    count = len(layout.columns)
    originals = [keywords.get(f"$P{number}N", "") for number in range(1, count + 1)]
    names = unique_names(originals)
    _report_names(originals, names, tolerance)
    channels = []
    for index, (name, column) in enumerate(zip(names, layout.columns, strict=True)):
        key = f"$P{index + 1}"
        stated = keywords.text(f"{key}TYPE")
        log = _log(keywords, key, column.data_type, tolerance)
        gains = apply_gain is True or (apply_gain == "int-only" and column.data_type == "I")
        gain = _gain(keywords, key, tolerance) if gains and log is None and not is_time(name, stated) else 1.0
        channels.append(
            Channel(
                index=index,
                name=name,
                marker=keywords.text(f"{key}S"),
                bits=column.bits,
                data_type=column.data_type,
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
    unusable = [
        c
        for c in channels
        if c.data_type == "I" and (c.range is None or c.range <= 1 or c.range != int(c.range))
    ]
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
