"""The N x N picture of a compensation's fitness: colour is the residual slope, a sign where it is judged wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from nkflow.plots.matrix import Matrix

__all__ = ["picture"]

FULL = 0.05  # of a residual slope: drawn in full colour
SIGNS = {"under": "+", "over": "−", "unclear": "?"}


def picture(
    names: Sequence[str], slopes: NDArray[np.float64], judgements: Mapping[tuple[int, int], str]
) -> Matrix:
    """Return the picture of residual `slopes` (n, n), NaN where not assessable.

    `judgements` has the word of a pair by its row (the bright channel) and column (what should be level); a pair
    that it lacks, or whose word is none of under, over and unclear, gets no sign.
    """
    from nkflow.plots.matrix import Matrix

    n = len(names)
    marks = [[SIGNS.get(judgements.get((i, j), ""), "") for j in range(n)] for i in range(n)]
    return Matrix(
        names, names, slopes, full=FULL, marks=marks, rows="bright in", columns="what should be level",
        title="Residual slopes (+ under-, − over-compensated, ? unclear)",
    )  # fmt: skip
