"""Slow twins of the scales, 50 digits, word for word from the closed forms of STANDARDS 3.2 to 3.6.

Nothing is shared with the code: other parameters (a, b, c, d, f), bisection instead of Halley's steps.
"""

from __future__ import annotations

import functools

from mpmath import mp, mpf

__all__ = ["arcsinh", "biex", "biex_table", "hyperlog", "inverse", "linear", "log", "logicle"]

mp.dps = 50
LN10 = mp.log(10)


def linear(x, T, A=0):
    return (mpf(x) + mpf(A)) / (mpf(T) + mpf(A))


def log(x, T, M):
    return mp.log10(mpf(x) / mpf(T)) / mpf(M) + 1


def arcsinh(x, T, M, A=0):
    M, A = mpf(M), mpf(A)
    return (mp.asinh(mpf(x) * mp.sinh(M * LN10) / mpf(T)) + A * LN10) / ((M + A) * LN10)


def _root(function, low, high, steps=165):
    """Bisection: `function` rises from below to above zero between `low` and `high`."""
    for _ in range(steps):
        middle = (low + high) / 2
        if function(middle) < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _d(b, w):
    """The root of 2 (ln d - ln b) + w (b + d) in (0, b]."""
    if w == 0:
        return b
    low = b * mp.exp(-w * b)
    return _root(lambda d: 2 * (mp.log(d) - mp.log(b)) + w * (b + d), low, b)


@functools.lru_cache(maxsize=4096)
def _logicle_inverse(T, W, M, A):
    T, W, M, A = map(mpf, (T, W, M, A))
    w, x2 = W / (M + A), A / (M + A)
    x1, x0, b = x2 + w, x2 + 2 * w, (M + A) * LN10
    d = _d(b, w)
    ca = mp.exp(x0 * (b + d))
    mfa = mp.exp(b * x1) - ca * mp.exp(-d * x1)
    a = T / ((mp.exp(b) - mfa) - ca * mp.exp(-d))
    c, f = ca * a, -mfa * a
    return x1, lambda y: a * mp.exp(b * y) - c * mp.exp(-d * y) + f, (a, b, c, d, f)


@functools.lru_cache(maxsize=4096)
def _hyperlog_inverse(T, W, M, A):
    T, W, M, A = map(mpf, (T, W, M, A))
    w, x2 = W / (M + A), A / (M + A)
    x1, x0, b = x2 + w, x2 + 2 * w, (M + A) * LN10
    ca = mp.exp(b * x0) / w
    fa = mp.exp(b * x1) + ca * x1
    a = T / (mp.exp(b) + ca - fa)
    c, f = ca * a, fa * a
    return x1, lambda y: a * mp.exp(b * y) + c * y - f, (a, b, c, f)


def _solve(x, x1, B):
    """Return y with B(y) = |x|, on the side of x1 where x belongs."""
    v = abs(mpf(x))
    high = mpf(1)
    while B(x1 + high) < v:
        high *= 2
    t = _root(lambda t: B(x1 + t) - v, mpf(0), high)
    return x1 + t if x >= 0 else x1 - t


def logicle(x, T, W, M, A=0):
    x1, B, _ = _logicle_inverse(T, W, M, A)
    return _solve(x, x1, B)


def hyperlog(x, T, W, M, A=0):
    x1, B, _ = _hyperlog_inverse(T, W, M, A)
    return _solve(x, x1, B)


def inverse(kind, y, T, W, M, A=0):
    """B(y) of logicle or hyperlog, odd about x1."""
    x1, B, _ = {"logicle": _logicle_inverse, "hyperlog": _hyperlog_inverse}[kind](T, W, M, A)
    y = mpf(y)
    return B(y) if y >= x1 else -B(2 * x1 - y)


def logicle_parameters(T, W, M, A=0):
    return _logicle_inverse(T, W, M, A)[2]


def biex_table(max_range, pos, neg, width_basis, channels=4096):
    """The N + 1 entries of STANDARDS 3.6, with the width clamp."""
    N = channels
    width = mp.log10(-mpf(width_basis))
    if width < 0.5 or width > 3:
        width = mpf("0.5")
    decades = mpf(pos) - width / 2
    extra = max(mpf(neg), mpf(0)) + width / 2
    zc = min(int(extra * N / (extra + decades)), N // 2)
    if zc > 0:
        decades = extra * N / zc
    width = width / (2 * decades)
    P = LN10 * decades
    minv = mpf(max_range) / mp.exp(P)
    Q = _d(P, width)
    n = N + 1
    s = mp.exp((P + Q) * (width + extra / decades))
    p = [mp.exp(mpf(j) / n * P) for j in range(n)]
    q = [s * mp.exp(-mpf(j) / n * Q) for j in range(n)]
    k = p[zc] - q[zc]
    table = [minv * (p[j] - q[j] - k) if j >= zc else None for j in range(n)]
    return [table[j] if j >= zc else -table[2 * zc - j] for j in range(n)]


def biex(x, table):
    """Linear between the entries, constant beyond."""
    if x <= table[0]:
        return mpf(0)
    if x >= table[-1]:
        return mpf(len(table) - 1)
    j = max(i for i in range(len(table) - 1) if table[i] <= x)
    return j + (mpf(x) - table[j]) / (table[j + 1] - table[j])
