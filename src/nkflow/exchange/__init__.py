"""Other people's documents: Gating-ML 2.0 in; more to come."""

from __future__ import annotations

from nkflow.exchange.gatingml import read_gatingml

__all__ = ["read_gatingml"]
