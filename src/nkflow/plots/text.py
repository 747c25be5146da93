"""Foreign text made safe to look at: a name from a file may hold anything."""

from __future__ import annotations

import unicodedata

__all__ = ["escaped", "shortened", "visible"]

# Cc control, Cf format (bidi overrides, zero width), Cs lone surrogates, Co/Cn unassigned, Zl/Zp line ends
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;"})


def visible(text: object) -> str:
    r"""Return `text` with every control, format and bidirectional character written out (``\u202e``).

    Line feeds and tabs become spaces. What comes back reads from left to right as it stands in memory, draws
    no escape sequence in a terminal and is legal XML text once escaped.
    """
    return "".join(_shown(character) for character in str(text))


def _shown(character: str) -> str:
    if character.isprintable():
        return character
    if character in "\t\n\r\u00a0":
        return " "
    if unicodedata.category(character) in _HIDDEN:
        return character.encode("unicode_escape").decode("ascii")
    return character


def escaped(text: object) -> str:
    """Return `text` made visible and escaped for element text and quoted attributes of HTML and SVG."""
    return visible(text).translate(_ENTITIES)


def shortened(text: object, length: int) -> str:
    """Return `text` made visible, cut in the middle to at most `length` characters (an ellipsis counts)."""
    shown = visible(text)
    if len(shown) <= length:
        return shown
    tail = (length - 1) // 2
    return f"{shown[: length - 1 - tail]}…{shown[len(shown) - tail :]}"
