"""The populations that counting knows by name, in the words of the release templates."""

from __future__ import annotations

__all__ = ["JUDGED", "LEAVES", "UNIONS", "Leaf"]

from typing import Literal

Leaf = Literal["NK", "NKT-like", "T", "B", "monocytes", "other"]

LEAVES: tuple[Leaf, ...] = ("NK", "NKT-like", "T", "B", "monocytes", "other")
"""Disjoint, and together the viable cells."""

UNIONS: dict[str, tuple[str, ...]] = {
    "CD56+": ("NK", "NKT-like"),
    "CD3+": ("T", "NKT-like"),
    "CD45+": ("viable", "dead"),
}
"""What stands for the sum of what."""

JUDGED: tuple[str, ...] = ("viable", "NK", "NKT-like", "CD56+", "T", "CD3+", "B", "monocytes")
"""Populations whose over-dispersion a protocol declares."""
