"""What a person should know about a run, in words."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nkflow.acquisition.quality import Quality
from nkflow.fcs.channels import kind_of
from nkflow.fcs.findings import Finding

__all__ = ["findings_of"]

_MARGIN_NOTED = 0.1
_NOISY = 3.0
_MISSING_NOTED, _MISSING_REFUSED = 0.01, 0.05  # STANDARDS QC-04


def findings_of(quality: Quality) -> tuple[Finding, ...]:
    """Return the findings of one run."""
    return (*_time(quality), *_noise(quality), *_margins(quality), *_missing(quality))


def _time(quality: Quality) -> Iterator[Finding]:
    if not quality.assessable:
        yield Finding(
            "acquisition-not-assessable",
            "warning",
            f"the acquisition could not be judged: {quality.reason}",
            where="Time",
            consequence="No event is removed; whether the run was steady is not known, which is no pass.",
        )
        return
    kept = quality.kept_time
    removed = 0.0 if kept is None else 1.0 - kept
    if removed > 0:
        unsteady = removed > quality.checks.most_removed
        reasons = ", ".join(sorted({segment.reason for segment in quality.segments} - {"margin"}))
        yield Finding(
            "acquisition-unsteady" if unsteady else "acquisition-removed",
            "error" if unsteady else "info",
            f"{_percent(removed)} of the recorded time is removed: {reasons}",
            where="Time",
            consequence=quality.volume_reason
            and f"Volume does not follow from time: {quality.volume_reason}.",
        )
    if quality.rate_drift is not None and quality.rate_changed:
        yield Finding(
            "event-rate-drift",
            "warning",
            f"the event rate changed by {100 * quality.rate_drift:+.0f} % over the run",
            where="Time",
            consequence="A share of the time is no share of the volume.",
        )


def _noise(quality: Quality) -> Iterator[Finding]:
    noisy = [name for name, value in quality.noise.items() if value >= _NOISY]
    if noisy:
        yield Finding(
            "acquisition-noisy",
            "warning",
            f"unsteady throughout the run, beyond chance: {', '.join(noisy)}",
            where=noisy[0],
            consequence="Small faults of these can't be told from their usual noise.",
        )


def _margins(quality: Quality) -> Iterator[Finding]:
    count = int(np.count_nonzero(quality.at_margin))
    if not count:
        return
    share = count / quality.at_margin.size
    worst = sorted(quality.margins, key=lambda margin: -margin.events)
    places = ", ".join(f"{margin.channel} {margin.events}" for margin in worst[:5])
    removed = quality.checks.margin == "remove"
    # beads end at the range of scatter, and nothing is lost by it
    dyes = max((m.events for m in quality.margins if kind_of(m.channel) != "scatter"), default=0)
    yield Finding(
        "events-at-margin",
        "warning" if removed or dyes > _MARGIN_NOTED * quality.at_margin.size else "info",
        f"{_percent(share)} of the events stand at the upper end of a range: {places}",
        where=worst[0].channel,
        consequence="They are removed, cells and beads not alike."
        if removed
        else "They are kept and counted.",
    )


def _missing(quality: Quality) -> Iterator[Finding]:
    share = quality.missing_fraction
    if share > _MISSING_NOTED:
        yield Finding(
            "events-lost",
            "warning",
            f"the cytometer aborted or lost {_percent(share)} of its events",
            where="$ABRT, $LOST",
            consequence="Ratios to beads stay right; counts by volume are not evaluable."
            if share > _MISSING_REFUSED
            else "Ratios to beads stay right; counts by volume are corrected for it.",
        )


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %"
