"""Spectra of dyes over many detectors, from single-stain controls: the rows of a spectral unmixing matrix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from nkflow.controls.diagnose import peak
from nkflow.controls.gated import Gated, gate_control
from nkflow.controls.measured import MeasuredSpillover
from nkflow.controls.report import report_of
from nkflow.controls.slope import level
from nkflow.controls.sources import Unstained, negative_tubes
from nkflow.controls.tube import Source, Tube, tube_of
from nkflow.errors import CompensationError
from nkflow.fcs.findings import Finding

__all__ = ["spectra_from_controls"]

ALIKE = 0.98  # cosine


def spectra_from_controls(
    controls: Mapping[str, Source], *, unstained: Unstained = None
) -> MeasuredSpillover:
    """Measure the spectrum of each dye from its control.

    Parameters
    ----------
    controls
        Name of the dye -> file or sample. The detector where a dye is brightest is found, not given.
    unstained
        As for `spillover_from_controls`; a mapping goes by the names of the dyes.

    Returns
    -------
    MeasuredSpillover
        Rows are dyes, columns all detectors; each row is 1 in the dye's peak detector.

    Raises
    ------
    CompensationError
        ``no-controls``, ``controls-unusable``, ``other-detectors``.
    """
    if not controls:
        raise CompensationError("there is no control", code="no-controls", expected="one for each dye")
    first = tube_of(next(iter(controls.values())))
    names = first.detectors
    tubes = {dye: tube_of(source, names) for dye, source in controls.items()}
    negatives = negative_tubes(unstained, list(tubes), names)
    gated = {dye: _at_peak(dye, tube, negatives[dye]) for dye, tube in tubes.items()}
    matrix, errors = np.zeros((len(gated), len(names))), np.zeros((len(gated), len(names)))
    for k, control in enumerate(gated.values()):
        row = level(control.positives, control.negative, control.own)
        matrix[k], errors[k] = row.slopes / row.slopes.max(), row.errors / row.slopes.max()
    return MeasuredSpillover(
        names=tuple(gated),
        matrix=matrix,
        detectors=names,
        source="spectra of single-stain controls: " + ", ".join(tube.name for tube in tubes.values()),
        errors=errors,
        controls=tuple(
            report_of(control.tube.detectors[control.own], control, "level") for control in gated.values()
        ),
        findings=tuple(_alike(tuple(gated), matrix)),
        origin=first.origin,
    )


def _alike(names: tuple[str, ...], matrix: NDArray[np.float64]) -> Iterator[Finding]:
    """Find pairs of spectra that point in nearly the same direction (CO-12)."""
    unit = matrix / np.linalg.norm(matrix, axis=1)[:, None]
    for i, j in zip(*np.nonzero(np.triu(unit @ unit.T, 1) > ALIKE), strict=True):
        cosine = float(unit[i] @ unit[j])
        text = f"the spectra of {names[i]} and {names[j]} are alike: cosine {cosine:.3f}"
        yield Finding("spectra-alike", "warning", text, names[j], "unmixing can hardly tell these dyes apart")


def _at_peak(dye: str, tube: Tube, negatives: tuple[Tube, ...]) -> Gated:
    """Gate a control in the detector where it is brightest."""
    brightest = peak(gate_control(tube, 0, negatives))
    found = None if brightest is None else gate_control(tube, tube.detectors.index(brightest), negatives)
    if found is None or found.positive is None:
        raise CompensationError(
            "the control shows no dye", code="controls-unusable", where=tube.name, found=dye,
            next_step="It is too dim, or there is no unstained tube of its kind.",
        )  # fmt: skip
    return found
