"""Spillover, its inverse, and what may be wrong with it: linear algebra only."""

from __future__ import annotations

from nkflow.compensation.origin import Origin
from nkflow.compensation.spillover import Doubt, Spillover

__all__ = ["Doubt", "Origin", "Spillover"]
