"""One precondition, and what was found."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from nkflow.counting.composition import Composition
from nkflow.dose.lot import Lot
from nkflow.dose.suitability import SuitabilityRules
from nkflow.release.tubes import GatedTube

__all__ = ["Check", "Measured", "Outcome", "met"]

Outcome = Literal["met", "not met", "not assessable"]


@dataclass(frozen=True)
class Check:
    """One precondition: what was asked of which tube, where that comes from, what was found, whether it holds.

    ``not assessable`` is no pass: it makes the lot INVALID like ``not met``.
    """

    name: str
    tube: str
    value: str
    limit: str
    outcome: Outcome
    source: str = ""

    @property
    def reason(self) -> str:
        """Why it does not hold, in one line."""
        where = f"tube {self.tube}: " if self.tube else ""
        return f"{where}{self.name} {self.outcome}: {self.value}, asked for {self.limit}"

    def as_dict(self) -> dict[str, Any]:
        """Return the check as plain values."""
        return dict(vars(self))


def met(holds: bool) -> Outcome:
    """Return the outcome of something that could be judged."""
    return "met" if holds else "not met"


@dataclass(frozen=True, eq=False)
class Measured:
    """What the preconditions are held to.

    Attributes
    ----------
    rules
        Those of the protocol.
    tubes
        Every tube of the lot, failures included.
    composition
        None where the sample tubes give none.
    dosed
        The population whose replicates have to agree.
    """

    rules: SuitabilityRules
    lot: Lot
    tubes: Sequence[GatedTube]
    composition: Composition | None
    dosed: str

    @property
    def read(self) -> list[GatedTube]:
        """The tubes whose files could be read."""
        return [tube for tube in self.tubes if tube.sample is not None]

    def begin(self, tube: GatedTube) -> dt.datetime | None:
        """Return when a tube's acquisition began; a time without a zone is taken for that of the lot."""
        began = None if tube.sample is None else tube.sample.acquired.begin
        if began is not None and began.tzinfo is None:
            zone = (tube.tube.stained_at or self.lot.product.counted_at).tzinfo
            began = began.replace(tzinfo=zone)
        return began

    @property
    def last_day(self) -> dt.date:
        """The last day on which something of the lot was measured."""
        began = [when for when in map(self.begin, self.tubes) if when is not None]
        return max([self.lot.product.counted_at.date(), *(when.date() for when in began)])
