"""Two boxes of an ellipsoid, so that most events need no look at its formula: all of it lies in the outer box, and all
of the inner box in it.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

__all__ = ["boxes"]

Array = NDArray[np.float64]

MOST_AXES = 6
# The boxes keep this part of their size away from the surface: above all rounding, and above what the fast path of a
# scale may be off (`scales.table.ACCURACY`), where the ellipsoid is no smaller than SMALLEST on its scale and against
# its centre, and in units of its outer box the eigenvalues of its form are no farther apart than THINNEST.
MARGIN = 1e-6
THINNEST = 1e4
SMALLEST = 1e-3


def boxes(centre: Array, form: Array, distance_square: float) -> tuple[Array, Array] | None:
    """Return half the width (n,) of the outer and of the inner box of ``d' Q d <= distance_square``.

    Both have the centre (n,) of the ellipsoid and the same proportions. None where `form`, Q (n, n), is that of no
    ellipsoid, or of one so thin or so small that rounding could reach from a box to the surface.
    """
    n = len(centre)
    if n > MOST_AXES:
        return None
    with np.errstate(all="ignore"):
        try:
            half = np.sqrt(distance_square * np.diag(np.linalg.inv(form)))
        except np.linalg.LinAlgError:
            return None
        if not np.all(half >= SMALLEST * np.maximum(1.0, np.abs(centre))):  # NaN too
            return None
        even = form * np.outer(half, half) / distance_square  # the ellipsoid in units of its outer box
        if not np.isfinite(even).all():
            return None
        least = float(np.linalg.eigvalsh(even)[0])
        if not least * THINNEST > np.abs(even).sum():
            return None
        corners = np.array(list(product((1.0, -1.0), repeat=n)))
        farthest = float(np.einsum("ki,ij,kj->k", corners, even, corners).max())
    return half * (1.0 + MARGIN), half * (1.0 - MARGIN) / np.sqrt(farthest)
