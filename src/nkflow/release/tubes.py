"""One tube of a lot: read, hashed, gated; what fails becomes a reason and never a gap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from nkflow.acquisition.check import check_acquisition
from nkflow.acquisition.quality import Quality
from nkflow.counting.evaluable import NotEvaluable
from nkflow.counting.inputs import Boundary, Counting
from nkflow.counting.tubes import TubeCounts
from nkflow.counting.volume import Acquisition, acquired_volume, kept_volume
from nkflow.errors import DataError, GatingError
from nkflow.exchange.second_engine import CrossCheck, cross_check
from nkflow.fcs.findings import Finding, Severity
from nkflow.fcs.read import read_fcs
from nkflow.fcs.sample import Sample
from nkflow.gating.result import Gating
from nkflow.gating.run import gate
from nkflow.gating.template import Template
from nkflow.release.inputs import TubeFile

__all__ = ["GatedTube", "Given", "gate_tube"]

# findings that a reader or a gating may tolerate, and a release may not
_ERRORS_IN_A_RELEASE = frozenset({"template-reference"})


@dataclass(frozen=True, eq=False)
class Given:
    """What a tube is gated with.

    Attributes
    ----------
    controls
        FMOs by marker, for an adaptive template; or why there can be none.
    carried_from
        The tube that `template` was resolved against, where it is another one.
    """

    template: Template
    controls: Mapping[str, Sample] | GatingError = field(default_factory=dict)
    carried_from: str | None = None


@dataclass(frozen=True, eq=False)
class GatedTube:
    """One tube after reading and gating, or the reason why it could not be.

    Attributes
    ----------
    tube
        The tube as the lot names it.
    sample, gating
        None where the tube failed.
    findings
        Of reader and gating, with the severity they have in a release.
    error
        The failure as plain values, or None.
    quality
        Of a tube that was gated: which part of the acquisition can be used.
    second
        Of a sample tube: what the second engine makes of it; None where it was not asked.
    carried_from
        The tube whose gates these are, where they were not found in this one.
    """

    tube: TubeFile
    sample: Sample | None
    gating: Gating | None
    findings: tuple[Finding, ...] = ()
    error: Mapping[str, object] | None = None
    quality: Quality | None = None
    second: CrossCheck | None = None
    carried_from: str | None = None

    @property
    def role(self) -> str:
        """What the tube is for."""
        return self.tube.role

    @property
    def marker(self) -> str | None:
        """Of an FMO the marker it lacks."""
        return self.tube.marker

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why this tube makes the lot INVALID; empty where it does not."""
        failed = () if self.error is None else (f"tube {self.tube.name}: {_sentence(self.error)}",)
        return failed + tuple(
            f"tube {self.tube.name}: {finding.message}"
            for finding in self.findings
            if finding.severity == "error"
        )

    @cached_property
    def kept(self) -> Mapping[str, int]:
        """Events of each population, cells and beads alike, in the part of the acquisition that is kept."""
        if self.gating is None:
            return {}
        if self.quality is None or self.quality.removed_events == 0:
            return dict(self.gating.counts)
        mask, gating = self.quality.mask, self.gating
        return {name: int(np.count_nonzero(gating.mask(name) & mask)) for name in gating.counts}

    def counts(self, counting: Counting) -> TubeCounts | None:
        """Return the counts of the tube with the volume they came from, or None where it failed."""
        if self.gating is None or self.sample is None:
            return None
        found = TubeCounts.of(
            self.gating, tube=self.tube.name, acquisition=self._acquisition(self.sample, counting)
        )
        if self.quality is None or self.quality.removed_events == 0:
            return found
        part = 1 - self.quality.removed_events / self.sample.n_events
        boundaries = tuple(_scaled(boundary, part) for boundary in found.boundaries)
        return TubeCounts(self.tube.name, self.kept, found.acquisition, found.findings, boundaries)

    def _acquisition(self, sample: Sample, counting: Counting) -> Acquisition:
        """Return what is known about the volume that the kept events came from (STANDARDS QC-04)."""
        found = _stated_volume(sample, self.tube, counting)
        if isinstance(found, float) and self.quality is not None and self.gating is not None:
            counts, quality = self.gating.counts, self.quality
            beads = (self.kept["beads"], counts["beads"]) if "beads" in counts else None
            if quality.removed_events:
                kept_time = 1.0 if quality.kept_time is None else quality.kept_time
                found = kept_volume(found, kept_time=kept_time, steady_flow=quality.steady_flow, beads=beads)
        lost = {key: _count(sample.keywords.get(key, "")) for key in ("$ABRT", "$LOST")}
        volume, reason = (None, found.reason) if isinstance(found, NotEvaluable) else (found, "")
        return Acquisition(volume, reason, sample.n_events, lost["$ABRT"], lost["$LOST"])

    @property
    def _resolved(self) -> dict[str, Any] | None:
        """The fixed template that this tube was gated by, whole, where it is not the lot's own."""
        if self.gating is None or (self.gating.resolution is None and self.carried_from is None):
            return None
        return self.gating.template.document.model_dump(mode="json", by_alias=True, exclude_defaults=True)

    def as_dict(self) -> dict[str, Any]:
        """Return the tube as plain values for the record."""
        return {
            "id": self.tube.name,
            "role": self.tube.role,
            "marker": self.tube.marker,
            "file": self.tube.path.name,
            "sha256": None if self.sample is None else self.sample.sha256,
            "n_events": None if self.sample is None else self.sample.n_events,
            "cytometer": None if self.sample is None else self.sample.cytometer,
            "acquired": None if self.sample is None else _when(self.sample),
            "gating": None if self.gating is None else self.gating.as_dict(),
            "resolved_template": self._resolved,
            "gates_of_tube": self.carried_from,
            "kept": dict(self.kept),
            "acquisition": None if self.quality is None else self.quality.as_dict(),
            "second_engine": None if self.second is None else self.second.as_dict(),
            "findings": [finding.as_dict() for finding in self.findings],
            "error": None if self.error is None else dict(self.error),
        }


