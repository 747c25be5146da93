"""Values that are no measurement: NaN and infinities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nkflow.kernels.jit import kernel

__all__ = ["all_below", "mark_non_finite"]


@kernel
def all_below(x: NDArray[np.float64], limit: float) -> bool:
    """Tell whether every value of `x` (n_rows, n) is between -limit and limit; NaN is not."""
    bad = 0
    for row in range(x.shape[0]):
        for i in range(x.shape[1]):
            bad += not abs(x[row, i]) < limit  # no early way out: this loop runs four events at once
    return bad == 0


@kernel
def mark_non_finite(x: NDArray[np.float64], out: NDArray[np.bool_]) -> None:
    """Set ``out`` (n,) where `x` (n,) is NaN or infinite; leave it as it is elsewhere."""
    for i in range(x.shape[0]):
        out[i] |= not abs(x[i]) < np.inf
