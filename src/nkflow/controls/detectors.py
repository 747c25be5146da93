"""Which channels of a sample are the detectors of a spillover matrix."""

from __future__ import annotations

from nkflow.errors import CompensationError
from nkflow.fcs.channels import Channel, Kind, kind_of
from nkflow.fcs.sample import Sample

__all__ = ["detectors", "kind", "scatter_channels"]


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
