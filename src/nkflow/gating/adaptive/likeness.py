"""Are the cells of a tube below a cut like those of the control it came from? Dim cells there are not negative ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST_NEAR", "MOST_SHIFT", "unlike"]

Array = NDArray[np.float64]
MOST_SHIFT = 0.3  # robust SDs of the control between the medians: antibody that sticks to every cell shifts all of them
MOST_NEAR = 1.5  # times the control's share of events near the cut
NEAR = 0.99  # quantile of the control where that begins


def unlike(tube: Array, control: Array, *, end: float) -> str:
    """Return why the tube's events (n,) are not like the control's (m,), display units; empty where they are.

    The tube is moved onto the median of the control. Then the share of events between the control's quantile
    `NEAR` and `end` must be like the control's: what lies there beside are cells that show a little of
    the marker. Above `end` lie cells that show it, and these count for nothing here.
    """
    tube, control = tube[np.isfinite(tube)], control[np.isfinite(control)]
    if not len(tube) or not len(control):
        return "there are no events to compare with the control's"
    first, middle, last = np.quantile(control, [0.25, 0.5, 0.75])
    shift = float(np.median(tube) - middle)
    sd = float(last - first) / 1.349
    if abs(shift) > MOST_SHIFT * sd:
        return f"the median lies {shift / sd:+.2f} SDs from the control's, at most {MOST_SHIFT:g} are allowed"
    near = float(np.quantile(control, NEAR))
    shares = [float(np.mean((x >= near) & (x < end))) for x in (tube - shift, control)]
    if shares[0] > MOST_NEAR * shares[1]:
        return (
            f"{100 * shares[0]:.2f} % of the events lie near the cut, {100 * shares[1]:.2f} % of the control's: "
            "cells that show a little of the marker"
        )
    return ""
