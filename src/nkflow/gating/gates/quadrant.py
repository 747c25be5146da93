"""Quadrants: dividers cut dimensions into intervals, the person names the outcomes (STANDARDS GM-04)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

from nkflow.errors import GateError
from nkflow.gating.gates.dimension import Dimension, Placed, Space, as_dimension, as_number, as_numbers

__all__ = ["Cuts", "Divider", "Interval", "Quadrant"]

Cuts: TypeAlias = float | Sequence[float]
Interval: TypeAlias = tuple[float | None, float | None]
ANY = "*"
EVERYWHERE = (None, None)
MAX_CUTS = 9  # so that one digit names an interval


@dataclass(frozen=True)
class Divider:
    """One dimension with its cuts, ascending: k cuts make k + 1 intervals; a value on a cut goes up."""

    channel: str | Dimension
    cuts: Cuts

    def __post_init__(self) -> None:
        object.__setattr__(self, "channel", as_dimension(self.channel))
        label = self.dimension.label
        several = isinstance(self.cuts, Iterable) and getattr(self.cuts, "ndim", 1) == 1
        cuts = as_numbers(self.cuts, label) if several else (as_number(self.cuts, label),)
        object.__setattr__(self, "cuts", cuts)
        if not 1 <= len(self.values) <= MAX_CUTS:
            raise GateError(
                "wrong number of cuts", where=label, found=str(len(self.values)), expected=f"1 to {MAX_CUTS}"
            )
        if not all(map(math.isfinite, self.values)) or list(self.values) != sorted(set(self.values)):
            raise GateError("cuts must be finite and ascending", where=label, found=repr(self.values))

    @property
    def dimension(self) -> Dimension:
        """What is cut."""
        return as_dimension(self.channel)

    @property
    def values(self) -> tuple[float, ...]:
        """The cuts."""
        assert isinstance(self.cuts, tuple)  # __post_init__ made it one
        return self.cuts

    def interval(self, sign: str) -> Interval | None:
        """Return (low, high) for one sign of an outcome, None where the sign names no interval.

        ``-`` is the lowest interval, ``+`` the highest, a digit counts from 0, ``*`` is all of them.
        """
        last = len(self.values)
        if sign == ANY:
            return EVERYWHERE
        index = int(sign) if sign.isascii() and sign.isdigit() else {"-": 0, "+": last}.get(sign, -1)
        if not 0 <= index <= last:
            return None
        return (self.values[index - 1] if index else None, self.values[index] if index < last else None)


@dataclass(frozen=True)
class Quadrant(Placed):
    """``Quadrant("CD3", 900, "CD56", 1500, names={"-+": "NK", "++": "NKT-like", "+-": "T", "--": "other"})``.

    Attributes
    ----------
    x, x_cut, y, y_cut
        The first two dividers; a cut may be a list of ascending cuts; y may be left out.
    names
        Outcome -> population name. An outcome has one character for each divider (see `Divider.interval`).
        Outcomes must not overlap; they need not cover everything.
    further
        Dividers after the second.

    Raises
    ------
    GateError
        Where a cut is not finite or not ascending, or an outcome is malformed, doubled or without a name.
    """

    x: str | Dimension
    x_cut: Cuts
    y: str | Dimension | None = None
    y_cut: Cuts | None = None
    names: Mapping[str, str] | tuple[tuple[str, str], ...] = ()
    further: Sequence[Divider] = ()

    space: Space = "data"

    def __post_init__(self) -> None:
        names = tuple(self.names.items()) if isinstance(self.names, Mapping) else tuple(self.names)
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "further", tuple(self.further))
        if (self.y is None) is not (self.y_cut is None):
            raise GateError("a second dimension needs its cut", found="only one of y and y_cut")
        for field in ("x", "y"):
            divider = self.dividers[0 if field == "x" else 1] if getattr(self, field) is not None else None
            if divider is not None:
                object.__setattr__(self, field, divider.dimension)
                object.__setattr__(self, f"{field}_cut", divider.cuts)
        if self.name is not None:
            raise GateError(
                "a quadrant names its outcomes, not itself", found=self.name, next_step="Use names=."
            )
        self._check_outcomes()

    @cached_property
    def dividers(self) -> tuple[Divider, ...]:
        """All dividers in order."""
        first = (Divider(self.x, self.x_cut),)
        second = () if self.y is None or self.y_cut is None else (Divider(self.y, self.y_cut),)
        return (*first, *second, *self.further)

    @cached_property
    def dimensions(self) -> tuple[Dimension, ...]:
        """The dimension of each divider."""
        return tuple(divider.dimension for divider in self.dividers)

    @property
    def outcomes(self) -> dict[str, str]:
        """Outcome -> population name, in the order given."""
        return dict(self.pairs)

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """(outcome, population name), in the order given."""
        assert isinstance(self.names, tuple)  # __post_init__ made it one
        return self.names

    def intervals(self, outcome: str) -> tuple[Interval, ...]:
        """Return (low, high) in each dimension for an outcome; a sign that names no interval is left out."""
        found = (divider.interval(sign) for divider, sign in zip(self.dividers, outcome, strict=True))
        return tuple(interval for interval in found if interval is not None)

    def with_ends(self, name: str, ends: Mapping[str, float]) -> Quadrant:
        """Return the quadrant with the cut moved that is the ``low`` or ``high`` end of the outcome `name`.

        Its neighbour moves with it. Only for one divider: of two, nobody could say which one is meant.
        """
        (divider,) = self.dividers
        outcome = next(outcome for outcome, outcome_name in self.pairs if outcome_name == name)
        low, high = self.intervals(outcome)[0]
        cuts = list(divider.values)
        for end, value in ends.items():
            old = low if end == "low" else high
            if old is None:
                raise GateError("this outcome is open there", where=name, found=end, expected="its other end")
            cuts[cuts.index(old)] = value
        return replace(self, x_cut=cuts)

    def _check_outcomes(self) -> None:
        if not self.names:
            raise GateError(
                "a quadrant needs the names of its outcomes", expected='for instance {"-+": "NK"}'
            )
        dividers = self.dividers
        ends = []
        for outcome, name in self.pairs:
            mine = self.intervals(outcome) if len(outcome) == len(dividers) else ()
            if len(mine) != len(dividers):
                raise GateError(
                    "an outcome has one sign for each divider",
                    found=repr(outcome),
                    expected="- + * or the interval's digit",
                )
            if not name:
                raise GateError("an outcome needs a name", where=outcome)
            ends.append((outcome, mine))
        for i, (first, mine) in enumerate(ends):
            for second, other in ends[i + 1 :]:
                # the interval of ANY has no ends and meets all others
                if all(a == b or EVERYWHERE in (a, b) for a, b in zip(mine, other, strict=True)):
                    raise GateError("two outcomes overlap", found=f"{first!r} and {second!r}")
