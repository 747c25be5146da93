"""A shipped template made a laboratory's own: its matrix, its settings, its names, windows from its own tubes."""

from __future__ import annotations

from nkflow.laboratory.adoption.adopt import adopt
from nkflow.laboratory.adoption.adopted import Adoption

__all__ = ["Adoption", "adopt"]
