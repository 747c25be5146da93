"""Boolean gates over other populations, each taken with its own parents (STANDARDS GM-05, GM-06)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from nkflow.errors import GateError
from nkflow.gating.gates.dimension import Dimension, Placed

__all__ = ["Boolean", "Not"]


@dataclass(frozen=True)
class Not:
    """The complement of a population within all events; a non-finite event is inside it."""

    population: str


@dataclass(frozen=True)
class Boolean(Placed):
    """``Boolean("or", ["NK", "NKT-like"])``, ``Boolean("and", ["CD45+", Not("beads")])``.

    The result is then taken within the parent, as for every gate.

    Raises
    ------
    GateError
        Where ``and`` and ``or`` have fewer than two operands, or ``not`` has another number than one.
    """

    operation: Literal["and", "or", "not"]
    operands: Sequence[str | Not]

    def __post_init__(self) -> None:
        object.__setattr__(self, "operands", tuple(self.operands))
        if self.operation not in ("and", "or", "not"):
            raise GateError("unknown operation", found=repr(self.operation), expected="and, or, not")
        count = len(self.operands)
        if (count != 1) if self.operation == "not" else (count < 2):
            expected = "exactly 1" if self.operation == "not" else "at least 2"
            raise GateError(
                "wrong number of operands", where=self.operation, found=str(count), expected=expected
            )

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """None: it looks at no channel itself."""
        return ()

    @property
    def references(self) -> tuple[tuple[str, bool], ...]:
        """(population, complement) of each operand."""
        return tuple(
            (operand.population, True) if isinstance(operand, Not) else (operand, False)
            for operand in self.operands
        )
