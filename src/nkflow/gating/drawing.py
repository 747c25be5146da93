"""What is drawn of a gate: the events of its parent on the gate's axes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nkflow.fcs.channels import Channel
from nkflow.gating.bind import Source
from nkflow.plots.axis import Axis
from nkflow.plots.outline import Outline
from nkflow.scales import ArcsinhCofactor, Biex, Linear, Scale

__all__ = ["BINS", "Drawing", "Histogram", "axis_of"]

BINS = 256  # each way
TOP = 262144.0  # data units, where the file does not say how far a channel reaches
RATIOS = 4.0  # times its factor: how far the axis of a ratio reaches


@dataclass(frozen=True)
class Drawing:
    """The axes on which the events of `parent` are drawn for the gates `entries` of the template."""

    parent: int
    entries: tuple[int, ...]
    x: Axis
    y: Axis | None

    @property
    def shape(self) -> tuple[int, ...]:
        """(y bins, x bins), or (x bins,) without a y axis; one more for what has no place."""
        return (BINS + 1,) if self.y is None else (BINS + 1, BINS + 1)


@dataclass(frozen=True, eq=False)
class Histogram:
    """The events of a population in bins of equal width in display units; the last bins hold those beyond.

    Attributes
    ----------
    population
        Whose events are drawn.
    counts : (y bins, x bins), or (x bins,) without a y axis
        Row 0 is the lowest y.
    outlines
        The gates on these axes.
    """

    population: str
    x: Axis
    y: Axis | None
    counts: NDArray[np.int32] = field(repr=False)
    outlines: tuple[Outline, ...] = field(repr=False, default=())


def axis_of(source: Source, channel: Channel | None) -> Axis:
    """Return the axis of a dimension: its own scale, or linear up to the channel's range."""
    top = float((channel.range if channel is not None else None) or TOP)
    if source.ratio is not None:  # of like to like; a gate's numbers are not known here
        top = RATIOS * abs(source.ratio.A) or 1.0
    below = top if source.ratio is not None and source.ratio.A < 0 else 0.0
    scale: Scale = source.scale or Linear(top, below)
    label = source.label.replace(", compensated", "")  # as usual; what is drawn uncompensated says so
    match scale:
        case Biex():
            return Axis(label, scale, 0.0, float(scale.channels))
        case ArcsinhCofactor():
            return Axis(label, scale, scale.forward(-top / 1e3), scale.forward(top))
        case _:
            return Axis(label, scale, 0.0, 1.0)
