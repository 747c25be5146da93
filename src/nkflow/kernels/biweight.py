"""Tukey's biweight: sums for robust locations and robust linear models, in one pass over the events."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nkflow.kernels.jit import kernel

__all__ = ["biweight_line", "biweight_normal", "biweight_sandwich", "biweight_sums"]

TILE = 512  # events: what is known of them stays in the first-level cache


@kernel
def biweight_sums(
    y: NDArray[np.float64], x: NDArray[np.float64], slope: float, centre: float, cut: float
) -> tuple[float, float, float]:
    """Return the sums of psi, psi' and psi^2 of Tukey's biweight over the residuals of a line.

    ``r = y - slope x - centre``, ``k = max(1 - (r / cut)^2, 0)``, ``psi = r k^2``, ``psi' = k (5 k - 4)``
    (Beaton & Tukey 1974). Sums run over ascending events.

    Parameters
    ----------
    y, x : (n,) float64
        Two detectors, data units.
    cut
        Positive; residuals beyond it count nothing.
    """
    psi = derivative = squares = 0.0
    for i in range(y.shape[0]):
        r = y[i] - slope * x[i] - centre
        k = 1.0 - (r / cut) ** 2
        if k > 0.0:
            value = r * k * k
            psi += value
            derivative += k * (5.0 * k - 4.0)
            squares += value * value
    return psi, derivative, squares


@kernel
def biweight_line(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    z: NDArray[np.float64],
    cut: NDArray[np.float64],
    slope: float,
    level: float,
    out: NDArray[np.float64],
) -> None:
    """Add up what a step of a line with an instrument needs, and its variance (Tukey's biweight).

    With r = y - level - slope x and k = max(1 - (r / cut)^2, 0): w = k^2, psi = r w, psi' = k (5 k - 4). Sums run
    over ascending events.

    Parameters
    ----------
    x, y, z : (n,)
        The two detectors, data units, and the instrument of x.
    cut : (n,)
        Positive; residuals beyond it count nothing.
    out : (3, 5)
        Overwritten with sums: w, w z, w x, w z x, psi; psi', psi' z, psi' x, psi' z x, psi z; psi^2, psi^2 z,
        psi^2 z^2, 0, 0.
    """
    w0 = wz = wx = wzx = wr = wzr = 0.0
    d0 = dz = dx = dzx = 0.0
    q0 = qz = qzz = 0.0
    weight, rest = np.empty(TILE), np.empty(TILE)
    for first in range(0, x.shape[0], TILE):
        count = min(TILE, x.shape[0] - first)
        for j in range(count):  # several events at once: there is nothing to add up here
            i = first + j
            r = y[i] - level - slope * x[i]
            rest[j] = r
            weight[j] = max(1.0 - (r / cut[i]) ** 2, 0.0)
        for j in range(count):
            k = weight[j]
            xi, zi = x[first + j], z[first + j]
            w, d = k * k, k * (5.0 * k - 4.0)
            psi = w * rest[j]
            zx, square = zi * xi, psi * psi
            w0 += w
            wz += w * zi
            wx += w * xi
            wzx += w * zx
            wr += psi
            wzr += psi * zi
            d0 += d
            dz += d * zi
            dx += d * xi
            dzx += d * zx
            q0 += square
            qz += square * zi
            qzz += square * zi * zi
    for j, row in enumerate(((w0, wz, wx, wzx, wr), (d0, dz, dx, dzx, wzr), (q0, qz, qzz, 0.0, 0.0))):
        for k, value in enumerate(row):
            out[j, k] = value


@kernel
def biweight_normal(
    design: NDArray[np.float64],
    y: NDArray[np.float64],
    beta: NDArray[np.float64],
    cut: float,
    out: NDArray[np.float64],
) -> float:
    """Add up the normal equations of a linear model with Tukey's biweight.

    With r = y - design @ beta and k = max(1 - (r / cut)^2, 0) an event has the weight k^2 (Beaton & Tukey 1974).
    Sums run over ascending events: the same bits on every machine. Zeros of the design cost nothing.

    Parameters
    ----------
    design : (n, p) float64, C order
        What the columns of the model are for each event.
    y : (n,)
        The channel to be explained, data units.
    beta : (p,)
        The model before the step.
    cut
        Positive; residuals beyond it count nothing.
    out : (p, p + 1)
        Overwritten: X' W X and, in the last column, X' W y.

    Returns
    -------
    float
        Sum of the weights.
    """
    n, p = design.shape
    out[:] = 0.0
    total = 0.0
    for i in range(n):
        k = 1.0 - (_rest(design, y, beta, i) / cut) ** 2
        if k > 0.0:
            w = k * k
            total += w
            for a in range(p):
                if design[i, a] != 0.0:
                    wx = w * design[i, a]
                    for b in range(a + 1):
                        out[a, b] += wx * design[i, b]
                    out[a, p] += wx * y[i]
    _mirror(out, p)
    return total


@kernel
def biweight_sandwich(
    design: NDArray[np.float64],
    y: NDArray[np.float64],
    beta: NDArray[np.float64],
    cut: float,
    out: NDArray[np.float64],
) -> None:
    """Add up what the variance of a model with Tukey's biweight is made of (Huber 1981, 7.6).

    As `biweight_normal`, with psi = r k^2 and psi' = k (5 k - 4).

    Parameters
    ----------
    design, y, beta, cut
        As there.
    out : (2, p, p)
        Overwritten: X' psi' X and X' psi^2 X.
    """
    n, p = design.shape
    out[:] = 0.0
    for i in range(n):
        r = _rest(design, y, beta, i)
        k = 1.0 - (r / cut) ** 2
        if k > 0.0:
            derivative, square = k * (5.0 * k - 4.0), (r * k * k) ** 2
            for a in range(p):
                x = design[i, a]
                if x != 0.0:
                    for b in range(a + 1):
                        xx = x * design[i, b]
                        out[0, a, b] += derivative * xx
                        out[1, a, b] += square * xx
    _mirror(out[0], p)
    _mirror(out[1], p)


@kernel
def _rest(design: NDArray[np.float64], y: NDArray[np.float64], beta: NDArray[np.float64], i: int) -> float:
    """Return what the model leaves of event `i`."""
    r = float(y[i])
    for a in range(design.shape[1]):
        r -= beta[a] * design[i, a]
    return r


@kernel
def _mirror(out: NDArray[np.float64], p: int) -> None:
    """Copy what stands below the diagonal of the first `p` columns to above it."""
    for a in range(p):
        for b in range(a):
            out[b, a] = out[a, b]
