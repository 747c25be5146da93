"""CSV that a spreadsheet may open: no text becomes a formula, and numbers stay numbers (STANDARDS 7)."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence

__all__ = ["csv_bytes", "safe_text"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def safe_text(text: str) -> str:
    """Return `text` so that a spreadsheet takes it as text: an apostrophe before what would begin a formula."""
    cleaned = text.replace("\0", "")
    return f"'{cleaned}" if cleaned.lstrip(" \u00a0").startswith(_FORMULA) else cleaned


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return a CSV table in UTF-8: numbers by their shortest exact spelling, None and NaN as empty cells."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([safe_text(name) for name in header])
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return out.getvalue().encode()


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value)
    return safe_text(str(value))
