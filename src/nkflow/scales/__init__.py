"""Data units <-> display units: linear, log, arcsinh, logicle, hyperlog, FlowJo's biex, and ratios."""

from __future__ import annotations

from nkflow.scales.arcsinh import Arcsinh, ArcsinhCofactor
from nkflow.scales.biex import Biex
from nkflow.scales.biexponential import Hyperlog, Logicle
from nkflow.scales.linear import Linear, Ratio
from nkflow.scales.log import Log
from nkflow.scales.pull_back import Scale, pull_back

__all__ = [
    "Arcsinh",
    "ArcsinhCofactor",
    "Biex",
    "Hyperlog",
    "Linear",
    "Log",
    "Logicle",
    "Ratio",
    "Scale",
    "pull_back",
]
