"""Which channels of a sample are the detectors of a spillover matrix, and where each of them ends."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nkflow.errors import CompensationError
from nkflow.fcs.channels import Channel, Kind, kind_of
from nkflow.fcs.sample import Sample

__all__ = ["ceiling", "detectors", "kind", "scatter_channels"]

PILE = 20  # events on one highest value that are no accident ...
PILE_SHARE = 0.002  # ... and which part of all events they must be
MEANINGLESS = 0.2  # a stated range that this part of all events exceeds says nothing about the hardware


def kind(channel: Channel) -> Kind:
    """Return what the channel measures; SpectroFlo writes ``Raw_Fluorescence`` for `$PnTYPE`."""
    return kind_of(channel.name, channel.type.replace("_", " ")) if "_" in channel.type else channel.kind


def detectors(sample: Sample) -> tuple[Channel, ...]:
    """Return the fluorescence channels in file order: areas only, where there are areas.

    Raises
    ------
    CompensationError
        ``no-detectors``, or ``already-compensated`` where a channel says that it is (FCS-C06).
    """
    light = [channel for channel in sample.channels if kind(channel) == "fluorescence"]
    areas = [channel for channel in light if channel.feature == "A"]
    if not light:
        raise CompensationError(
            "the file has no fluorescence channel", code="no-detectors", where=sample.name,
            found=", ".join(channel.name for channel in sample.channels),
        )  # fmt: skip
    done = [channel.name for channel in light if channel.compensated]
    if done:
        raise CompensationError(
            "the control is compensated or unmixed already", code="already-compensated", where=sample.name,
            found=", ".join(done[:5]), expected="values as the detectors gave them",
            next_step="Export the control again without compensation.",
        )  # fmt: skip
    return tuple(areas or light)


def scatter_channels(sample: Sample) -> dict[str, int]:
    """Return the positions of the first forward and side scatter channels, by ``FSC-A``, ``FSC-H``, ``SSC-A``...

    A feature that the name does not state counts as the area.
    """
    found: dict[str, int] = {}
    for channel in sample.channels:
        if kind(channel) != "scatter":
            continue
        side = "FSC" if channel.name.lstrip().upper().startswith("F") else "SSC"
        found.setdefault(f"{side}-{channel.feature or 'A'}", channel.index)
    for side in ("FSC", "SSC"):  # heights stand in for areas that are missing
        if f"{side}-A" not in found and f"{side}-H" in found:
            found[f"{side}-A"] = found.pop(f"{side}-H")
    return found


def ceiling(channel: Channel, values: NDArray[np.float64]) -> float:
    """Return the value at and above which a channel is saturated, data units; inf where there is none.

    The end of the stated range (`$PnR`), or the highest value where many events pile up on it. A range that
    a fifth of the events exceed is no end of the hardware.
    """
    finite = values[np.isfinite(values)]
    if not finite.size:
        return float("inf")
    highest = float(finite.max())
    piled = int(np.count_nonzero(finite == highest))
    stated = _stated(channel)
    if np.count_nonzero(finite >= stated) > MEANINGLESS * finite.size and highest > stated:
        stated = float("inf")
    if piled >= max(PILE, PILE_SHARE * finite.size):
        return min(stated, highest)
    return stated


def _stated(channel: Channel) -> float:
    """Return the data units of the highest stored value that `$PnR` allows."""
    if channel.range is None or channel.range <= 0:
        return float("inf")
    if channel.log is not None:
        decades, offset = channel.log
        return float((offset or 1.0) * 10.0 ** (decades * (channel.range - 1) / channel.range))
    return float((channel.range - 1) / channel.gain)
