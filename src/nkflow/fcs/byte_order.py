"""`$BYTEORD`: which stored byte of a word counts how much (FCS-D05, D06)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nkflow.errors import FCSFormatError
from nkflow.fcs.keywords import Keywords
from nkflow.fcs.tolerance import Tolerance

__all__ = ["BIG", "LITTLE", "ByteOrder", "parse_byte_order"]

_LIST = re.compile(r"\s*[1-8](?:\s*,\s*[1-8]){0,7}\s*", re.ASCII)


@dataclass(frozen=True)
class ByteOrder:
    """Rank of every stored byte of a word, 1 for the least significant: ``1,2,3,4`` is little-endian."""

    ranks: tuple[int, ...]

    @property
    def direction(self) -> str:
        """``little``, ``big``, or ``mixed`` as in ``3,4,1,2``."""
        if self.ranks == tuple(sorted(self.ranks)):
            return "little"
        return "big" if self.ranks == tuple(sorted(self.ranks, reverse=True)) else "mixed"

    def for_width(self, width: int) -> tuple[int, ...] | None:
        """Return the ranks of a word of `width` bytes, or None where this list says nothing about it.

        A list of that length is taken as it stands; of another length it gives the direction, if it has one.
        """
        if width == len(self.ranks):
            return self.ranks
        ascending = tuple(range(1, width + 1))
        if width == 1 or self.direction == "little":
            return ascending
        return ascending[::-1] if self.direction == "big" else None


LITTLE = ByteOrder((1, 2, 3, 4))
BIG = ByteOrder((4, 3, 2, 1))


def parse_byte_order(keywords: Keywords, version: str, tolerance: Tolerance) -> ByteOrder:
    """Return the order that `$BYTEORD` states.

    Raises
    ------
    FCSFormatError
        ``byteord-invalid``: missing, or no permutation of 1..n with n <= 8.
    """
    text = keywords.text("$BYTEORD")
    if not text and all(keywords.integer(key) == 8 for key in keywords if _is_width(key)):
        return LITTLE  # one byte has no order
    match = _LIST.fullmatch(text) if len(text) <= 64 else None
    ranks = tuple(int(rank) for rank in text.split(",")) if match else ()
    if not ranks or sorted(ranks) != list(range(1, len(ranks) + 1)):
        tolerance.doubt(
            "byteord-invalid",
            "$BYTEORD is not an order of bytes",
            where="$BYTEORD",
            found=ascii(text[:40]),
            expected="1,2,3,4 or 4,3,2,1, or another permutation in FCS 2.0 and 3.0",
            error=FCSFormatError,
        )
        return LITTLE
    order = ByteOrder(ranks)
    if version >= "FCS3.1" and order not in (LITTLE, BIG):
        tolerance.note(
            "byteord-version",
            f"$BYTEORD {text} is not one of the two orders of {version}",
            where="$BYTEORD",
            consequence="taken as FCS 3.0 defines it",
        )
    return order


def _is_width(key: str) -> bool:
    return key.startswith("$P") and key.endswith("B") and key[2:-1].isdigit()
