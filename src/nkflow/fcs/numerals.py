"""Numbers as the standard spells them: ASCII, bounded, nothing that Python would kindly accept."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

__all__ = ["parse_float", "parse_floats", "parse_integer"]

# int("1_0") is 10 and int("١") is 1 in Python; 10^6 digits take quadratic time (FCS-H01, STANDARDS.md §7)
_INTEGER = re.compile(r"[+-]?[0-9]{1,20}", re.ASCII)
_FLOAT = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,4})?", re.ASCII)
_FLOAT_CHARACTERS = frozenset("0123456789+-.eE \t\r\n\0")
_PADDING = " \t\r\n\0\ufeff"


def parse_integer(text: str | None) -> int | None:
    """Return `text` as an integer of at most 20 digits, or None; blanks and NUL around it are padding."""
    stripped = (text or "").strip(_PADDING)
    return int(stripped) if _INTEGER.fullmatch(stripped) else None


def parse_float(text: str | None) -> float | None:
    """Return `text` as a finite float, or None; blanks and NUL around it are padding."""
    match = _FLOAT.fullmatch((text or "").strip(_PADDING))
    value = float(match[0]) if match else math.nan
    return value if math.isfinite(value) else None


def parse_floats(texts: Sequence[str]) -> list[float] | None:
    """Return `texts` as finite floats, or None where one of them is none; for long lists."""
    if not _FLOAT_CHARACTERS.issuperset("".join(texts)) or max(map(len, texts), default=0) > 100:
        return None
    try:
        values = [float(text.strip(_PADDING)) for text in texts]
    except ValueError:
        return None
    return values if all(map(math.isfinite, values)) else None
