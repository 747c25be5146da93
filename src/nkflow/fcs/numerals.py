"""Numbers as the standard spells them: ASCII, bounded, nothing that Python would kindly accept."""

from __future__ import annotations

import math
import re

__all__ = ["parse_float", "parse_integer"]

# int("1_0") is 10 and int("١") is 1 in Python; 10^6 digits take quadratic time (FCS-H01, STANDARDS.md §7)
_INTEGER = re.compile(r"[+-]?[0-9]{1,20}", re.ASCII)
_FLOAT = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,4})?", re.ASCII)
_PADDING = " \t\r\n\0\ufeff"


def parse_integer(text: str | None) -> int | None:
    """Return `text` as an integer of at most 20 digits, or None; blanks and NUL around it are padding."""
    stripped = (text or "").strip(_PADDING)
    return int(stripped) if _INTEGER.fullmatch(stripped) else None


def parse_float(text: str | None) -> float | None:
    """Return `text` as a finite float, or None; blanks and NUL around it are padding."""
    stripped = (text or "").strip(_PADDING)
    if not _FLOAT.fullmatch(stripped):
        return None
    value = float(stripped)
    return value if math.isfinite(value) else None
