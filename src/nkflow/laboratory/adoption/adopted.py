"""What came of adopting a template: the draft, every cut with its window and n, what was said by name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from nkflow.fcs.findings import Finding
from nkflow.gating.template import Template
from nkflow.laboratory.adoption.own_tubes import OwnTube
from nkflow.laboratory.adoption.search import FoundIn
from nkflow.laboratory.adoption.windows import OwnWindow

__all__ = ["AdoptedCut", "AdoptedOutline", "AdoptedShift", "Adoption"]


@dataclass(frozen=True, eq=False)
class AdoptedOutline:
    """The other windows of an ellipse: its centre on the second channel, and its longer half-axis (display units).

    `y_after` and `size_after` as the document has them; `y_own` and `size_own` by the rule.
    """

    y_after: tuple[float, float]
    size_after: tuple[float, float]
    y_own: OwnWindow
    size_own: OwnWindow

    @property
    def text(self) -> str:
        """The windows with their rule."""
        y, size = (f"{low:g} to {high:g}" for low, high in (self.y_after, self.size_after))
        return f"second channel {y} ({self.y_own.text}); longer half-axis {size} ({self.size_own.text})"

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "y_window": list(self.y_after), "size": list(self.size_after),
            "y_rule": self.y_own.text, "size_rule": self.size_own.text,
        }  # fmt: skip


@dataclass(frozen=True, eq=False)
class AdoptedShift:
    """How far stained cells lie above their FMO in the laboratory's tubes (robust SDs of the FMO).

    Attributes
    ----------
    places
        Tube -> how far.
    before, after
        Window of the shipped template and of the draft. `after` is None where a tube without antibody could not be told
        from these: the draft does not take the FMO for the tube then.
    reason
        The rule with its numbers.
    """

    places: dict[str, float]
    before: tuple[float, float]
    after: tuple[float, float] | None
    reason: str

    @property
    def text(self) -> str:
        """The window with its rule."""
        window = "no window" if self.after is None else f"{self.after[0]:g} to {self.after[1]:g}"
        return f"stained cells above the FMO {window} ({self.reason})"

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        after = None if self.after is None else list(self.after)
        return {
            "places": dict(self.places), "before": list(self.before), "after": after, "rule": self.reason
        }  # fmt: skip


@dataclass(frozen=True, eq=False)
class AdoptedCut:
    """One cut in the laboratory's tubes.

    Attributes
    ----------
    places
        Tube -> where it was found (display units; of a band ln units below the line).
    strays
        Tubes whose cut lies far from the others; they are no part of the window.
    before, after
        Window of the shipped template and of the draft, as the documents have them.
    own
        The window by the rule; None where the shipped one stays, and `reason` why.
    value
        Median place in data units, which stands in the draft's gates; None for a band.
    wider
        How many times wider than the shipped window the search had to be.
    outline
        Of an ellipse: its other windows.
    shift
        Where the FMO may answer for the tube: how far stained cells lie above it. None: not measured.
    """

    name: str
    channel: str
    method: str
    places: dict[str, float]
    strays: tuple[str, ...]
    before: tuple[float, float]
    after: tuple[float, float]
    own: OwnWindow | None
    value: float | None
    wider: float
    reason: str = ""
    outline: AdoptedOutline | None = None
    shift: AdoptedShift | None = None

    @property
    def n(self) -> int:
        """Tubes that its window rests on."""
        return len(self.places) - len(self.strays)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        own = self.own
        return {
            "name": self.name,
            "channel": self.channel,
            "method": self.method,
            "n": self.n,
            "lots": None if own is None else own.lots,
            "places": self.places,
            "strays": list(self.strays),
            "window_before": list(self.before),
            "window": list(self.after),
            "median": self.value,
            "mean_display": None if own is None else own.mean,
            "sd_display": None if own is None else own.sd,
            "factor": None if own is None else own.factor,
            "rule": self.reason if own is None else own.text,
            "searched_wider": self.wider if self.wider < float("inf") else None,
            "outline": None if self.outline is None else self.outline.as_dict(),
            "shift": None if self.shift is None else self.shift.as_dict(),
        }


@dataclass(frozen=True, eq=False)
class Adoption:
    """A draft of a laboratory's own template, with what it rests on.

    Attributes
    ----------
    before, template
        The shipped template, and the draft.
    tubes
        Every file of the folder with its role.
    found
        The sample tubes with their cuts, failures included.
    cuts
        One an adaptive cut, in the order of the template.
    matrix
        Where the matrix comes from.
    findings
        What a person should know, each naming its tubes.
    """

    before: Template
    template: Template
    tubes: tuple[OwnTube, ...] = field(repr=False)
    found: tuple[FoundIn, ...] = field(repr=False)
    cuts: tuple[AdoptedCut, ...] = field(repr=False)
    matrix: str
    findings: tuple[Finding, ...]

    @property
    def n_tubes(self) -> int:
        """Sample tubes that the draft rests on."""
        return sum(tube.resolution is not None for tube in self.found)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values with ``schema`` and ``version``."""
        return {
            "schema": "nkflow.adoption",
            "version": 1,
            "from": {"name": self.before.name, "version": self.before.version, "sha256": self.before.sha256},
            "template": {"name": self.template.name, "draft": True, "sha256": self.template.sha256},
            "instrument": None if self.template.reference is None else self.template.reference.instrument,
            "settings": {} if self.template.reference is None else dict(self.template.reference.settings),
            "matrix": self.matrix,
            "n_tubes": self.n_tubes,
            "tubes": [
                {key: getattr(tube, key) for key in ("name", "role", "marker", "group", "problem")}
                for tube in self.tubes
            ],
            "failed": {tube.name: tube.problem for tube in self.found if tube.problem},
            "cuts": [cut.as_dict() for cut in self.cuts],
            "findings": [finding.as_dict() for finding in self.findings],
        }

    def to_yaml(self) -> str:
        """Return the draft as YAML, its first lines saying what it is."""
        lines = (
            "DRAFT: re-based on a laboratory's own tubes; a person validates the windows and takes out 'draft: true'.",
            f"From {self.before.name} {self.before.version}, sha256 {self.before.sha256}.",
            f"{self.n_tubes} sample tubes; {self.matrix}.",
        )
        return "".join(f"# {line}\n" for line in lines) + self.template.to_yaml()

    def page(self) -> str:
        """Return pictures of before and after as one HTML file without scripts."""
        from nkflow.laboratory.adoption.page import page

        return page(self)

    def _repr_html_(self) -> str:
        return self.page()
