"""The same concentration by every other method the lot has data for, and the volume that the beads imply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nkflow.counting.absolute import Scale, beads_added, scale_of
from nkflow.counting.evaluable import NotEvaluable

if TYPE_CHECKING:
    from nkflow.counting.composition import Composition

__all__ = ["BeadRecovery", "bead_doublets", "bead_recovery", "other_methods"]

_METHODS = ("beads", "bead_tube", "volumetric", "dual_platform")


@dataclass(frozen=True)
class BeadRecovery:
    """Volume that the counted beads imply over the volume that the cytometer read, in each tube."""

    implied_ul: tuple[float, ...]
    read_ul: tuple[float, ...]

    @property
    def ratios(self) -> tuple[float, ...]:
        """Implied over read; 1 where beads, pipettes and cytometer agree."""
        return tuple(beads / read for beads, read in zip(self.implied_ul, self.read_ul, strict=True))

    def as_dict(self) -> dict[str, object]:
        """Return volumes and ratios as plain values."""
        return {
            "implied_volume_ul": list(self.implied_ul),
            "acquired_volume_ul": list(self.read_ul),
            "recovery": list(self.ratios),
        }


def other_methods(composition: Composition) -> dict[str, Scale | NotEvaluable]:
    """Return the scale of every method but the one the lot counts by; most lack data, and say which."""
    counting = composition.counting
    return {
        method: scale_of(method, composition.tubes, counting=counting, measurement=composition.measurement)
        for method in _METHODS
        if method != counting.method
    }


def bead_recovery(composition: Composition) -> BeadRecovery | NotEvaluable:
    """Return ``N_bead / beads added · V_tube`` beside the cytometer's own reading."""
    counting = composition.counting
    added = beads_added(counting)
    if added is None or counting.tube_volume_ul is None:
        return NotEvaluable("beads per tube and the final volume of a tube are needed")
    implied: list[float] = []
    read: list[float] = []
    for tube in composition.tubes:
        volume = tube.acquisition.evaluated()
        if isinstance(volume, NotEvaluable):
            return NotEvaluable(f"tube {tube.tube}: {volume.reason}")
        if "beads" not in tube.counts:
            return NotEvaluable(f"tube {tube.tube} has no beads")
        implied.append(tube.counts["beads"] / added * counting.tube_volume_ul)
        read.append(volume)
    return BeadRecovery(tuple(implied), tuple(read))


def bead_doublets(composition: Composition) -> float | NotEvaluable:
    """Return the share of bead events that are doublets; each hides a bead and overstates the dose."""
    doublets, beads = composition.pooled.get("bead doublets"), composition.pooled.get("beads", 0)
    if doublets is None or beads == 0:
        return NotEvaluable("bead doublets were not counted")
    return doublets / beads
