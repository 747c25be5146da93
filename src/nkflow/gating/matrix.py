"""Which spillover matrix a tube is gated with, and whether its events were compensated before."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from nkflow.compensation import Spillover
from nkflow.compensation.refusal import refuse_unlike
from nkflow.errors import CompensationError
from nkflow.fcs.channels import Channel
from nkflow.fcs.findings import Finding
from nkflow.fcs.sample import Sample
from nkflow.gating.origin import compare_with_sample
from nkflow.gating.template import Template

__all__ = ["COMPENSATE_AGAIN", "Matrix", "further_matrices", "matrix_for"]

COMPENSATE_AGAIN = "compensate-again"  # in `allow`: asked for by name, or never done


@dataclass(frozen=True, eq=False)
class Matrix:
    """The matrix to apply, or None, and what a person should know about the choice."""

    spillover: Spillover | None
    findings: tuple[Finding, ...] = ()


def matrix_for(
    sample: Sample, template: Template, *, given: Spillover | None = None, allow: Collection[str] = ()
) -> Matrix:
    """Return the matrix that the template's policy chooses for `sample`.

    Raises
    ------
    CompensationError
        ``matrix-missing``, ``matrix-not-wanted``, ``already-compensated`` (its channels say so, and neither
        the template accepts it nor `allow` holds ``compensate-again``), ``matrix-channels``; ``transposed`` or
        ``inverted`` where a given matrix agrees with the file's own only the other way round.
    """
    chosen = _chosen(sample, template, given)
    done = tuple(channel for channel in sample.channels if channel.compensated)
    if chosen is None and (template.compensation.policy == "none" or not done):
        return _without(sample, template)
    if chosen is not None:
        _check_channels(sample, chosen)
        if given is not None and sample.spillover is not None:
            refuse_unlike(given, sample.spillover)
        done = tuple(channel for channel in done if channel.name in chosen.detectors)
    if not done:
        return Matrix(chosen, _findings(sample, chosen, given))
    return _compensated_before(sample, template, chosen, done, allow)


def further_matrices(
    sample: Sample, template: Template, *, allow: Collection[str] = ()
) -> dict[str, Spillover]:
    """Return the matrices that single dimensions ask for, by name.

    Raises
    ------
    CompensationError
        ``matrix-channels``, ``unknown-dye``, or ``already-compensated`` where a detector says so.
    """
    found = {}
    for name, document in template.compensation.further.items():
        matrix = replace(document.spillover(), source=name)
        _check_channels(sample, matrix)
        done = [c.name for c in sample.channels if c.compensated and c.name in matrix.detectors]
        if done and COMPENSATE_AGAIN not in allow:
            raise CompensationError(
                "the events say that they are compensated already",
                code="already-compensated",
                where=f"{sample.name}: {name}",
                found=", ".join(done),
                next_step=f"Allow '{COMPENSATE_AGAIN}' if the matrix is meant for them.",
            )
        found[name] = matrix
    for population in template.populations:
        for dimension in population.gate.dimensions:
            if dimension.matrix:
                found[dimension.matrix].weights(dimension.channels)  # refuses what it does not hold
    return found


def _chosen(sample: Sample, template: Template, given: Spillover | None) -> Spillover | None:
    policy = template.compensation
    match policy.policy:
        case "none":
            if given is not None:
                raise CompensationError(
                    "the template compensates nothing, and a matrix was given",
                    code="matrix-not-wanted",
                    where=template.name,
                    next_step="Leave the matrix out, or set compensation: {policy: given} in the template.",
                )
            return None
        case "given":
            if given is None:
                raise CompensationError(
                    "the template wants a matrix to be given",
                    code="matrix-missing",
                    where=f"{template.name}: compensation.policy",
                    found="given",
                    next_step="Pass spillover=..., or set the policy to file.",
                )
            return given
        case "template":
            assert policy.matrix is not None  # the document saw to it
            return given or policy.matrix.spillover()
        case "file" | "file-or-none":
            return given or sample.spillover


def _without(sample: Sample, template: Template) -> Matrix:
    """Return no matrix, where the template can do without."""
    match template.compensation.policy:
        case "none":
            if sample.spillover is None:
                return Matrix(None)
            text = "the file holds a spillover matrix and the template compensates nothing"
            return Matrix(
                None, (Finding("matrix-not-used", "info", text, sample.name, "gated as they stand"),)
            )
        case "file-or-none":
            text = "no spillover matrix: the file holds none and none was given"
            return Matrix(
                None, (Finding("matrix-missing", "warning", text, sample.name, "gated uncompensated"),)
            )
        case _:
            raise CompensationError(
                "the template wants the file's spillover matrix and the file holds none",
                code="matrix-missing",
                where=sample.name,
                found="no matrix (an identity counts as none)",
                expected="$SPILLOVER or SPILL",
                next_step="Pass spillover=..., or use a template with another compensation policy.",
            )


def _check_channels(sample: Sample, matrix: Spillover) -> None:
    kinds = {channel.name: channel.kind for channel in sample.channels}
    missing = [name for name in matrix.detectors if name not in kinds]
    if missing:
        raise CompensationError(
            "the matrix names detectors that the sample does not have",
            code="matrix-channels",
            where=f"{sample.name}: {matrix.source}",
            found=", ".join(missing),
            expected="among " + ", ".join(channel.name for channel in sample.channels),
        )
    odd = [name for name in matrix.detectors if kinds[name] in ("scatter", "time") and _mixes(matrix, name)]
    if odd:
        raise CompensationError(
            "the matrix compensates scatter or time",
            code="matrix-channels",
            where=f"{sample.name}: {matrix.source}",
            found=", ".join(odd),
            expected="spillover between fluorescence detectors only",
            next_step="Give a matrix of the fluorescence detectors.",
        )


def _mixes(matrix: Spillover, detector: str) -> bool:
    """Whether a detector shares light with another (STANDARDS CO-02: scatter and time never do)."""
    column = matrix.matrix[:, matrix.detectors.index(detector)]
    if detector not in matrix.names:
        return bool(column.any())
    row = matrix.matrix[matrix.names.index(detector)]
    return bool(np.count_nonzero(column) > 1 or np.count_nonzero(row) > 1)


def _compensated_before(
    sample: Sample,
    template: Template,
    chosen: Spillover | None,
    done: tuple[Channel, ...],
    allow: Collection[str],
) -> Matrix:
    """Return what to do where channels say that they are compensated or unmixed already."""
    names = ", ".join(channel.name for channel in done)
    if chosen is not None and COMPENSATE_AGAIN in allow:
        text = f"channels that say they are compensated are compensated again, as was asked: {names}"
        return Matrix(chosen, (Finding("compensated-again", "warning", text, sample.name),))
    whole = chosen is None or len(done) == len(chosen.detectors)
    policy = template.compensation
    may_stand = policy.when_compensated == "accept" or (chosen is None and policy.policy == "file-or-none")
    if may_stand and whole:
        text = f"the channels say that they are compensated already: {names}"
        finding = Finding("already-compensated", "info", text, sample.name, "gated as they stand")
        return Matrix(None, (finding,))
    raise CompensationError(
        "the events say that they are compensated already",
        code="already-compensated",
        where=sample.name,
        found=names,
        expected="uncompensated channels" if whole else "all channels of the matrix in the same state",
        next_step=f"Set when_compensated: accept in the template, or allow '{COMPENSATE_AGAIN}'.",
    )


def _findings(sample: Sample, matrix: Spillover | None, given: Spillover | None) -> tuple[Finding, ...]:
    if matrix is None:
        return ()
    where = f"{sample.name}: {matrix.source}"
    doubts = tuple(Finding(doubt.code, "warning", doubt.message, where) for doubt in matrix.doubts)
    doubts += compare_with_sample(matrix, sample)
    own = sample.spillover
    if given is None or own is None or own.sha256 == given.sha256:
        return doubts
    text = "the matrix that was given differs from the file's own"
    return (*doubts, Finding("matrix-given", "info", text, where, "the given one is used"))
