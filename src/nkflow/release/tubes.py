"""One tube of a lot: read, hashed, gated; what fails becomes a reason and never a gap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from nkflow.acquisition.check import check_acquisition
from nkflow.acquisition.quality import Quality
from nkflow.acquisition.trend import Trend, share_trend
from nkflow.compensation import Spillover
from nkflow.counting.evaluable import NotEvaluable
from nkflow.counting.inputs import Counting
from nkflow.counting.kept import kept_counts, kept_tube, kept_volume_of
from nkflow.counting.tubes import TubeCounts
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
_ERRORS_IN_A_RELEASE = frozenset({"template-draft", "template-reference"})


@dataclass(frozen=True, eq=False)
class Given:
    """What a tube is gated with.

    Attributes
    ----------
    controls
        FMOs by marker and process controls, for an adaptive template; or why there can be none.
    carried_from
        The tube that `template` was resolved against, where it is another one.
    spillover
        The lot's matrix; None: each file's own, as the template's policy says.
    """

    template: Template
    controls: Mapping[str, Sample] | GatingError = field(default_factory=dict)
    carried_from: str | None = None
    spillover: Spillover | None = None


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
    drift
        Of a tube that was gated into living and dead cells: how the share of the dead changes along the run.
    """

    tube: TubeFile
    sample: Sample | None
    gating: Gating | None
    findings: tuple[Finding, ...] = ()
    error: Mapping[str, object] | None = None
    quality: Quality | None = None
    second: CrossCheck | None = None
    carried_from: str | None = None
    drift: Trend | None = None

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
        """Why this tube makes the lot INVALID; empty where it does not.

        A cut that is not found in a process control is no reason by itself: its sheet says which populations count.
        """
        spared = {"no-gate"} if self.tube.role == "process-control" else set[str]()
        failed = () if self.error is None else (f"tube {self.tube.name}: {_sentence(self.error)}",)
        return failed + tuple(
            f"tube {self.tube.name}: {finding.message}"
            for finding in self.findings
            if finding.severity == "error" and finding.code not in spared
        )

    @cached_property
    def kept(self) -> Mapping[str, int]:
        """Events of each population, cells and beads alike, in the part of the acquisition that is kept."""
        return {} if self.gating is None else kept_counts(self.gating, self.quality)

    def counts(self, counting: Counting) -> TubeCounts | None:
        """Return the counts of the tube with the volume they came from, or None where it failed."""
        if self.gating is None:
            return None
        typed = self.tube.acquired_volume_ul
        return kept_tube(
            self.gating, self.quality, tube=self.tube.name, counting=counting, volume_ul=typed, kept=self.kept
        )

    def volume(self, counting: Counting) -> float | NotEvaluable:
        """Return the volume, in µL, that the kept events of the tube stand for."""
        if self.gating is None:
            return NotEvaluable("the tube was not gated")
        typed = self.tube.acquired_volume_ul
        known = kept_volume_of(self.gating, self.quality, counting=counting, kept=self.kept, volume_ul=typed)
        return known.evaluated()

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
            "dead_drift": None if self.drift is None else self.drift.as_dict(),
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
        matrix, controls = given.spillover, given.controls
        with sample.hashed_meanwhile():  # for the record
            quality = check_acquisition(sample, given.template.acquisition)
            gating = gate(
                sample, given.template, spillover=matrix, controls=controls, threads=threads, membership=True
            )
        asked = second_engine and tube.role == "sample"
        second = cross_check(sample, gating, keep=quality.mask) if asked else None
    except DataError as error:
        found = () if sample is None else _for_release(sample.findings)
        return GatedTube(tube, sample, None, found, error.as_dict(), carried_from=given.carried_from)
    drift = _drift_of_dead(gating, quality)
    drifts = None if drift is None else drift.finding(limit=quality.checks.dead_drift)
    found = (*quality.findings, *([] if drifts is None else [drifts]), *_of_second(second))
    findings = _for_release(sample.findings + gating.findings + found)
    known = GatedTube(tube, sample, gating, findings, quality=quality, second=second)
    return replace(known, carried_from=given.carried_from, drift=drift)


def _drift_of_dead(gating: Gating, quality: Quality) -> Trend | None:
    """Return how the share of dead cells changes along the run: 7-AAD gets into living cells that wait."""
    if not {"dead", "CD45+"} <= set(gating.counts):
        return None
    return share_trend(quality, gating.mask("dead"), gating.mask("CD45+"), names=("dead", "CD45+"))


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
