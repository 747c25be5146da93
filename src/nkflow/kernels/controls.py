"""Sums for robust locations of compensation controls, in one pass over the events."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nkflow.kernels.jit import kernel

__all__ = ["biweight_sums"]


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
