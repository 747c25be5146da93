"""What a method answers: a cut with its uncertainty, or *no gate* with the reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from nkflow.gating.adaptive.density import Density
from nkflow.gating.adaptive.plane import Plane

__all__ = ["Cut", "Found", "NoGate", "Reason", "too_few"]

Reason: TypeAlias = Literal[
    "too-few-events",  # fewer than the method needs
    "one-peak",  # nothing to part
    "no-valley",  # two peaks, and no clear valley where one is looked for
    "no-fit",  # a model that does not settle, or does not describe the events
    "outside-window",  # an answer, but not where validation allows it
    "no-control",  # the control tube that it needs is not there
    "no-channel",  # the tube lacks the channel
    "no-parent",  # the population it is looked for in was not found itself
]


@dataclass(frozen=True, eq=False)
class Cut:
    """A place that separates, in display units.

    Attributes
    ----------
    at
        The cut; values ``>= at`` are above.
    se
        Standard error by a seeded bootstrap.
    floor
        Between these places the data don't tell where to cut: the floor of a valley. (at, at) where a method
        has no such thing.
    method
        Which method answered.
    quality, measure
        How clear the answer is and what the number means; each method says which side is good.
    n
        Events it was found in.
    candidates
        Other places that were considered, ascending.
    density
        The density it was found on, where there is one.
    """

    at: float
    se: float
    floor: tuple[float, float]
    method: str
    quality: float
    measure: str
    n: int
    candidates: tuple[float, ...] = ()
    density: Density | None = field(default=None, repr=False)

    @property
    def u(self) -> float:
        """Standard uncertainty of the place: the bootstrap's, and a rectangle over the floor (GUM 4.3.7)."""
        low, high = self.floor
        return float((self.se**2 + (high - low) ** 2 / 12) ** 0.5)


@dataclass(frozen=True, eq=False)
class NoGate:
    """No gate, and why.

    `candidate`, `plane` and `elsewhere` (valleys where none was looked for, display units) are what a person may
    look at; none is used by itself.
    """

    reason: Reason
    message: str
    method: str
    n: int
    candidate: Cut | None = None
    density: Density | None = field(default=None, repr=False)
    plane: Plane | None = field(default=None, repr=False)
    elsewhere: tuple[float, ...] = ()


Found: TypeAlias = Cut | NoGate


def too_few(method: str, n: int, needed: int, *, without: int = 0) -> NoGate:
    """Return *no gate* for too few events; `without` of the events beside the `n` have no finite number there."""
    beside = f" ({without} more have no number on this channel)" if without else ""
    return NoGate("too-few-events", f"{n} events{beside}, at least {needed} are needed", method, n)
