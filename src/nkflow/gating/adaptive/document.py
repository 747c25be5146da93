"""The section ``cuts:`` of a template: numbers that are found in each tube, inside windows."""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from nkflow.documents import Document

__all__ = [
    "BandMethod",
    "BeadsMethod",
    "CutDocument",
    "FMOMethod",
    "Method",
    "MixtureMethod",
    "QuantileMethod",
    "TailMethod",
    "ValleyMethod",
]

Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Share = Annotated[float, Field(gt=0, lt=1)]


class ValleyMethod(Document):
    """The valley between two peaks; `adjust` is a factor on the bandwidth.

    ``which``: of several the ``deepest`` (between the two highest peaks where there is one), the ``lowest``, above the
    first peak, or the ``highest``, below the last one (dead cells are above all living ones). Clear valleys in
    `prefer` (in the space of the window, and inside it) come before all others.
    """

    kind: Literal["valley"]
    which: Literal["deepest", "lowest", "highest"] = "deepest"
    adjust: Annotated[float, Field(gt=0, le=10)] = 1.0
    prefer: tuple[float, float] | None = None


class BeadsMethod(Document):
    """The valley below the uppermost, narrow peak."""

    kind: Literal["beads"]


class TailMethod(Document):
    """Where the tail of the main peak ends on one side: by its slope, or `sds` robust SDs from the peak."""

    kind: Literal["tail"]
    side: Literal["left", "right"]
    sds: Annotated[float, Field(gt=0, le=20)] | None = None


class QuantileMethod(Document):
    """The quantile `p` of the population itself."""

    kind: Literal["quantile"]
    p: Share


class FMOMethod(Document):
    """The quantile `p` of the same population in the control tube without `marker`."""

    kind: Literal["fmo"]
    marker: Text
    p: Share = 0.999


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


Method: TypeAlias = Annotated[
    ValleyMethod | BeadsMethod | TailMethod | QuantileMethod | FMOMethod | MixtureMethod | BandMethod,
    Field(discriminator="kind"),
]


class CutDocument(Document):
    """A number (or an outline) of the template that is found in the tube.

    Attributes
    ----------
    name
        Of the boundary, for the record and the budget.
    of
        The population whose events are looked at.
    channel
        The channel that is cut; of a band the gate names both.
    find, otherwise
        How; and how where `find` gives no answer, which is a finding. An answer outside the window is a breach,
        and stays one.
    window
        Where the cut may lie, in data units; of a band, ln units of the lower edge below the line. Outside there
        is no gate.
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
    otherwise: Method | None = None
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
        band = self.find.kind == "singlet-band"
        if band is not (list(self.sets.values()) == ["gate"]):
            raise ValueError("a singlet-band sets one whole gate, and nothing else does")
        return self
