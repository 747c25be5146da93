"""Values that are no measurement: NaN and infinities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nkflow.kernels.jit import kernel

__all__ = ["all_finite", "mark_non_finite"]


@kernel
def all_finite(x: NDArray[np.float64], rows: int) -> bool:
    """Tell whether every value in the first `rows` rows of `x` (n_rows, n) is finite."""
    bad = 0
    for row in range(rows):
        for i in range(x.shape[1]):
            bad += not abs(x[row, i]) < np.inf  # no early way out: this loop runs four events at once
    return bad == 0


@kernel
def mark_non_finite(x: NDArray[np.float64], out: NDArray[np.bool_]) -> None:
    """Set ``out`` (n,) where `x` (n,) is NaN or infinite; leave it as it is elsewhere."""
    for i in range(x.shape[0]):
        out[i] |= not abs(x[i]) < np.inf
