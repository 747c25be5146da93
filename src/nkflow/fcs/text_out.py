"""HEADER and TEXT of a file to be written: offsets of fixed width, a delimiter that needs no doubling."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from nkflow.compensation import Spillover
from nkflow.errors import InvalidValueError
from nkflow.fcs.channels import Channel, unique_names
from nkflow.fcs.header import HEADER_BYTES
from nkflow.fcs.keywords import Keywords
from nkflow.fcs.sample import Sample
from nkflow.fcs.spillover_keyword import SEARCH_ORDER, format_spillover

__all__ = [
    "channel_keywords",
    "checked_keywords",
    "head",
    "kept_keywords",
    "origin_keywords",
    "spillover_keyword",
]

_HEADER_LIMIT = 99_999_999
_OFFSET_DIGITS = 20
#: Tried in this order (FCS-W03); one of them is absent from every sane TEXT.
_DELIMITERS: tuple[str, ...] = (
    "\x1e",
    "\x0c",
    "|",
    "/",
    *(chr(code) for code in range(1, 0x20)),
    *"\\!*#@^~`;<>?&%",
)
#: What described the old layout and would be wrong in the new file.
_LAYOUT = frozenset(
    [
        "$BEGINANALYSIS",
        "$BEGINDATA",
        "$BEGINSTEXT",
        "$BYTEORD",
        "$DATATYPE",
        "$ENDANALYSIS",
        "$ENDDATA",
        "$ENDSTEXT",
        "$LAST_MODIFIED",
        "$LAST_MODIFIER",
        "$MODE",
        "$NEXTDATA",
        "$ORIGINALITY",
        "$PAR",
        "$TOT",
        "$UNICODE",
    ]
).union(SEARCH_ORDER)
_OF_VALUES = re.compile(r"\$P[0-9]+(?:[BENRG]|DATATYPE)")
_KEPT_OF_CHANNELS = ("F", "L", "O", "P", "T", "V", "TYPE", "TAG", "ANALYTE", "DET", "FEATURE", "CALIBRATION")


def channel_keywords(sample: Sample, tops: Sequence[float], width: int, *, whole: bool) -> dict[str, str]:
    """Return the keywords of the channels; values are linear, so that there is no gain and no logarithm.

    `tops` are the largest values; whole numbers get the full range, which masks nothing (FCS-W01, W04).
    """
    pairs: dict[str, str] = {}
    for channel, name, top in zip(sample.channels, _names(sample.channels), tops, strict=True):
        key = f"$P{channel.index + 1}"
        stated = channel.range if channel.range is not None and channel.is_linear else 0
        pairs[f"{key}B"] = str(8 * width)
        pairs[f"{key}E"] = "0,0"
        pairs[f"{key}N"] = name
        pairs[f"{key}R"] = str(2 ** (8 * width) if whole else max(math.ceil(top) + 1, math.ceil(stated), 2))
        pairs[f"{key}S"] = channel.marker
        if sample.keywords.get(f"{key}N") == channel.original_name:
            pairs |= {key + what: sample.keywords.get(key + what, "") for what in _KEPT_OF_CHANNELS}
    return pairs


def spillover_keyword(sample: Sample, spillover: Spillover | None) -> dict[str, str]:
    """Return `$SPILLOVER` under the names that are written.

    Raises
    ------
    InvalidValueError
        The matrix is not square, or names a channel that is not written.
    """
    if spillover is None:
        return {}
    names = dict(zip((c.name for c in sample.channels), _names(sample.channels), strict=True))
    strangers = [name for name in spillover.names if name not in names]
    if strangers or not spillover.is_square:
        raise InvalidValueError(
            "this matrix can't be written",
            where="$SPILLOVER",
            found=", ".join(strangers) or "a matrix that is not square",
            expected="a square matrix over channels of the file",
        )
    renamed = tuple(names[name] for name in spillover.names)
    return {"$SPILLOVER": format_spillover(replace(spillover, names=renamed, detectors=renamed))}


def kept_keywords(sample: Sample) -> dict[str, str]:
    """Return the sample's keywords that are about neither layout nor channels."""
    own = {
        key: value
        for key, value in sample.keywords.items()
        if key not in _LAYOUT and not (key.startswith("$P") and key[2:3].isdigit())
    }
    if sample.time_step is not None:
        own["$TIMESTEP"] = repr(sample.time_step)
    if sample.cytometer:
        own["$CYT"] = sample.cytometer
    return own | _clocks(sample)


