"""Are the cells of a tube below a cut like those of the control it came from? Dim cells there are not negative ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST_NEAR", "lies_above", "unlike"]

Array = NDArray[np.float64]
MOST_NEAR = 1.3  # times the control's share of events near the cut
NEAR = 0.99  # quantile of the control where that begins


def unlike(tube: Array, control: Array, *, end: float, shift: tuple[float, float]) -> str:
    """Return why the tube's events (n,) are not like the control's (m,), display units; empty where they are.

    Antibody sticks to every cell a little: the median lies above the control's, by `shift` (from, to; robust SDs of the
    control). A tube that lies less above got no antibody, one that lies more above has dim cells. The tube is moved
    onto the median of the control. Then the share of events between the control's quantile
    `NEAR` and `end` must be like the control's: what lies there beside are cells that show a little of
    the marker. Above `end` lie cells that show it, and these count for nothing here.
    """
    tube, control = tube[np.isfinite(tube)], control[np.isfinite(control)]
    if not len(tube) or not len(control):
        return "there are no events to compare with the control's"
    away, sd = lies_above(tube, control)
    if not shift[0] <= away / sd <= shift[1]:
        where = f"{shift[0]:g} to {shift[1]:g} with antibody on it and no dim cells"
        return f"the median lies {away / sd:+.2f} SDs from the control's, {where}"
    near = float(np.quantile(control, NEAR))
    shares = [float(np.mean((x >= near) & (x < end))) for x in (tube - away, control)]
    if shares[0] > MOST_NEAR * shares[1]:
        return (
            f"{100 * shares[0]:.2f} % of the events lie near the cut, {100 * shares[1]:.2f} % of the control's: "
            "cells that show a little of the marker"
        )
    return ""


def lies_above(tube: Array, control: Array) -> tuple[float, float]:
    """Return how far the median of `tube` (n,) lies above that of `control` (m,), and the robust SD of the latter."""
    first, middle, last = np.quantile(control, [0.25, 0.5, 0.75])
    return float(np.median(tube) - middle), max(float(last - first) / 1.349, 1e-12)
