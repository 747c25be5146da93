"""A figure of one or two channels before there is a template."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nkflow.compensation import Spillover
from nkflow.errors import InvalidValueError
from nkflow.fcs.channels import Channel
from nkflow.fcs.sample import Sample
from nkflow.plots.axis import Axis
from nkflow.plots.figure import density_figure, histogram_figure
from nkflow.scales import Arcsinh, Linear, Log, Logicle, Scale
from nkflow.scales.estimate import estimate_logicle

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["look"]

BINS = 256
DEFAULT_TOP = 262144.0  # full scale where the file gives none
LEAST_WIDTH = 0.5  # decades of a logicle's straight part, even without negative values

Array = npt.NDArray[np.float64]


def look(
    sample: Sample,
    x: str,
    y: str | None = None,
    *,
    scale: str | Scale = "logicle",
    spillover: Spillover | None = None,
) -> go.Figure:
    """Return a figure of one channel (a histogram) or of two (a density).

    Parameters
    ----------
    sample
        What `read_fcs` returns.
    x, y
        Channels by marker or `$PnN`.
    scale
        ``"logicle"``, ``"arcsinh"``, ``"log"`` or ``"linear"`` with full scale taken from `$PnR`, or a scale.
        It serves the fluorescence channels; scatter and time are always drawn linear.
    spillover
        Compensate with this matrix first (for instance ``sample.spillover``). Without it, and where it has no dye
        for the channel, the values are drawn as the file holds them, and the label of a fluorescence axis says
        "uncompensated".

    Raises
    ------
    PanelError
        A name that no channel has, or several have.
    InvalidValueError
        An unknown name of a scale.
    """
    names = [x] if y is None else [x, y]
    channels = [sample.channels[sample.index(name)] for name in names]
    dyes = [_dye(name, channel, spillover) for name, channel in zip(names, channels, strict=True)]
    columns = [_column(sample, channel, spillover, dye) for channel, dye in zip(channels, dyes, strict=True)]
    axes = [
        _axis(channel, column, scale, compensated=dye is not None)
        for channel, column, dye in zip(channels, columns, dyes, strict=True)
    ]
    bins = [_bins(column, axis) for column, axis in zip(columns, axes, strict=True)]
    inside = np.logical_and.reduce([index >= 0 for index in bins])
    title = f"{sample.name}: {int(inside.sum()):,} of {sample.n_events:,} events"
    if y is None:
        return histogram_figure(np.bincount(bins[0][inside], minlength=BINS), x=axes[0], title=title)
    flat = bins[1][inside] * BINS + bins[0][inside]
    counts = np.bincount(flat, minlength=BINS * BINS).reshape(BINS, BINS)
    return density_figure(counts, x=axes[0], y=axes[1], title=title)


def _dye(name: str, channel: Channel, spillover: Spillover | None) -> str | None:
    """Return the dye of the matrix that goes by the name asked for or the channel's, None where there is none."""
    known = () if spillover is None else spillover.names
    return next((dye for dye in (name, channel.name) if dye in known), None)


def _column(sample: Sample, channel: Channel, spillover: Spillover | None, dye: str | None) -> Array:
    """Return one channel in data units, or the dye after compensation."""
    if spillover is None or dye is None:
        return sample.values([channel.index])[:, 0]
    compensated = spillover.apply(sample.values(list(spillover.detectors)))
    return np.asarray(compensated[:, spillover.names.index(dye)], dtype=np.float64)


def _axis(channel: Channel, column: Array, scale: str | Scale, *, compensated: bool) -> Axis:
    finite = column[np.isfinite(column)]
    top = float(channel.range or finite.max(initial=DEFAULT_TOP))
    label = f"{channel.marker} ({channel.name})" if channel.marker else channel.name
    if channel.kind != "fluorescence":
        return Axis(label, Linear(T=top), 0.0, max(1.0, float(finite.max(initial=0.0)) / top))
    chosen = _named(scale, top, finite) if isinstance(scale, str) else scale
    state = "" if compensated or channel.compensated else ", uncompensated"
    shown = chosen.forward(np.quantile(finite, [0.001, 1.0])) if finite.size else np.zeros(2)
    low, high = float(chosen.forward(0.0)), float(chosen.forward(top))
    low = min(low, float(shown[0])) if np.isfinite([low, shown[0]]).all() else 0.0
    return Axis(label + state, chosen, low, high if high > low else low + 1.0)


def _named(scale: str, top: float, values: Array) -> Scale:
    """Return the named scale with 4.5 decades; a logicle wide enough for the negative values."""
    match scale:
        case "logicle":
            return Logicle(T=top, W=max(estimate_logicle(values, T=top).W, LEAST_WIDTH), M=4.5)
        case "arcsinh":
            return Arcsinh(T=top, M=4.5, A=0)
        case "log":
            return Log(T=top, M=4.5)
        case "linear":
            return Linear(T=top)
        case _:
            raise InvalidValueError(
                "there is no such scale", code="scale-name", found=repr(scale),
                expected="logicle, arcsinh, log, linear, or a scale such as Logicle(T=262144, W=0.5, M=4.5)",
            )  # fmt: skip


def _bins(column: Array, axis: Axis) -> npt.NDArray[np.int64]:
    """Return the bin of each event, -1 outside the axis and where the value is not finite."""
    place = (np.asarray(axis.scale.forward(column)) - axis.low) / (axis.high - axis.low) * BINS
    inside = np.isfinite(place) & (place >= 0) & (place <= BINS)
    index = np.minimum(np.where(inside, place, 0.0).astype(np.int64), BINS - 1)
    return np.where(inside, index, -1)
