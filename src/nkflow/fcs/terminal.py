"""Foreign text on a terminal: no keyword may move the cursor, change colours or reverse the line (§7)."""

from __future__ import annotations

import unicodedata

__all__ = ["printable"]


def printable(text: str, length: int = 200) -> str:
    r"""Return `text` composed (NFC) on one line, everything that does not print written out (``\x1b``)."""
    shown = unicodedata.normalize("NFC", text[: 4 * length])
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in shown)
    return shown if len(shown) <= length else f"{shown[: length - 1]}…"
