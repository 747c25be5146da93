"""The populations that counting knows by name, in the words of the release templates."""

from __future__ import annotations

from typing import Literal

__all__ = ["ABSOLUTE", "JUDGED", "LEAVES", "PURE", "RATIOS", "REPORTED", "UNIONS", "Leaf"]

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

PURE: tuple[str, ...] = ("NK", "NKT-like", "CD56+")
"""Populations whose share is called a purity."""

RATIOS: tuple[tuple[str, str], ...] = (("NKT-like", "NK"), ("T", "CD56+"))
"""Ratios of every composition, of populations that share no cell."""

REPORTED: tuple[tuple[str, str], ...] = (
    ("viable", "CD45+"),
    ("NK", "viable"),
    ("NKT-like", "viable"),
    ("CD56+", "viable"),
    ("T", "viable"),
    ("CD3+", "viable"),
    ("B", "viable"),
    ("monocytes", "viable"),
    ("other", "viable"),
    ("CD3dim", "viable"),
    ("NK", "CD56+"),
    ("NKT-like", "CD56+"),
)
"""Frequencies of every composition: population and its reference."""

ABSOLUTE: tuple[str, ...] = ("viable", "CD56+", "CD3+", *LEAVES, "CD3dim", "dead")
"""Populations with a concentration."""
