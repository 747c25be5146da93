"""What became of an adaptive template in one tube: every cut, where it came from, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nkflow.fcs.findings import Finding
from nkflow.gating.adaptive.band import Band
from nkflow.gating.adaptive.document import CutDocument, EllipseMethod
from nkflow.gating.adaptive.ellipse import Ellipse
from nkflow.gating.adaptive.find import Answer
from nkflow.gating.adaptive.found import Cut, NoGate
from nkflow.scales import Scale

if TYPE_CHECKING:
    from nkflow.gating.template import Template

__all__ = ["GateBoundary", "Resolution", "Resolved"]


@dataclass(frozen=True)
class GateBoundary:
    """A boundary whose place is uncertain: what the uncertainty budget takes (`nkflow.counting.inputs.Boundary`).

    ``events_per_unit``: change in the tube's events of each population when the boundary rises by one `unit`,
    measured over ``u`` on either side.
    """

    name: str
    u: float
    unit: str
    events_per_unit: dict[str, float]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, in the shape of a lot's ``counting.boundaries``."""
        return {
            "name": self.name,
            "u": self.u,
            "unit": self.unit,
            "events_per_unit": dict(self.events_per_unit),
        }


@dataclass(frozen=True, eq=False)
class Resolved:
    """One cut of an adaptive template, after it was looked for.

    Attributes
    ----------
    document
        What the template says about it.
    answer
        A cut (display units), a band, an ellipse (display units), or *no gate* with its reason.
    value
        The cut in data units; None for an outline and for no gate.
    source
        ``tube``, or the control it was found in (``FMO CD3``).
    scale, y_scale
        Of its channel; of an ellipse also that of the second one.
    first
        Where the method that the template names first gave no answer and another did: why.
    opened
        There is no gate, and the populations have no end there, as the template says.
    """

    document: CutDocument
    answer: Answer
    value: float | None
    source: str
    scale: Scale | None
    first: NoGate | None = None
    y_scale: Scale | None = None
    opened: bool = False

    @property
    def name(self) -> str:
        """Of the boundary."""
        return self.document.name

    @property
    def u(self) -> float | None:
        """Standard uncertainty of its place: display units, ln units of a band, a part of the size of an ellipse."""
        match self.answer:
            case Cut() | Ellipse():
                return self.answer.u
            case Band():
                return self.answer.se
            case NoGate():
                return None

    @property
    def se(self) -> float | None:
        """The bootstrap's part of `u`; of an ellipse all of it."""
        match self.answer:
            case Cut() | Band():
                return self.answer.se
            case Ellipse():
                return self.answer.u
            case NoGate():
                return None

    @property
    def window(self) -> tuple[float, float]:
        """Ends of its window in display units; of a band as the document has them."""
        low, high = self.document.window
        return (low, high) if self.scale is None else (self.scale.forward(low), self.scale.forward(high))

    @property
    def y_window(self) -> tuple[float, float]:
        """Ends of an ellipse's window on the second channel, display units."""
        assert isinstance(self.document.find, EllipseMethod)
        low, high = self.document.find.y_window
        scale = self.y_scale
        return (low, high) if scale is None else (scale.forward(low), scale.forward(high))

    @property
    def unit(self) -> str:
        """Of `u`."""
        if isinstance(self.answer, Ellipse):
            return "part of its size"
        return "ln units" if isinstance(self.answer, Band) else "display units"

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for a record."""
        found = self.answer
        plain: dict[str, Any] = {
            "name": self.name,
            "channel": self.document.channel,
            "of": self.document.of,
            "method": found.method if not isinstance(found, Band) else "singlet-band",
            "source": self.source,
            "window": list(self.document.window),
            "events": found.n,
            "value": self.value,
            "u": self.u,
            "unit": self.unit,
        }
        if isinstance(found, NoGate):
            plain |= {"reason": found.reason, "message": found.message}
            return plain | ({"open": True} if self.opened else {})
        if isinstance(found, Band):
            return plain | {"quality": found.quality, "measure": "part of the events inside", "se": found.se}
        if isinstance(found, Ellipse):
            return plain | found.as_dict()
        return plain | {
            "display": found.at, "se": found.se, "floor": list(found.floor),
            "quality": found.quality, "measure": found.measure, "candidates": list(found.candidates),
        }  # fmt: skip


@dataclass(frozen=True, eq=False)
class Resolution:
    """An adaptive template resolved against one tube.

    Attributes
    ----------
    template
        The ordinary fixed template: what the engine runs, and what record and exports see.
    adaptive
        The template it came from.
    cuts
        Every cut, in the order of the document.
    boundaries
        For the uncertainty budget, one a cut that was found.
    findings
        No gate (error), another method than the first (warning), a missing control (warning).
    n_events, n_looked
        Events of the tube, and how many of them were looked at.
    """

    template: Template
    adaptive: Template
    cuts: tuple[Resolved, ...]
    boundaries: tuple[GateBoundary, ...]
    findings: tuple[Finding, ...]
    n_events: int
    n_looked: int = field(repr=False)

    def __getitem__(self, name: str) -> Resolved:
        """Return the cut `name`; KeyError where there is none."""
        for cut in self.cuts:
            if cut.name == name:
                return cut
        raise KeyError(name)

    @property
    def values(self) -> dict[str, float]:
        """Cut -> its place in data units, for those that were found."""
        return {cut.name: cut.value for cut in self.cuts if cut.value is not None}

    @property
    def missing(self) -> dict[str, NoGate]:
        """Cut -> why there is no gate."""
        return {cut.name: cut.answer for cut in self.cuts if isinstance(cut.answer, NoGate)}

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for a record."""
        return {
            "template": {
                "name": self.adaptive.name, "version": self.adaptive.version, "sha256": self.adaptive.sha256,
            },
            "cuts": [cut.as_dict() for cut in self.cuts],
            "boundaries": [boundary.as_dict() for boundary in self.boundaries],
            "events_looked_at": self.n_looked,
        }  # fmt: skip
