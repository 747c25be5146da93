"""The grid that spares most points of a polygon gate a look at its edges."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["CELLS", "cells_of"]

CELLS = 64  # each way: a 20-gon's edges touch fewer than a tenth of the cells, and 4 KiB stay in the cache
THINNEST = 1e-9  # of its coordinates: a polygon narrower than this is tested edge by edge


def cells_of(
    vx: NDArray[np.float64], vy: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Return the box (6,) and the cells (n * n + 1,) of a polygon that `kernels.polygon.mark_polygon` takes.

    `vx`, `vy` (n_vertices,) are in display units and finite.
    """
    from nkflow.kernels import polygon

    cells = np.full((CELLS, CELLS), polygon.EDGE, dtype=np.uint8)
    box = np.array([vx.min(), vx.max(), vy.min(), vy.max(), 0.0, 0.0])
    thin = any(np.ptp(v) <= THINNEST * np.abs(v).max() for v in (vx, vy))
    if not thin:
        box[4:] = CELLS / np.ptp(vx), CELLS / np.ptp(vy)
        polygon.sort_cells(vx, vy, box, cells)
    flat = np.append(cells, np.uint8(polygon.OUTSIDE))
    for part in (box, flat):
        part.flags.writeable = False  # as a program has them: a kernel is compiled for either
    return box, flat