def gate_tube(
    tube: TubeFile, given: Given, *, threads: int | None = None, second_engine: bool = True
) -> GatedTube:
    """Read, gate and check the file of `tube`; a `DataError` becomes the result's `error`.

    A sample tube is gated by the second engine too, from its raw file, and compared event for event.
    """
    sample: Sample | None = None
    try:
        sample = read_fcs(tube.path)
        if isinstance(given.controls, GatingError):
            raise given.controls
        gating = gate(sample, given.template, controls=given.controls, threads=threads)
        quality = check_acquisition(sample)
        second = cross_check(sample, gating) if second_engine and tube.role == "sample" else None
    except DataError as error:
        found = () if sample is None else _for_release(sample.findings)
        return GatedTube(tube, sample, None, found, error.as_dict(), carried_from=given.carried_from)
    findings = _for_release(sample.findings + gating.findings + quality.findings + _of_second(second))
    return GatedTube(
        tube, sample, gating, findings, quality=quality, second=second, carried_from=given.carried_from
    )


def _scaled(boundary: Boundary, part: float) -> Boundary:
    """Return the boundary of a tube of which `part` of the events are kept."""
    crossing = {name: part * change for name, change in boundary.events_per_unit.items()}
    return boundary.model_copy(update={"events_per_unit": crossing})


def _of_second(check: CrossCheck | None) -> tuple[Finding, ...]:
    """Return what a person should know of the second engine's answer; unexplained disagreement is an error."""
    if check is None or check.identical:
        return ()
    severity: Severity = "info" if check.agrees else "warning" if check.explained else "error"
    consequence = "" if check.agrees else "one of the two engines is wrong, or was given another file"
    return (Finding("second-engine", severity, check.summary(), check.engine, consequence),)


def _when(sample: Sample) -> list[str | None]:
    """Return begin and end of the acquisition as ISO 8601 text."""
    ends = (sample.acquired.begin, sample.acquired.end)
    return [None if end is None else end.isoformat() for end in ends]


def _stated_volume(sample: Sample, tube: TubeFile, counting: Counting) -> float | NotEvaluable:
    """Return the volume in µL that a person typed, or that of ``$VOL`` with its stated unit."""
    if tube.acquired_volume_ul is not None:
        return tube.acquired_volume_ul
    if counting.vol_unit is None:
        return NotEvaluable("no acquired volume is given")
    stated = None if sample.volume is None else sample.volume.value
    return acquired_volume(stated, counting.vol_unit, sample.acquired.seconds)


def _count(text: str) -> int:
    """Return a keyword's count; 0 where it is absent or no count."""
    stripped = text.strip()
    return int(stripped) if stripped.isascii() and stripped.isdigit() and len(stripped) < 16 else 0


def _for_release(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return `findings` once each, with the severity they have in a release."""
    raised = (
        Finding(f.code, "error", f.message, f.where, f.consequence) if f.code in _ERRORS_IN_A_RELEASE else f
        for f in findings
    )
    return tuple(dict.fromkeys(raised))


def _sentence(error: Mapping[str, object]) -> str:
    """Return the reason of a failure in one line."""
    text = str(error["message"])
    for key, word in (("found", "found"), ("expected", "expected")):
        if error.get(key):
            text += f", {word} {error[key]}"
    return text
