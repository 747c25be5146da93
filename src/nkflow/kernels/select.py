"""From a mask to the events inside it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nkflow.kernels.jit import kernel

__all__ = ["select", "take"]


@kernel
def select(mask: NDArray[np.bool_], index: NDArray[np.int64]) -> int:
    """Write the positions of True in `mask` (n,) to the front of `index` (>= n + 1,); return how many."""
    count = 0
    for i in range(mask.shape[0]):
        index[count] = i  # overwritten by the next event where the mask is False: no branch
        count += np.int64(mask[i])
    return count


@kernel
def take(x: NDArray[np.float64], index: NDArray[np.int64], count: int, out: NDArray[np.float64]) -> None:
    """Write ``x[index[j]]`` to ``out[j]`` for the first `count` positions."""
    for j in range(count):
        out[j] = x[index[j]]
