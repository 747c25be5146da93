"""Unsigned integers written in decimal digits (`$DATATYPE` A)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nkflow.kernels.jit import kernel

__all__ = ["parse_fields", "parse_separated"]

_LARGEST = np.uint64(0xFFFF_FFFF_FFFF_FFFF)


@kernel
def parse_separated(text: NDArray[np.uint8], out: NDArray[np.uint64]) -> int:
    """Read numbers separated by blanks, tabs, commas, CR and LF into `out`.

    Returns
    -------
    int
        How many numbers there are, also beyond the size of `out`; or ``-1 - position`` of the first byte that
        is neither digit nor separator, or of a number of more than 64 bits.
    """
    found = 0
    value = np.uint64(0)
    inside = False
    for i in range(text.shape[0] + 1):
        byte = text[i] if i < text.shape[0] else np.uint8(32)
        if 48 <= byte <= 57:
            digit = np.uint64(byte - 48)
            if value > (_LARGEST - digit) // np.uint64(10):
                return -1 - i
            value = value * np.uint64(10) + digit
            inside = True
        elif byte == 32 or byte == 9 or byte == 44 or byte == 13 or byte == 10:
            if inside:
                if found < out.shape[0]:
                    out[found] = value
                found += 1
            value = np.uint64(0)
            inside = False
        else:
            return -1 - i
    return found


@kernel
def parse_fields(text: NDArray[np.uint8], widths: NDArray[np.int64], out: NDArray[np.uint64]) -> int:
    """Read numbers in fields of fixed `widths`, padded with blanks, event after event into `out`.

    Returns
    -------
    int
        How many numbers were read, ``out.shape[0]`` of them; or ``-1 - position`` of a byte that is no digit, of
        a field without digits, or of a number of more than 64 bits.
    """
    at = 0
    for place in range(out.shape[0]):
        width = widths[place % widths.shape[0]]
        value = np.uint64(0)
        digits = 0
        closed = False
        for i in range(at, at + width):
            byte = text[i]
            if 48 <= byte <= 57 and not closed:
                digit = np.uint64(byte - 48)
                if value > (_LARGEST - digit) // np.uint64(10):
                    return -1 - i
                value = value * np.uint64(10) + digit
                digits += 1
            elif byte == 32 or byte == 0:
                closed = digits > 0
            else:
                return -1 - i
        if digits == 0:
            return -1 - at
        out[place] = value
        at += width
    return len(out)
