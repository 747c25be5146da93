"""Slow twin of `nkflow.kernels.polygon`: count the edges that a ray to the right crosses, in rational numbers."""

from __future__ import annotations

import math

from naive.orientation import orientation

__all__ = ["in_polygon", "mark_polygon"]


def in_polygon(px, py, vx, vy) -> bool:
    if not (math.isfinite(px) and math.isfinite(py)):
        return False
    crossings = 0
    for k in range(len(vx)):
        ax, ay, bx, by = vx[k - 1], vy[k - 1], vx[k], vy[k]
        in_box = min(ax, bx) <= px <= max(ax, bx) and min(ay, by) <= py <= max(ay, by)
        side = orientation(ax, ay, bx, by, px, py)
        if in_box and side == 0:
            return True
        # half open in y, so that a ray through a vertex meets exactly one of two edges that go on upwards
        upwards, downwards = ay <= py < by, by <= py < ay
        crossings += (upwards and side > 0) or (downwards and side < 0)
    return crossings % 2 == 1


def mark_polygon(x, y, parent, vx, vy, out) -> None:
    for e in range(len(x)):
        out[e] = parent[e] and in_polygon(x[e], y[e], vx, vy)
