"""Scales as numbers: a kind, its parameters and knots; forward, inverse and thresholds, to the last digits.

``parameters`` holds, for every kind, the bounds of the output in places 0 and 1; then

====================  =========================================================================
`LINEAR`              A, T + A
`LOG`                 T, M
`ARCSINH`             zero, s, b: y = zero + asinh(x / s) / b
`CURVE`               zero, alpha, b, q, d, h: y = zero +- t with B(t) = |x| (`scales_curve`)
`BIEX`                zero, the number of channels; ``knots`` are the data units of the channels from zero up
====================  =========================================================================

and, from place 8, what `scales_pieces` needs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nkflow.kernels.jit import inlined, kernel
from nkflow.kernels.scales_curve import curve_root, curve_value

__all__ = [
    "ARCSINH",
    "BIEX",
    "CURVE",
    "LINEAR",
    "LOG",
    "forward",
    "inverse",
    "inverse_column",
    "thresholds",
]

LINEAR, LOG, ARCSINH, CURVE, BIEX = range(5)

LAST_BITS = 64  # numbers within which a root may fall where it should rise (13 were seen)
LARGEST = 1.7976931348623157e308
INFINITY = 0x7FF0000000000000  # the ordinal of +inf


@kernel
def biex_channel(zero: float, knots: NDArray[np.float64], x: float, start: int) -> float:
    """Return the channel of `x`: linear between knots, odd about `zero`, constant beyond the ends.

    `start` is a knot near ``abs(x)`` from which to look, best the last one not above it; not the last of all.
    """
    v = abs(x)
    last = knots.shape[0] - 1
    if v >= knots[last]:
        t = float(last)
    else:
        j = start
        while v < knots[j]:
            j -= 1
        while v >= knots[j + 1]:
            j += 1
        t = j + (v - knots[j]) / (knots[j + 1] - knots[j])
    return float(zero + t if x >= 0.0 else max(zero - t, 0.0))


@inlined
def _knot(knots: NDArray[np.float64], v: float) -> int:
    """Return the last knot not above `v`, the last of all left out."""
    j, beyond = 0, knots.shape[0] - 1
    while beyond > j + 1:
        middle = (j + beyond) // 2
        if knots[middle] <= v:
            j = middle
        else:
            beyond = middle
    return j


@kernel
def forward(kind: int, parameters: NDArray[np.float64], knots: NDArray[np.float64], x: float) -> float:
    """Return the display value of `x`; NaN for NaN, and for a root that did not settle (never seen)."""
    p = parameters
    if np.isnan(x):
        return np.nan
    if kind == LINEAR:
        y = (x + p[2]) / p[3]
    elif kind == LOG:
        # (log + M) / M and not log / M + 1: decades of T stay exact
        y = (np.log10(x / p[2]) + p[3]) / p[3] if x > 0.0 else -np.inf
    elif kind == ARCSINH:
        y = p[2] + np.arcsinh(x / p[3]) / p[4]
    elif kind == CURVE:
        t = np.inf if np.isinf(x) else curve_root(abs(x), p[3], p[4], p[5], p[6], p[7])
        y = p[2] + (t if x >= 0.0 else -t)
    else:
        y = biex_channel(p[2], knots, x, _knot(knots, abs(x)))
    return float(y if np.isnan(y) else min(max(y, p[0]), p[1]))


@kernel
def inverse(kind: int, parameters: NDArray[np.float64], knots: NDArray[np.float64], y: float) -> float:
    """Return the data units of the display value `y`, inside the bounds; NaN for NaN."""
    p = parameters
    if np.isnan(y):
        return np.nan
    y = min(max(y, p[0]), p[1])
    if kind == LINEAR:
        return float(y * p[3] - p[2])
    if kind == LOG:
        return float(p[2] * 10.0 ** (p[3] * y - p[3]))
    if kind == ARCSINH:
        return float(p[3] * np.sinh((y - p[2]) * p[4]))
    t = y - p[2]
    if kind == CURVE:
        v = curve_value(abs(t), p[3], p[4], p[5], p[6], p[7])
        return v if t >= 0.0 else -v
    t = min(max(t, -p[2]), p[3] - p[2])
    j = min(int(abs(t)), knots.shape[0] - 2)
    v = float(knots[j] + (abs(t) - j) * (knots[j + 1] - knots[j]))
    return v if t >= 0.0 else -v


@kernel
def inverse_column(
    kind: int,
    parameters: NDArray[np.float64],
    knots: NDArray[np.float64],
    y: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Fill `out` (n,) with the data units of the display values `y` (n,)."""
    for e in range(y.shape[0]):
        out[e] = inverse(kind, parameters, knots, y[e])


@kernel
def ordinal(x: float) -> int:
    """Return the place of `x` among all float64 in ascending order; both zeros stand in place 0."""
    bits = np.float64(x).view(np.int64)
    return int(bits if bits >= 0 else -(bits & np.int64(0x7FFFFFFFFFFFFFFF)))


@kernel
def from_ordinal(place: int) -> float:
    """Return the float64 in `place`."""
    x = np.int64(abs(place)).view(np.float64)
    return x if place >= 0 else -x


@inlined
def _threshold(kind: int, parameters: NDArray[np.float64], knots: NDArray[np.float64], y: float) -> float:
    """Return the x0 for which ``x >= x0`` says what ``forward(x) >= y`` says.

    Bisection over the float64 numbers themselves, outwards from the inverse of `y`. In its last bits no
    computed scale is monotone: of the numbers just below the place found, the lowest that still reaches `y`
    is taken, so that a value that is the threshold is in. -inf where every number reaches `y`, +inf where no
    finite one does.
    """
    if forward(kind, parameters, knots, -np.inf) >= y:
        return -np.inf
    if forward(kind, parameters, knots, LARGEST) < y:
        return np.inf
    low = high = min(max(ordinal(inverse(kind, parameters, knots, y)), -INFINITY + 1), INFINITY - 1)
    step = 1
    if forward(kind, parameters, knots, from_ordinal(high)) >= y:
        low = high - 1
        while forward(kind, parameters, knots, from_ordinal(low)) >= y:
            high = low
            step *= 2
            low = low - step if low > -INFINITY + step else -INFINITY
    else:
        high = low + 1
        while forward(kind, parameters, knots, from_ordinal(high)) < y:
            low = high
            step *= 2
            high = high + step if high < INFINITY - step else INFINITY
    while high > low + 1:
        middle = (low >> 1) + (high >> 1) + (low & high & 1)
        if forward(kind, parameters, knots, from_ordinal(middle)) >= y:
            high = middle
        else:
            low = middle
    place = high
    for k in range(1, LAST_BITS):
        if forward(kind, parameters, knots, from_ordinal(high - k)) >= y:
            place = high - k
    return from_ordinal(place)


@kernel
def thresholds(
    kind: int,
    parameters: NDArray[np.float64],
    knots: NDArray[np.float64],
    y: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Fill `out` (n,) with the data units from which the display values `y` (n,) are reached."""
    for k in range(y.shape[0]):
        out[k] = _threshold(kind, parameters, knots, y[k])
