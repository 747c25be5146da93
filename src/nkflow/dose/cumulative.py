"""Doses add up, and so do their errors where they share a source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nkflow.counting.budget import Term, combined
from nkflow.dose.perkg import Amount

__all__ = ["Part", "Total", "part_of", "total"]


@dataclass(frozen=True)
class Part:
    """What one dose brought, in cells per kg.

    `bound` is the one-sided upper bound where no event was seen (then `value` is 0 and `terms` don't matter).
    """

    value: float
    terms: tuple[Term, ...]
    bound: float | None


@dataclass(frozen=True)
class Total:
    """Sum over doses.

    Attributes
    ----------
    value
        Cells per kg.
    u_rel
        Relative standard uncertainty by the sources that the doses share; None where no dose had an event.
    u_rel_independent
        What it would be had every dose been prepared and counted anew.
    unseen
        Sum of the upper bounds of the doses without events: zero events are not zero cells.
    """

    value: float
    u_rel: float | None
    u_rel_independent: float | None
    unseen: float

    def as_dict(self) -> dict[str, object]:
        """Return the figures as plain values."""
        return {
            "value": self.value,
            "u_rel": self.u_rel,
            "u_rel_independent_preparations": self.u_rel_independent,
            "unseen_bound": self.unseen,
        }


def part_of(amount: Amount) -> Part:
    """Return the part that an amount of this measurement contributes."""
    return Part(amount.value, amount.terms, amount.upper if amount.events == 0 else None)


def total(parts: Sequence[Part]) -> Total:
    """Add `parts`: errors of one source linearly, others in quadrature (`counting.budget.combined`)."""
    seen = [(part.value, part.terms) for part in parts if part.bound is None]
    unseen = sum(part.bound for part in parts if part.bound is not None)
    value, u = combined(seen)
    _, apart = combined(seen, independent=True)
    return Total(value, u if seen else None, apart if seen else None, unseen)
