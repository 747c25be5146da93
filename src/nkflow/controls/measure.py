"""A spillover matrix from single-stain controls (STANDARDS.md §4.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nkflow.controls.diagnose import another_dye, diagnose, mismatch
from nkflow.controls.gated import Gated, gate_control
from nkflow.controls.measured import MeasuredSpillover, named
from nkflow.controls.refine import Sides, refine
from nkflow.controls.report import origin_with, report_of
from nkflow.controls.slope import Row, level, ratio_of_medians, regression
from nkflow.controls.sources import Unstained, control_tubes, negative_tubes
from nkflow.controls.tube import Source
from nkflow.errors import CompensationError
from nkflow.fcs.findings import Finding

__all__ = ["Method", "spillover_from_controls"]

ENOUGH = 200  # gated events for a line without a negative

Method = Literal["median", "regression"]
Estimate = Literal["level", "ratio of medians", "line"]


def spillover_from_controls(
    controls: Mapping[str, Source],
    *,
    unstained: Unstained = None,
    method: Method = "median",
    refined: bool = True,
    strict: bool = True,
) -> MeasuredSpillover:
    """Measure the spillover of each dye from its single-stain control.

    Parameters
    ----------
    controls
        Detector (`$PnN`, or the marker of the channel) -> file or sample. Detectors without a control get a
        unit row.
    unstained
        One tube for all controls (universal negative), several of which each control takes the one most like it
        in scatter, or one for each detector. Controls without an unstained tube of their kind use their own
        negative events.
    method
        ``median``: positives against negatives (Bagwell & Adams 1993); ``regression``: a robust line through
        all gated events of the control, whose intercept carries the autofluorescence, so that it needs no
        negative (Roca et al. 2021).
    refined
        Repeat on compensated controls until nothing is left.
    strict
        Refuse controls of which a row can't be measured, or that are not what they are given as. False: such
        rows stay (a row that can't be measured is a unit row) and the findings say so.

    Returns
    -------
    MeasuredSpillover
        Square; rows and columns are all detectors of the files in their order, the diagonal is 1. With
        standard errors, one report per control, and findings.

    Raises
    ------
    CompensationError
        ``no-controls``, ``controls-unusable`` (naming every control and what is wrong), ``other-detectors``,
        ``already-compensated``.
    PanelError
        A key of `controls` that names no channel, or several.
    """
    tubes, names = control_tubes(controls)
    negatives = negative_tubes(unstained, list(tubes), names)
    gated = {name: gate_control(tube, names.index(name), negatives[name]) for name, tube in tubes.items()}
    how = {
        name: _estimate(control, method) for name, control in gated.items() if _measurable(control, method)
    }
    rows = {name: _row(gated[name], estimate) for name, estimate in how.items()}
    findings = list(diagnose(gated, needs_negative=method == "median"))
    refused = {finding.where for finding in findings if finding.severity == "error"}
    for name, row in rows.items():
        findings += another_dye(name, gated[name], row) if name not in refused else []
        findings += mismatch(name, gated[name], row) if how[name] != "line" else []
    errors = [finding for finding in findings if finding.severity == "error"]
    if strict and errors:
        raise _unusable(errors)
    matrix, of_matrix = np.eye(len(names)), np.zeros((len(names), len(names)))
    for name, row in rows.items():
        matrix[names.index(name)], of_matrix[names.index(name)] = row.slopes, row.errors
    if refined and not errors:
        matrix = refine(
            matrix, [_sides(gated[name], how[name]) for name in how if how[name] != "ratio of medians"]
        )
    reports = tuple(report_of(name, gated[name], estimate) for name, estimate in how.items())
    return MeasuredSpillover(
        names=names,
        matrix=matrix,
        source=f"single-stain controls, {method} method: " + ", ".join(tube.name for tube in tubes.values()),
        errors=of_matrix,
        controls=reports,
        findings=tuple(findings),
        origin=origin_with(next(iter(tubes.values())).origin, reports),
    )


def _unusable(errors: list[Finding]) -> CompensationError:
    return CompensationError(
        "these controls can't be used", code="controls-unusable", found=named(errors),
        next_step="Sort out the controls. One without a negative needs an unstained tube, or the regression method; "
        "strict=False shows what can be measured.",
    )  # fmt: skip


def _measurable(control: Gated, method: Method) -> bool:
    """Whether a row can be estimated: from positives, or by regression from enough events without a negative."""
    if control.positive is not None:
        return True
    return method == "regression" and not control.source and control.events.shape[1] >= ENOUGH


def _estimate(control: Gated, method: Method) -> Estimate:
    """Return what is estimated: plain medians where positives and negatives run into each other."""
    if method == "regression":
        return "line"
    found = control.positive
    merged = found is not None and found.how == "brighter part" and found.dim
    return "ratio of medians" if merged else "level"


def _row(control: Gated, estimate: Estimate) -> Row:
    match estimate:
        case "line":
            return regression(_on_line(control), control.own)
        case "ratio of medians":
            return ratio_of_medians(control.positives, control.negative, control.own)
        case "level":
            return level(control.positives, control.negative, control.own)


def _sides(control: Gated, estimate: Estimate) -> Sides:
    if estimate == "line":
        return Sides(control.own, _on_line(control))
    return Sides(control.own, control.positives, control.negative)


def _on_line(control: Gated) -> NDArray[np.float64]:
    """Return the events of the line: the control's, and the unstained tube's where the control has no dim ones."""
    if control.has_dim:
        return control.events
    return np.hstack([control.events, control.negative])
