"""Counted events of one tube, whoever gated it, and their sums over tubes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from nkflow.counting.inputs import Boundary
from nkflow.counting.populations import LEAVES, UNIONS
from nkflow.counting.volume import Acquisition
from nkflow.errors import CountingError
from nkflow.fcs.findings import Finding

__all__ = ["Gated", "TubeCounts", "pool"]


class Gated(Protocol):
    """What counting asks of a gating: its counts by population."""

    @property
    def counts(self) -> Mapping[str, int]:
        """Events of each population."""


@dataclass(frozen=True)
class TubeCounts:
    """Events of each population in one tube.

    The leaves (`nkflow.counting.populations.LEAVES`) that are counted sum to ``viable``, or the counts are
    refused. Unions that are absent are added: ``CD56+``, ``CD3+``, ``CD45+``.

    Attributes
    ----------
    tube
        Name of the tube in its lot.
    counts
        Events by population, unions among them.
    acquisition
        The acquired volume, where there is one.
    boundaries
        Of cuts that were found in the tube: how uncertain each is, and which events cross it.
    """

    tube: str
    counts: Mapping[str, int]
    acquisition: Acquisition = field(default_factory=Acquisition)
    findings: tuple[Finding, ...] = ()
    boundaries: tuple[Boundary, ...] = ()

    def __post_init__(self) -> None:
        counts = dict(self.counts)
        _check(self.tube, counts)
        for union, parts in UNIONS.items():
            if all(part in counts for part in parts):
                total = sum(counts[part] for part in parts)
                if counts.setdefault(union, total) != total:
                    expected = f"{total}, the sum of {' and '.join(parts)}"
                    _refuse(self.tube, union, found=counts[union], expected=expected)
        object.__setattr__(self, "counts", MappingProxyType(counts))

    @classmethod
    def of(cls, gating: Gated, *, tube: str, acquisition: Acquisition | None = None) -> TubeCounts:
        """Take the counts of a gating, and the boundaries of cuts that it found (fixed ones have none)."""
        found = tuple(Boundary(**boundary.as_dict()) for boundary in getattr(gating, "boundaries", ()))
        return cls(tube, dict(gating.counts), acquisition or Acquisition(), boundaries=found)


def pool(tubes: Sequence[TubeCounts]) -> Mapping[str, int]:
    """Sum the events of each population that every tube has counted."""
    first, *rest = tubes
    names = [name for name in first.counts if all(name in tube.counts for tube in rest)]
    return MappingProxyType({name: sum(tube.counts[name] for tube in tubes) for name in names})


def _check(tube: str, counts: Mapping[str, int]) -> None:
    """Refuse counts that can't be: negative, without viable cells' leaves, or leaves that don't sum."""
    for name, count in counts.items():
        if count < 0:
            _refuse(tube, name, found=count, expected="a count of 0 or more")
    for name in ("viable", "NK", "NKT-like", "T"):
        if name not in counts:
            raise CountingError(
                f"tube {tube} has no count of {name}",
                code="population-missing",
                where=f"tube {tube}",
                expected=f"counts of viable and of its leaves {', '.join(LEAVES)}",
                next_step="Use a template that names these populations.",
            )
    leaves = [name for name in LEAVES if name in counts]
    total = sum(counts[name] for name in leaves)
    if total != counts["viable"]:
        _refuse(tube, "viable", found=counts["viable"], expected=f"{total}, the sum of {', '.join(leaves)}")


def _refuse(tube: str, name: str, *, found: int, expected: str) -> None:
    raise CountingError(
        f"the count of {name} can't be",
        code="counts-inconsistent",
        where=f"tube {tube}",
        found=str(found),
        expected=expected,
        next_step="The leaves are disjoint and sum to their parent; count the tube again.",
    )
