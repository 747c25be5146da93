"""Parameters of a scale from data: how wide the straight part must be to show the negatives."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from nkflow.scales.biexponential import Logicle

__all__ = ["estimate_logicle", "logicle_width"]

NEGATIVE_PERCENTILE = 5.0


def logicle_width(reference: float, *, T: float, M: float = 4.5) -> float:
    """Return W = (M - log10(T / |r|)) / 2 for the negative `reference` value r, clipped to 0..M/2.

    With this W the axis begins a little below r (Parks, Roederer and Moore 2006; STANDARDS TR-13). 0 where
    r is not negative.
    """
    if not reference < 0.0 or not T > 0.0:  # the scale itself refuses such a T
        return 0.0
    return min(max((M - math.log10(T / -reference)) / 2.0, 0.0), M / 2.0)


def estimate_logicle(values: NDArray[np.float64], *, T: float, M: float = 4.5) -> Logicle:
    """Return the logicle scale that shows the negative part of `values` (n_events,), in data units.

    Parameters
    ----------
    values
        Compensated data units of one channel; what is not finite is left out.
    T
        Top of the scale: `$PnR` of the channel, one for a project, and never the maximum of a sample
        (STANDARDS TR-14).
    M
        Decades.

    Returns
    -------
    Logicle
        W from the 5th percentile (type 7) of the events below 0; W = 0 where there are none.
    """
    negative = values[np.isfinite(values) & (values < 0.0)]
    reference = float(np.percentile(negative, NEGATIVE_PERCENTILE)) if negative.size else 0.0
    return Logicle(T=T, W=logicle_width(reference, T=T, M=M), M=M)
