"""Counts inside the part of a run that is kept: one mask for cells and beads, and the volume of what it keeps."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nkflow.acquisition.quality import Quality
from nkflow.counting.evaluable import NotEvaluable
from nkflow.counting.inputs import Boundary, Counting
from nkflow.counting.tubes import TubeCounts
from nkflow.counting.volume import Acquisition, acquired_volume, kept_volume
from nkflow.fcs.sample import Sample
from nkflow.gating.result import Gating

__all__ = ["kept_counts", "kept_tube", "kept_volume_of"]


def kept_counts(gating: Gating, quality: Quality | None) -> Mapping[str, int]:
    """Return the events of each population, cells and beads alike, in the kept part of the run."""
    if quality is None or quality.removed_events == 0:
        return dict(gating.counts)
    mask = quality.mask
    return {name: int(np.count_nonzero(gating.mask(name) & mask)) for name in gating.counts}


def kept_tube(
    gating: Gating,
    quality: Quality | None,
    *,
    tube: str,
    counting: Counting,
    volume_ul: float | None = None,
    kept: Mapping[str, int] | None = None,
) -> TubeCounts:
    """Return the kept counts of one tube with the volume that they came from (STANDARDS QC-04).

    Parameters
    ----------
    tube
        Its name in the lot.
    volume_ul
        The acquired volume as a person read it; it stands above the file's ``$VOL``.
    kept
        The kept counts where they are known; None: they are counted.
    """
    kept = kept_counts(gating, quality) if kept is None else kept
    acquisition = kept_volume_of(gating, quality, counting=counting, volume_ul=volume_ul, kept=kept)
    whole = TubeCounts.of(gating, tube=tube, acquisition=acquisition)
    if quality is None or quality.removed_events == 0:
        return whole
    part = 1 - quality.removed_events / gating.sample.n_events
    boundaries = tuple(_scaled(boundary, part) for boundary in whole.boundaries)
    return TubeCounts(tube, kept, acquisition, whole.findings, boundaries)


def kept_volume_of(
    gating: Gating,
    quality: Quality | None,
    *,
    counting: Counting,
    kept: Mapping[str, int],
    volume_ul: float | None = None,
) -> Acquisition:
    """Return what is known about the volume that the `kept` counts came from (STANDARDS QC-04)."""
    sample = gating.sample
    found = _stated_volume(sample, counting) if volume_ul is None else volume_ul
    if isinstance(found, float) and quality is not None:
        beads = (kept["beads"], gating.counts["beads"]) if "beads" in kept else None
        kept_time = 1.0 if quality.kept_time is None else quality.kept_time
        found = kept_volume(found, kept_time=kept_time, steady_flow=quality.steady_flow, beads=beads)
        if isinstance(found, NotEvaluable):
            found = NotEvaluable(f"{found.reason} ({quality.volume_reason})")
    lost = {key: _count(sample.keywords.get(key, "")) for key in ("$ABRT", "$LOST")}
    volume, reason = (None, found.reason) if isinstance(found, NotEvaluable) else (found, "")
    return Acquisition(volume, reason, sample.n_events, lost["$ABRT"], lost["$LOST"])


def _scaled(boundary: Boundary, part: float) -> Boundary:
    """Return the boundary of a tube of which `part` of the events are kept."""
    crossing = {name: part * change for name, change in boundary.events_per_unit.items()}
    return boundary.model_copy(update={"events_per_unit": crossing})


def _stated_volume(sample: Sample, counting: Counting) -> float | NotEvaluable:
    """Return the volume of ``$VOL`` in µL, with the unit that the lot states; without one it is not evaluable."""
    stated = None if sample.volume is None else sample.volume.value
    return acquired_volume(stated, counting.vol_unit, sample.acquired.seconds)


def _count(text: str) -> int:
    """Return a keyword's count; 0 where it is absent or no count."""
    stripped = text.strip()
    return int(stripped) if stripped.isascii() and stripped.isdigit() and len(stripped) < 16 else 0
