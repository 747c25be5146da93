"""A number that can't be had is a reason: the same type as in gating, under counting's own name."""

from __future__ import annotations

from nkflow.gating.evaluable import NotEvaluable

__all__ = ["NotEvaluable"]
