"""Loops of the fitness of a compensation: who is bright in one channel and negative in another, and the line there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nkflow.kernels.jit import kernel

__all__ = ["biweight_normal", "bright_not_high"]


@kernel
def bright_not_high(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    keep: NDArray[np.bool_],
    bright: float,
    reach: NDArray[np.float64],
    index: NDArray[np.int64],
) -> int:
    """Write the first positions of events with ``x >= bright`` and ``-down x <= y - low, y - high <= up x``.

    Parameters
    ----------
    x, y : (n,) float64
        Two channels, data units.
    keep : (n,) bool
        Events that count at all.
    reach : (4,)
        low, high, down, up.
    index : (capacity,)
        Overwritten up to its capacity.

    Returns
    -------
    int
        How many such events there are, which may be more than the capacity.
    """
    low, high, down, up = reach
    count = 0
    for e in range(x.shape[0]):
        if keep[e] and x[e] >= bright and y[e] >= low - down * x[e] and y[e] <= high + up * x[e]:
            if count < index.shape[0]:
                index[count] = e
            count += 1
    return count


@kernel
def biweight_normal(
    columns: NDArray[np.float64],
    rows: NDArray[np.int64],
    floors: NDArray[np.float64],
    index: NDArray[np.int64],
    target: int,
    beta: NDArray[np.float64],
    cut: float,
    out: NDArray[np.float64],
) -> tuple[float, float, float]:
    """Add up the normal equations of one weighted step of a linear model with Tukey's biweight.

    The model of ``columns[target]`` is ``beta[0] + sum_k beta[1 + k] max(columns[rows[k]] - floors[k], 0)``; an
    event with residual r has weight ``max(1 - (r / cut)^2, 0)^2``.

    Parameters
    ----------
    columns : (n_channels, n_events) float64, C order
        Data units.
    rows, floors : (p,)
        The channels of the model and where each begins.
    index : (m,)
        The events.
    beta : (p + 1,)
        The model before the step.
    out : (p + 1, p + 2)
        Overwritten: X' W X and, in the last column, X' W y.

    Returns
    -------
    tuple of float
        Sums of the weights, of psi^2 and of psi', with psi = r w.
    """
    p = rows.shape[0] + 1
    row = np.empty(p)
    row[0] = 1.0
    out[:] = 0.0
    weights = squares = derivative = 0.0
    for i in range(index.shape[0]):
        e = index[i]
        model = beta[0]
        for k in range(p - 1):
            row[k + 1] = max(columns[rows[k], e] - floors[k], 0.0)
            model += beta[k + 1] * row[k + 1]
        r = columns[target, e] - model
        kept = 1.0 - (r / cut) ** 2
        if kept > 0.0:
            w = kept * kept
            weights += w
            squares += (r * w) ** 2
            derivative += kept * (5.0 * kept - 4.0)
            for a in range(p):
                if row[a] != 0.0:
                    for b in range(a + 1):
                        out[a, b] += w * row[a] * row[b]
                    out[a, p] += w * row[a] * columns[target, e]
    for a in range(p):
        for b in range(a):
            out[b, a] = out[a, b]
    return weights, squares, derivative
