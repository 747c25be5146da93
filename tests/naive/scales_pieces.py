"""Slow twin of `nkflow.kernels.scales_pieces`: one value at a time, its bits taken apart by `struct`."""

from __future__ import annotations

import math
import struct

__all__ = ["piece_value"]


def piece_value(parameters, pieces, x, odd=True):
    """Return the display value of `x` by its cubic, or None where it lies beyond the pieces."""
    zero = parameters[2] if odd else 0.0
    offset, first, shift = parameters[8], int(parameters[9]), int(parameters[10])
    v = (abs(x) if odd else x) + offset
    number = struct.unpack("<q", struct.pack("<d", v))[0] >> shift
    if not 0 <= number - first < len(pieces):
        return None
    c0, c1, c2, c3 = (float(c) for c in pieces[number - first])
    s = v - struct.unpack("<d", struct.pack("<q", number << shift))[0]
    return zero + math.copysign(1.0, x) * (((c3 * s + c2) * s + c1) * s + c0)