def checked_keywords(extra: Keywords) -> Keywords:
    """Return `extra`, which the caller sets.

    Raises
    ------
    InvalidValueError
        One of them describes the layout or the values, which the writer does.
    """
    refused = sorted(
        key for key in extra if (key in _LAYOUT and key != "$LAST_MODIFIER") or _OF_VALUES.fullmatch(key)
    )
    if refused:
        raise InvalidValueError("these keywords are set by the writer", found=", ".join(refused))
    return extra


def _clocks(sample: Sample) -> dict[str, str]:
    """Return `$BTIM` and `$ETIM` as FCS 3.1 spells fractions, in place of FCS 3.0's sixtieths (FCS-M01)."""
    moments = {"$BTIM": sample.acquired.begin, "$ETIM": sample.acquired.end}
    return {
        key: f"{moment:%H:%M:%S}.{moment.microsecond // 10_000:02d}"
        for key, moment in moments.items()
        if moment is not None and sample.keywords.text(key).count(":") == 3
    }


def origin_keywords(sample: Sample, modified: datetime | None) -> dict[str, str]:
    """Return how the file came about (FCS-M03); `modified` is when, for a file made from another one."""
    if sample.path is None:
        return {}
    same = all(channel.is_linear for channel in sample.channels)
    pairs = {"$ORIGINALITY": "NonDataModified" if same else "DataModified", "$LAST_MODIFIER": "nkflow"}
    if modified is not None:
        pairs["$LAST_MODIFIED"] = modified.strftime("%d-%b-%Y %H:%M:%S").upper()
    return pairs


def head(pairs: Mapping[str, str], data_bytes: int) -> bytes:
    """Return HEADER and TEXT before `data_bytes` of DATA; empty values are left out (FCS-W03).

    The offsets have 20 digits, so that their values don't move what they point to (FCS-W02).
    """
    kept = {key: value for key, value in pairs.items() if key.strip() and value.strip()}
    delimiter = _delimiter(token for pair in kept.items() for token in pair)
    places = len(f"$BEGINDATA{delimiter}{delimiter}$ENDDATA{delimiter}{delimiter}") + 2 * _OFFSET_DIGITS
    body = delimiter + "".join(f"{key}{delimiter}{value}{delimiter}" for key, value in kept.items())
    encoded = body.encode("utf-8", "backslashreplace")
    begin = HEADER_BYTES + len(encoded) + places
    end = begin + data_bytes - 1
    if not data_bytes:
        begin = end = 0
    offsets = f"$BEGINDATA{delimiter}{begin:0{_OFFSET_DIGITS}d}{delimiter}$ENDDATA{delimiter}"
    offsets += f"{end:0{_OFFSET_DIGITS}d}{delimiter}"
    in_header = (begin, end) if end <= _HEADER_LIMIT else (0, 0)
    numbers = (HEADER_BYTES, HEADER_BYTES + len(encoded) + places - 1, *in_header, 0, 0)
    header = "FCS3.1    " + "".join(f"{number:>8}" for number in numbers)
    return header.encode("ascii") + encoded + offsets.encode("ascii")


def _names(channels: Sequence[Channel]) -> tuple[str, ...]:
    """Return names without the comma that the standard forbids, still unique (FCS-W04)."""
    return unique_names([channel.name.replace(",", "_") for channel in channels])


def _delimiter(tokens: Iterable[str]) -> str:
    used = set("".join(tokens))
    for delimiter in _DELIMITERS:
        if delimiter not in used:
            return delimiter
    raise InvalidValueError("no delimiter is absent from all keywords", next_step="Write fewer keywords.")
