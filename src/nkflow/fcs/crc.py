"""The checksum behind the last segment: shown, and never a reason to refuse (FCS-D18)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from nkflow.fcs.source import Window

__all__ = ["Checksum", "crc16", "read_checksum"]

_PIECE = 1 << 20


def _table() -> list[int]:
    """Return the remainders of all bytes by the reflected polynomial 0x1021, which is 0x8408."""
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value >> 1) ^ (0x8408 if value & 1 else 0)
        table.append(value)
    return table


_TABLE = np.array(_table(), dtype=np.uint16)
_TABLE.flags.writeable = False


@dataclass(frozen=True)
class Checksum:
    """What stands behind the last segment, and what the bytes give.

    Attributes
    ----------
    stated
        The eight characters, "" where the file ends.
    computed
        CRC-16/KERMIT from the first byte of HEADER to the last of the last segment.
    state
        ``absent``: no number there; ``not-computed``: zeros; ``right`` as a decimal or hexadecimal number;
        ``wrong``.
    """

    stated: str
    computed: int
    state: Literal["absent", "not-computed", "right", "wrong"]


def crc16(data: bytes, crc: int = 0) -> int:
    """Return CRC-16/KERMIT of `data`, going on from `crc`; 0x2189 for ``123456789``."""
    from nkflow.kernels import checksum

    return int(checksum.crc16(np.frombuffer(data, np.uint8), _TABLE, crc))


def read_checksum(window: Window, end: int) -> Checksum:
    """Return the checksum of a data set whose last segment ends before byte `end`."""
    crc = 0
    for begin in range(0, end, _PIECE):
        crc = crc16(window.read(begin, min(_PIECE, end - begin)), crc)
    stated = window.read(end, 8).decode("latin-1")
    digits = stated.strip(" \0")
    if len(stated) < 8 or not digits.isascii() or not digits.isalnum():
        return Checksum(stated, crc, "absent")
    if digits.strip("0") == "":
        return Checksum(stated, crc, "not-computed")
    numbers = {int(digits, 16)} if all(c in "0123456789abcdefABCDEF" for c in digits) else set()
    if digits.isdigit():
        numbers.add(int(digits))
    if not numbers:
        return Checksum(stated, crc, "absent")
    return Checksum(stated, crc, "right" if crc in numbers else "wrong")
