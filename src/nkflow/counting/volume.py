"""Which volume the counted events came from: the file's ``$VOL`` with a stated unit, corrected or refused."""

from __future__ import annotations

from dataclasses import dataclass

from nkflow.counting.evaluable import NotEvaluable

__all__ = ["Acquisition", "acquired_volume", "kept_volume"]

_UL: dict[str, float] = {"nL": 1e-3, "uL": 1.0, "mL": 1e3}
_SLOWEST, _FASTEST = 1.0, 1000.0
_MISSING_NOTED, _MISSING_REFUSED = 0.01, 0.05


@dataclass(frozen=True)
class Acquisition:
    """What the cytometer says about the volume of one tube.

    Attributes
    ----------
    volume_ul
        Volume that the kept events came from, in µL; None where it is unknown, with the `reason`.
    reason
        Why the volume is unknown.
    events, aborted, lost
        ``$TOT``, ``$ABRT`` and ``$LOST``: the volume held events that the file lacks.
    """

    volume_ul: float | None = None
    reason: str = "no acquired volume is given"
    events: int = 0
    aborted: int = 0
    lost: int = 0

    @property
    def missing_fraction(self) -> float:
        """Share of the cytometer's events that the file lacks."""
        seen = self.events + self.aborted + self.lost
        return (self.aborted + self.lost) / seen if seen else 0.0

    def evaluated(self) -> float | NotEvaluable:
        """Return the volume that the *file's* events stand for, in µL.

        Lost events make counts too low by (TOT+ABRT+LOST)/TOT ; the volume is made smaller
        by as much. Above 5 % it is not evaluable.
        """
        if self.volume_ul is None:
            return NotEvaluable(self.reason)
        if self.missing_fraction > _MISSING_REFUSED:
            return NotEvaluable(f"{100 * self.missing_fraction:.1f} % of the events were aborted or lost")
        return self.volume_ul * (1 - self.missing_fraction)

    @property
    def noted(self) -> bool:
        """Whether the lost events deserve a finding."""
        return self.missing_fraction > _MISSING_NOTED


def acquired_volume(vol: float | None, unit: str | None, seconds: float | None) -> float | NotEvaluable:
    """Return the value of ``$VOL`` in µL.

    The standard says nanolitres and some instruments write microlitres: the unit is stated, never guessed,
    and volume over acquisition time has to be a flow rate that a cytometer can have (1 to 1000 µL/min).
    """
    if vol is None or vol <= 0:
        return NotEvaluable("the file has no $VOL")
    if unit is None:
        return NotEvaluable("the unit of $VOL is not stated (nL by the standard, uL on some instruments)")
    if unit not in _UL:
        return NotEvaluable(f"{unit} is no unit of $VOL")
    if seconds is None or seconds <= 0:
        return NotEvaluable("$VOL can't be checked without the acquisition time")
    volume = vol * _UL[unit]
    rate = volume / (seconds / 60)
    if not _SLOWEST <= rate <= _FASTEST:
        return NotEvaluable(f"$VOL in {unit} means {rate:.3g} uL/min, which no cytometer draws")
    return volume


def kept_volume(
    volume_ul: float,
    *,
    kept_time: float,
    steady_flow: bool,
    beads: tuple[int, int] | None = None,
) -> float | NotEvaluable:
    """Return the volume of the events that quality control kept, in µL.

    Parameters
    ----------
    volume_ul
        Volume of the whole acquisition.
    kept_time
        Kept fraction of the acquisition time; it scales the volume only where the flow was steady.
    steady_flow
        Whether nothing was removed for its flow. Across a clog or a bubble the volume of a second is
        unknown.
    beads
        Kept and all bead events of the tube, which scale the volume across a clog.
    """
    if steady_flow:
        return volume_ul * kept_time
    if beads is None or beads[1] == 0:
        return NotEvaluable("the flow was not steady and there are no beads to scale the volume by")
    return volume_ul * beads[0] / beads[1]
