"""The fast way through a curved scale: one cubic per piece, found by the leading bits of the value itself.

With v = |x| + offset, the leading bits of v's float64 pattern (exponent and a few bits of the mantissa)
number the piece: no asinh and no search. The offset, about where the scale turns from straight to
logarithmic, keeps the pieces wide near zero; it is the left edge of the first piece, so that zero stays exact
and the curve odd. For `LOG`, v = x: there is nothing below zero. (STANDARDS TR-21.)

Behind the places that `scales` describes, ``parameters`` holds: 8 the offset, 9 the number of the first
piece, 10 how many low bits are dropped. ``pieces`` (n, 4) holds the coefficients of y in v - left edge,
ascending; for `BIEX` (n, 1) a knot from which to look. Without pieces every value takes the slow way.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nkflow.kernels.jit import kernel
from nkflow.kernels.scales import BIEX, LINEAR, LOG, biex_channel, forward

__all__ = ["column"]

TILE = 256  # values that are looked at again together when one of them lies beyond the pieces


@kernel
def column(
    kind: int,
    parameters: NDArray[np.float64],
    knots: NDArray[np.float64],
    pieces: NDArray[np.float64],
    x: NDArray[np.float64],
    out: NDArray[np.float64],
) -> int:
    """Fill `out` (n,) with the display values of `x` (n,); return how many did not settle.

    Values beyond the pieces, and those that are not finite, go through `scales.forward`.
    """
    if kind == LINEAR:
        _straight(parameters, x, out)
        return 0
    if pieces.shape[0] == 0:
        return _beyond(kind, parameters, knots, pieces.shape[0], x, out)
    failures = 0
    for first in range(0, x.shape[0], TILE):
        part, result = x[first : first + TILE], out[first : first + TILE]
        if kind == BIEX:
            beyond = _channels(parameters, knots, pieces, part, result)
        else:
            beyond = _cubics(kind, parameters, pieces, part, result)
        if beyond > 0:
            failures += _beyond(kind, parameters, knots, pieces.shape[0], part, result)
    if parameters[0] > -np.inf or parameters[1] < np.inf:
        for e in range(x.shape[0]):
            if not np.isnan(out[e]):
                out[e] = min(max(out[e], parameters[0]), parameters[1])
    return failures


@kernel
def _straight(parameters: NDArray[np.float64], x: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Do what `scales.forward` does for `LINEAR`, in a loop that vectorises."""
    low, high, shift, width = parameters[0], parameters[1], parameters[2], parameters[3]
    for e in range(x.shape[0]):
        y = (x[e] + shift) / width
        y = low if y < low else y
        out[e] = high if y > high else y


@kernel
def _cubics(
    kind: int,
    parameters: NDArray[np.float64],
    pieces: NDArray[np.float64],
    x: NDArray[np.float64],
    out: NDArray[np.float64],
) -> int:
    """Evaluate the cubic of every value; return how many lie beyond the pieces."""
    odd = kind != LOG
    zero = parameters[2] if odd else 0.0
    offset, first, shift = parameters[8], int(parameters[9]), int(parameters[10])
    last = np.uint64(pieces.shape[0] - 1)
    beyond = 0
    for e in range(x.shape[0]):
        v = (abs(x[e]) if odd else x[e]) + offset
        number = np.float64(v).view(np.int64) >> shift
        k = np.uint64(number - first)  # what lies below the first piece wraps round to far beyond the last
        below = x[e] <= 0.0 and not odd
        if k > last and not below:
            beyond += 1
        k = min(k, last)
        s = v - np.int64(number << shift).view(np.float64)
        y = ((pieces[k, 3] * s + pieces[k, 2]) * s + pieces[k, 1]) * s + pieces[k, 0]
        out[e] = -np.inf if below else zero + (-y if x[e] < 0.0 else y)
    return beyond


@kernel
def _channels(
    parameters: NDArray[np.float64],
    knots: NDArray[np.float64],
    pieces: NDArray[np.float64],
    x: NDArray[np.float64],
    out: NDArray[np.float64],
) -> int:
    """Look a channel up for every value; return how many lie beyond the pieces."""
    offset, first, shift = parameters[8], int(parameters[9]), int(parameters[10])
    beyond = 0
    for e in range(x.shape[0]):
        k = (np.float64(abs(x[e]) + offset).view(np.int64) >> shift) - first
        if k >= pieces.shape[0]:
            beyond += 1
        else:
            # pieces are narrower than the distance of knots: one step, taken without a branch, is usual
            j = int(pieces[k, 0])
            out[e] = biex_channel(parameters[2], knots, x[e], j + int(abs(x[e]) >= knots[j + 1]))
    return beyond


@kernel
def _beyond(
    kind: int,
    parameters: NDArray[np.float64],
    knots: NDArray[np.float64],
    n_pieces: int,
    x: NDArray[np.float64],
    out: NDArray[np.float64],
) -> int:
    """Take the slow way for what lies beyond the pieces; return how many did not settle."""
    offset, first, shift = parameters[8], int(parameters[9]), int(parameters[10])
    failures = 0
    for e in range(x.shape[0]):
        v = (x[e] if kind == LOG else abs(x[e])) + offset
        k = (np.float64(v).view(np.int64) >> shift) - first
        if k < 0 or k >= n_pieces:
            out[e] = forward(kind, parameters, knots, x[e])
            failures += np.isnan(out[e]) and not np.isnan(x[e])
    return failures
