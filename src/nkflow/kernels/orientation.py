"""On which side of a line a point lies: the exact sign, whatever the rounding.

J. R. Shewchuk, Adaptive precision floating-point arithmetic and fast robust geometric predicates, Discrete &
Computational Geometry 18 (1997) 305-363: an error bound settles nearly every case; the rest is summed without
rounding. Exact as long as no product overflows or underflows.
"""

from __future__ import annotations

import numpy as np

from nkflow.kernels.jit import kernel

__all__ = ["orientation", "side_of_line"]

ROUNDING = 2.0**-53
ERROR_BOUND = (3.0 + 16.0 * ROUNDING) * ROUNDING  # Shewchuk's ccwerrboundA
SPLITTER = 2.0**27 + 1.0


@kernel
def orientation(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> float:
    """Return a number > 0 where p lies left of the line from a to b, < 0 right of it, 0 exactly on it."""
    left = (ax - px) * (by - py)
    right = (ay - py) * (bx - px)
    difference = left - right
    if abs(difference) > ERROR_BOUND * (abs(left) + abs(right)):
        return difference
    if left == 0.0 and right == 0.0:  # a difference of floats is 0 only where they are equal
        return 0.0
    return side_of_line(ax, ay, bx, by, px, py)


@kernel
def side_of_line(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> float:
    """Return the sign of ``ax by - ay bx - ax py + ay px - px by + py bx`` by exact summation."""
    # grow an expansion: its parts never overlap, so the last that is not 0 has the sign of the sum
    parts = np.empty(12)
    size = 0
    for a, b in ((ax, by), (-ay, bx), (-ax, py), (ay, px), (-px, by), (py, bx)):
        for term in _product(a, b):
            total = term
            for k in range(size):
                part = parts[k]
                grown = total + part
                rest = grown - total
                parts[k] = (total - (grown - rest)) + (part - rest)
                total = grown
            parts[size] = total
            size += 1
    for k in range(11, -1, -1):
        if parts[k] != 0.0:
            return float(parts[k])
    return 0.0


@kernel
def _product(a: float, b: float) -> tuple[float, float]:
    """Return the rounding error of a * b, and a * b (Dekker 1971)."""
    product = a * b
    c = SPLITTER * a
    a_high = c - (c - a)
    a_low = a - a_high
    c = SPLITTER * b
    b_high = c - (c - b)
    b_low = b - b_high
    error = product - a_high * b_high - a_low * b_high - a_high * b_low
    return a_low * b_low - error, product
