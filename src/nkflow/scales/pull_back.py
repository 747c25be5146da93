"""Thresholds in data units: membership is decided there, and events are never transformed for it."""

from __future__ import annotations

from nkflow.scales.arcsinh import Arcsinh, ArcsinhCofactor
from nkflow.scales.biex import Biex
from nkflow.scales.biexponential import Hyperlog, Logicle
from nkflow.scales.linear import Linear
from nkflow.scales.log import Log

__all__ = ["Scale", "pull_back"]

Scale = Linear | Log | Arcsinh | ArcsinhCofactor | Logicle | Hyperlog | Biex


def pull_back(scale: Scale, y: float) -> float:
    """Return the data units x0 for which ``x >= x0`` says what ``scale.forward(x) >= y`` says.

    Bisection over the float64 numbers outwards from the inverse of `y`; exact ties stay in. -inf where every
    x reaches `y` (clipped or constant lower ends), +inf where no finite x does.

    Raises
    ------
    ScaleError
        where `y` is NaN.
    """
    return scale.pull_back(y)
