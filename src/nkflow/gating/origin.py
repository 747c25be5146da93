"""Where a matrix belongs and where a tube was acquired: another instrument, voltage or day is a finding (CO-07)."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

from nkflow.compensation import Origin, Spillover
from nkflow.fcs.channels import Channel
from nkflow.fcs.findings import Finding
from nkflow.fcs.sample import Sample

__all__ = ["compare", "compare_with_sample", "origin_of"]

DAYS = 1  # older or younger: tandem dyes and lasers change


def origin_of(sample: Sample, channels: Sequence[Channel]) -> Origin:
    """Return what `sample` says about its acquisition, with the voltages of `channels`."""
    keywords = sample.keywords
    voltages = {channel.name: keywords.number(f"$P{channel.index + 1}V") for channel in channels}
    begin = sample.acquired.begin
    return Origin(
        cytometer=sample.cytometer,
        serial=keywords.text("$CYTSN") or keywords.text("CYTNUM"),
        day=None if begin is None else begin.date(),
        voltages=MappingProxyType({name: volts for name, volts in voltages.items() if volts is not None}),
    )


def compare_with_sample(matrix: Spillover, sample: Sample) -> tuple[Finding, ...]:
    """List what differs between the origin of a matrix and the tube it is used for."""
    if matrix.origin is None:
        return ()
    channels = [channel for channel in sample.channels if channel.name in matrix.detectors]
    return compare(matrix.origin, origin_of(sample, channels), where=sample.name)


def compare(matrix: Origin, tube: Origin, *, where: str, days: int = DAYS) -> tuple[Finding, ...]:
    """List what differs between the settings of a matrix and those of the tube it is used for.

    Another instrument or voltage makes other spillover: errors. A matrix more than `days` days older or younger
    than the tube is a warning; what either side does not say is not compared.
    """
    found = []
    for code, word, ours, theirs in (
        ("other-instrument", "cytometer", matrix.cytometer, tube.cytometer),
        ("other-instrument", "serial number", matrix.serial, tube.serial),
    ):
        if ours and theirs and ours != theirs:
            text = f"the matrix is of another {word}: {ours}, the tube of {theirs}"
            found.append(Finding(code, "error", text, where, "the spillover of this tube is another one"))
    moved = {
        name: (volts, tube.voltages[name])
        for name, volts in matrix.voltages.items()
        if name in tube.voltages and tube.voltages[name] != volts
    }
    if moved:
        listed = ", ".join(f"{name} {ours:g} V, tube {theirs:g} V" for name, (ours, theirs) in moved.items())
        text = f"the matrix was measured at other detector voltages: {listed}"
        found.append(Finding("other-voltage", "error", text, where, "coefficients scale with the gains"))
    if matrix.day is not None and tube.day is not None and abs((tube.day - matrix.day).days) > days:
        text = f"the matrix was measured on {matrix.day.isoformat()}, the tube on {tube.day.isoformat()}"
        found.append(Finding("other-date", "warning", text, where, "tandem dyes and lasers change with time"))
    return tuple(found)
