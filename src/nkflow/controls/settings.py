"""The settings a tube was acquired with: a matrix belongs to one instrument, its voltages and its day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any

from nkflow.fcs.channels import Channel
from nkflow.fcs.findings import Finding
from nkflow.fcs.sample import Sample

__all__ = ["Settings", "compare", "settings_of"]


@dataclass(frozen=True)
class Settings:
    """Instrument, day and detector settings of one acquisition; "" or None where the file does not say.

    Attributes
    ----------
    cytometer, serial
        `$CYT` and `$CYTSN` (or ``CYTNUM``).
    day
        Of the beginning of the acquisition.
    voltages
        Detector -> `$PnV`, as a number.
    """

    cytometer: str = ""
    serial: str = ""
    day: date | None = None
    voltages: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "cytometer": self.cytometer,
            "serial": self.serial,
            "day": None if self.day is None else self.day.isoformat(),
            "voltages": dict(self.voltages),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Settings:
        """Return the settings that `as_dict` wrote."""
        day = values.get("day")
        return cls(
            str(values.get("cytometer", "")),
            str(values.get("serial", "")),
            None if day is None else date.fromisoformat(day),
            MappingProxyType({str(k): float(v) for k, v in values.get("voltages", {}).items()}),
        )


def settings_of(sample: Sample, channels: Sequence[Channel]) -> Settings:
    """Return what `sample` says about its acquisition, with the voltages of `channels`."""
    keywords = sample.keywords
    voltages = {channel.name: keywords.number(f"$P{channel.index + 1}V") for channel in channels}
    begin = sample.acquired.begin
    return Settings(
        cytometer=sample.cytometer,
        serial=keywords.text("$CYTSN") or keywords.text("CYTNUM"),
        day=None if begin is None else begin.date(),
        voltages=MappingProxyType({name: volts for name, volts in voltages.items() if volts is not None}),
    )


def compare(matrix: Settings, tube: Settings, *, where: str, days: int = 1) -> tuple[Finding, ...]:
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
