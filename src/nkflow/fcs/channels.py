"""`Channel`: one column of the events with its short name, marker and conversion."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "Channel",
    "Feature",
    "Kind",
    "feature_of",
    "is_time",
    "kind_of",
    "says_compensated",
    "unique_names",
]

Kind = Literal["scatter", "fluorescence", "time", "other"]
Feature = Literal["A", "H", "W", ""]

_TIME = re.compile(r"time|hdr-t|t1", re.IGNORECASE)
_SCATTER = re.compile(
    r"(?:[a-z]{1,6}\d{0,3}[ _-]|[a-z]{1,2})??"
    r"(?:fsc|ssc|bsc|fs|ss|fals|forsc|orthsc|forward ?sc\w*|side ?sc\w*)(?:[ _\d-].*)?",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"event[_ -]?(?:length|count|id|#)?.*|hdr-.*|time[ _-].*|.*[ _-]time|pulse[ _-]?width|width|doublet|bead_?dist"
    r"|center|offset|residual|index|tube|gate|saturation|classification|eccentricity|imaging.*|ratio.*|sort.*|drop.*"
    r"|plate.*|well.*",
    re.IGNORECASE,
)
_FEATURE = re.compile(r"[ _-](?:log|lin)?(a|h|w)>?$|[ _-](area|height|width|peak|integral)>?$", re.IGNORECASE)
_FEATURES: dict[str, Feature] = {"area": "A", "a": "A", "height": "H", "h": "H", "width": "W", "w": "W"}


@dataclass(frozen=True)
class Channel:
    """One column of the events.

    Attributes
    ----------
    index
        Position from 0; FCS counts parameters from 1.
    name
        ``$PnN``, made unique.
    marker
        ``$PnS`` without blanks around it, or "".
    bits
        Width in the file; 0 for free-format ASCII.
    data_type
        ``I`` unsigned integer, ``F`` float32, ``D`` float64, ``A`` decimal digits.
    range
        ``$PnR``, None where it is missing or no number.
    gain
        What stored values are divided by; 1.0 for time and for logarithmic channels.
    log
        Decades and offset of ``$PnE`` where it applies (integer data), else None.
    kind, feature
        What the detector measures, and which part of the pulse.
    type, tag, analyte, detector
        ``$PnTYPE``, ``$PnTAG``, ``$PnANALYTE``, ``$PnDET`` of FCS 3.2, or "".
    original_name
        ``$PnN`` as the file spells it.
    compensated
        The channel itself says that it is compensated or unmixed (FCS-C06).
    """

    index: int
    name: str
    marker: str = ""
    bits: int = 32
    data_type: Literal["I", "F", "D", "A"] = "F"
    range: int | float | None = None
    gain: float = 1.0
    log: tuple[float, float] | None = None
    kind: Kind = "fluorescence"
    feature: Feature = ""
    type: str = ""
    tag: str = ""
    analyte: str = ""
    detector: str = ""
    original_name: str = ""
    compensated: bool = False

    @property
    def is_linear(self) -> bool:
        """Whether data units are stored values as they stand, apart from the time step."""
        return self.log is None and self.gain == 1.0


def is_time(name: str, type_: str = "") -> bool:
    """Whether the channel counts time (FCS-V07): ``Time``, ``HDR-T``, ``T1``, or ``$PnTYPE`` Time."""
    return bool(_TIME.fullmatch(name.strip())) or type_.strip().lower() == "time"


def kind_of(name: str, type_: str = "") -> Kind:
    """Return what the channel measures, by `$PnTYPE` where there is one, else by its name."""
    stated = type_.strip().lower()
    if is_time(name, type_):
        return "time"
    if stated in {"forward scatter", "side scatter"}:
        return "scatter"
    if stated in {"raw fluorescence", "unmixed fluorescence", "mass"}:
        return "fluorescence"
    if stated:
        return "other"
    if _SCATTER.fullmatch(name.strip()):
        return "scatter"
    return "other" if _OTHER.fullmatch(name.strip()) else "fluorescence"


def feature_of(name: str, stated: str = "") -> Feature:
    """Return area, height or width, by `$PnFEATURE` or by the end of the name (``FSC-A``)."""
    if stated.strip().lower() in _FEATURES:
        return _FEATURES[stated.strip().lower()]
    match = _FEATURE.search(name.strip())
    return _FEATURES.get((match[1] or match[2]).lower(), "") if match else ""


def detector_of(name: str) -> str:
    """Return the name without its feature: ``FSC`` of ``FSC-A``."""
    return _FEATURE.sub("", name.strip())


def says_compensated(name: str, type_: str = "") -> bool:
    """Whether name or `$PnTYPE` say that the values are compensated or unmixed (FCS-C06, M05)."""
    stripped = name.strip()
    return (
        stripped.lower().startswith("comp-")
        or (stripped.startswith("<") and stripped.endswith(">"))
        or type_.strip().lower() == "unmixed fluorescence"
    )


def unique_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return `names` with ``-1``, ``-2`` after doubled ones, and ``P3`` for an empty third one (FCS-M06)."""
    filled = [name.strip(" \t\r\n\0") or f"P{number}" for number, name in enumerate(names, start=1)]
    counts: dict[str, int] = {}
    for name in filled:
        counts[name] = counts.get(name, 0) + 1
    taken = {name for name, count in counts.items() if count == 1}
    result: list[str] = []
    for name in filled:
        candidate, number = name, 0
        while counts[name] > 1 and (candidate in taken or number == 0):
            number += 1
            candidate = f"{name}-{number}"
        taken.add(candidate)
        result.append(candidate)
    return tuple(result)
