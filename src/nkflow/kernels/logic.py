"""And, or, not over the events of populations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nkflow.kernels.jit import kernel

__all__ = ["combine", "exclude"]


@kernel
def combine(
    masks: NDArray[np.bool_], parent: int, any_of: bool, operands: NDArray[np.int64], out: NDArray[np.bool_]
) -> None:
    """Write whether the events of `parent` are in any, or in all, of the operands.

    Parameters
    ----------
    masks : (n_populations, n)
    operands : (2 * n_operands,)
        By turns: a population, and 1 where its complement is meant, else 0.
    out : (n,)
        Overwritten; none of the operands.
    """
    inside = masks[parent]
    for e in range(out.shape[0]):
        out[e] = not any_of
    for k in range(operands.shape[0] // 2):
        mask, turn = masks[operands[2 * k]], operands[2 * k + 1] != 0
        if any_of:
            for e in range(out.shape[0]):
                out[e] |= mask[e] ^ turn
        else:
            for e in range(out.shape[0]):
                out[e] &= mask[e] ^ turn
    for e in range(out.shape[0]):
        out[e] &= inside[e]


@kernel
def exclude(masks: NDArray[np.bool_], others: NDArray[np.int64], out: NDArray[np.bool_]) -> None:
    """Take the events of the populations `others` (n_others,) of `masks` (n_populations, n) out of `out` (n,)."""
    for k in range(others.shape[0]):
        mask = masks[others[k]]
        for e in range(out.shape[0]):
            out[e] = out[e] & (not mask[e])
