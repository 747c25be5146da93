"""The section ``cuts:`` of a template: numbers that are found in each tube, inside windows."""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from nkflow.documents import Document

__all__ = [
    "BandMethod",
    "BeadsMethod",
    "CutDocument",
    "EllipseMethod",
    "FMOMethod",
    "Method",
    "MixtureMethod",
    "OpenMethod",
    "QuantileMethod",
    "TailMethod",
    "ValleyMethod",
]

Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
OUTLINES = ("singlet-band", "ellipse")
Share = Annotated[float, Field(gt=0, lt=1)]


class ValleyMethod(Document):
    """The valley between two peaks; `adjust` is a factor on the bandwidth.

    ``which``: of several the ``deepest`` (between the two highest peaks where there is one), the ``lowest``, above the
    first peak, or the ``highest``, below the last one (dead cells are above all living ones). Clear valleys in
    `prefer` (in the space of the window, and inside it) come before all others. Either peak beside it holds
    `at_least` events, and they are `apart` from each other (display units).
    """

    kind: Literal["valley"]
    which: Literal["deepest", "lowest", "highest"] = "deepest"
    adjust: Annotated[float, Field(gt=0, le=10)] = 1.0
    prefer: tuple[float, float] | None = None
    at_least: Annotated[int, Field(ge=0)] = 0
    apart: Annotated[float, Field(ge=0, le=1)] = 0.0


class BeadsMethod(Document):
    """The valley below the uppermost, narrow peak."""

    kind: Literal["beads"]


class TailMethod(Document):
    """Where the tail of the main peak ends on one side: by its slope, or `sds` robust SDs from the peak.

    ``peak``: the ``highest`` one, or the ``first`` from below that is more than the end of a tail.
    `at_least`: events that the population must have.
    """

    kind: Literal["tail"]
    side: Literal["left", "right"]
    sds: Annotated[float, Field(gt=0, le=20)] | None = None
    peak: Literal["highest", "first"] = "highest"
    at_least: Annotated[int, Field(ge=100)] = 100


class QuantileMethod(Document):
    """The quantile `p` of the population itself."""

    kind: Literal["quantile"]
    p: Share


class FMOMethod(Document):
    """The quantile `p` of the same population in the control tube without `marker`.

    With `times` it lies so many times as far above the control's median (display units): where a valley would lie, and
    not at the end of the negative cells, beyond which one of a thousand is.

    A control without the marker says nothing of whether the tube was stained with it. With `shown_in` that has to be
    seen: in every tube of that role the first method of the cut answers inside the window, and the cells of the tube
    below the cut are like those of the control, their median `shift` (from, to; robust SDs) above the control's
    (`nkflow.gating.adaptive.likeness`).
    """

    kind: Literal["fmo"]
    marker: Text
    p: Share = 0.999
    times: Annotated[float, Field(ge=1, le=5)] = 1.0
    shown_in: Literal["process-control"] | None = None
    shift: tuple[float, float] | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if (self.shown_in is None) is not (self.shift is None):
            raise ValueError("shown_in and shift go together")
        if self.shift is not None and not self.shift[0] < self.shift[1]:
            raise ValueError("shift goes from a lower to a higher number")
        return self


class MixtureMethod(Document):
    """Where two components of a normal mixture are equally likely."""

    kind: Literal["mixture"]


class BandMethod(Document):
    """The band of single events, height against area; the gate it sets is a polygon on these two channels.

    `below` and `above` are its edges in robust SDs from the line, `largest` its end in robust SDs of ln area above the
    median (none: no end).
    """

    kind: Literal["singlet-band"]
    below: Annotated[float, Field(gt=0, le=20)] = 3.5
    above: Annotated[float, Field(gt=0, le=20)] = 3.5
    largest: Annotated[float, Field(gt=0, le=50)] | None = None


class EllipseMethod(Document):
    """The ellipse round one component of a normal mixture on two channels; the gate it sets is an ellipsoid on them.

    The component whose centre is closest to the middle of both windows (distances in their widths, on the display).

    Attributes
    ----------
    y, y_window
        The second channel, and where the centre may lie on it, in the space of the cut's window.
    level
        The part of the component inside.
    size
        How long the longer half-axis may be, display units.
    at_least
        Events that the component must have.
    """

    kind: Literal["ellipse"]
    y: Text
    y_window: tuple[float, float]
    level: Share = 0.9
    size: tuple[float, float] = (0.02, 0.5)
    at_least: Annotated[int, Field(ge=50)] = 100

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        for low, high in (self.y_window, self.size):
            if not low < high:
                raise ValueError("y_window and size go from a lower to a higher number")
        return self


class OpenMethod(Document):
    """No end on that side: the population takes all that lies there, which is a finding."""

    kind: Literal["open"]


Method: TypeAlias = Annotated[
    ValleyMethod
    | BeadsMethod
    | TailMethod
    | QuantileMethod
    | FMOMethod
    | MixtureMethod
    | BandMethod
    | EllipseMethod,
    Field(discriminator="kind"),
]


Otherwise: TypeAlias = Annotated[Method | OpenMethod, Field(discriminator="kind")]


class CutDocument(Document):
    """A number (or an outline) of the template that is found in the tube.

    Attributes
    ----------
    name
        Of the boundary, for the record and the budget.
    of
        The population whose events are looked at.
    channel
        The channel that is cut; of a band the gate names both, of an ellipse it is the first.
    find, otherwise
        How; and how where `find` gives no answer, which is a finding. An answer outside the window is a breach,
        and stays one.
    window
        Where the cut may lie, in data units; of a band, ln units of the lower edge below the line; of an ellipse,
        its centre. Outside there is no gate.
    space
        ``display``: `window` stands in display units, and moves with a scale whose top is the channel's range.
    sets
        Population -> which number of its gate: ``low``, ``high``, ``x_cut``, ``y_cut``, of a rectangle
        ``CHANNEL low``, or ``gate`` for the whole outline.
    judged_in
        Populations that the cut divides and in which it must be clear too; where it is not, the uncertainty
        of its place grows.
    optional
        Without the channel the populations are as large as their parent, with a finding.
    set_on
        How the window came about: the rule, the number of tubes.
    """

    name: Text
    of: Text
    channel: Text
    find: Method
    otherwise: Otherwise | None = None
    window: tuple[float, float]
    space: Literal["data", "display"] = "data"
    sets: dict[str, Text] = Field(min_length=1)
    judged_in: tuple[Text, ...] = ()
    optional: bool = False
    set_on: str = ""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if not self.window[0] < self.window[1]:
            raise ValueError("a window goes from a lower to a higher number")
        outline = self.find.kind in OUTLINES
        if outline is not (list(self.sets.values()) == ["gate"]):
            raise ValueError("a singlet-band or an ellipse sets one whole gate, and nothing else does")
        if self.otherwise is not None and (outline or self.otherwise.kind in OUTLINES):
            raise ValueError("a whole gate is found in one way: neither has it an otherwise, nor is it one")
        if isinstance(self.find, FMOMethod) and self.find.shown_in is not None:
            raise ValueError("shown_in stands in an otherwise: it asks for an answer of another method")
        ends = {number.rpartition(" ")[2] for number in self.sets.values()}
        if isinstance(self.otherwise, OpenMethod) and not ends <= {"low", "high"}:
            raise ValueError("only the low or the high end of a gate can be left open")
        return self
