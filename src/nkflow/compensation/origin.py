"""`Origin`: the instrument, its settings and the day that a matrix belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any

__all__ = ["Origin"]


def _nothing() -> Mapping[str, float]:
    return MappingProxyType({})


@dataclass(frozen=True)
class Origin:
    """Instrument, day and detector settings of an acquisition; "" or None where nothing says.

    Attributes
    ----------
    cytometer, serial
        `$CYT` and `$CYTSN` (or ``CYTNUM``).
    day
        Of the beginning of the acquisition.
    voltages
        Detector -> `$PnV`.
    brightness
        Of a matrix: detector -> median of its control's positives above the negative, data units.
    """

    cytometer: str = ""
    serial: str = ""
    day: date | None = None
    voltages: Mapping[str, float] = field(default_factory=_nothing)
    brightness: Mapping[str, float] = field(default_factory=_nothing)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "cytometer": self.cytometer,
            "serial": self.serial,
            "day": None if self.day is None else self.day.isoformat(),
            "voltages": dict(self.voltages),
            "brightness": dict(self.brightness),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Origin:
        """Return the origin that `as_dict` wrote."""
        day = values["day"]
        tables = [{str(k): float(v) for k, v in values[name].items()} for name in ("voltages", "brightness")]
        return cls(
            str(values["cytometer"]),
            str(values["serial"]),
            None if day is None else date.fromisoformat(day),
            *map(MappingProxyType, tables),
        )
