"""The curve behind logicle, hyperlog and arcsinh, and its root.

All three bend data units v >= 0 by the same function of the distance t >= 0 from zero's place on the axis::

    B(t) = alpha (expm1(b t) - q expm1(-d t) + h t)

with q = (b / d)^2, h = 0 for logicle, q = 0 for hyperlog, q = 1 and d = b for arcsinh. Every term is positive
and convex, so that nothing cancels near zero (where the form of the paper, a e^(by) - c e^(-dy) + f, needs a
series), and the curve is odd by construction.
"""

from __future__ import annotations

import numpy as np

from nkflow.kernels.jit import kernel

__all__ = ["curve_root", "curve_value"]

EPSILON = 2.220446049250313e-16
MOST_STEPS = 60  # four are usual; the bracket alone would end within this many from any start
TINY = 1e-280  # below it B is straight to the last bit, and squares would underflow
HUGE = 1e280  # of v / alpha: beyond it expm1 is all that is left, and might overflow


@kernel
def curve_value(t: float, alpha: float, b: float, q: float, d: float, h: float) -> float:
    """Return B(t) for t >= 0; inf where it overflows."""
    if t == np.inf:
        return np.inf
    return float(alpha * (np.expm1(b * t) - q * np.expm1(-d * t) + h * t))


@kernel
def curve_root(v: float, alpha: float, b: float, q: float, d: float, h: float) -> float:
    """Return the t >= 0 with B(t) = v for v >= 0, by Halley's steps in a bracket; NaN if it does not settle.

    B is convex with B(0) = 0 and lies above both its tangent in 0 and its exponential part, so that the first
    guess, the smaller of the two roots of those, is never below the root.
    """
    u = v / alpha
    if u == 0.0:
        return 0.0
    if u > HUGE:
        return float((np.log(v) - np.log(alpha)) / b)
    low, high = 0.0, min(u / (b + q * d + h), np.log1p(u) / b)
    if high < TINY:
        return float(high)
    t = high
    for _ in range(MOST_STEPS):
        rise, fall = np.expm1(b * t), np.expm1(-d * t)
        miss = rise - q * fall + h * t - u
        slope = b * (rise + 1.0) + q * d * (fall + 1.0) + h
        bend = b * b * (rise + 1.0) - q * d * d * (fall + 1.0)
        if miss > 0.0:
            high = min(high, t)
        else:
            low = max(low, t)
        step = miss / slope
        step /= 1.0 - 0.5 * step * bend / slope
        if abs(step) <= 8.0 * EPSILON * t:
            return float(t - step)
        t -= step
        if not low < t < high:
            t = 0.5 * (low + high)
            if high - low <= 8.0 * EPSILON * high:
                return float(t)
    return np.nan
