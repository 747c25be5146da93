"""`$VOL`: a quantity whose unit the file does not state (FCS-M02)."""

from __future__ import annotations

from dataclasses import dataclass

from nkflow.fcs.keywords import Keywords
from nkflow.fcs.tolerance import Tolerance

__all__ = ["VOLUME_UNITS", "StatedVolume", "parse_volume"]

VOLUME_UNITS = {"nL": 1e-3, "uL": 1.0, "mL": 1e3}
_PLAUSIBLE_UL_PER_MIN = (1.0, 1000.0)


@dataclass(frozen=True)
class StatedVolume:
    """The number in `$VOL`, and its unit only where somebody stated it.

    Nanolitres by the standard and on MACSQuant, Attune NxT and CyFlow; microlitres on Cytek Aurora: one taken
    for the other is a thousandfold dose, so that no unit is ever assumed.
    """

    value: float
    unit: str | None = None

    def plausible_units(self, seconds: float | None) -> tuple[str, ...]:
        """Return the units with which the flow rate lies in 1-1000 uL/min, for a run of `seconds`."""
        if not seconds or seconds <= 0:
            return ()
        low, high = _PLAUSIBLE_UL_PER_MIN
        return tuple(
            unit for unit, factor in VOLUME_UNITS.items() if low <= self.value * factor * 60 / seconds <= high
        )


def parse_volume(keywords: Keywords, tolerance: Tolerance) -> StatedVolume | None:
    """Return `$VOL`, None where it is missing or no number."""
    if not keywords.text("$VOL"):
        return None
    value = keywords.number("$VOL")
    if value is None or value <= 0:
        tolerance.note("volume-unreadable", f"$VOL {keywords.text('$VOL')[:40]!a} is no volume", where="$VOL")
        return None
    return StatedVolume(value)
