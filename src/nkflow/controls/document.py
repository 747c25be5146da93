"""A matrix as a file: CSV that every program reads, and beside it where the matrix comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nkflow.compensation import Spillover, matrix_csv
from nkflow.controls.measured import MeasuredSpillover
from nkflow.controls.settings import Settings, compare, settings_of
from nkflow.errors import CompensationError
from nkflow.fcs.findings import Finding
from nkflow.fcs.sample import Sample

__all__ = ["KnownMatrix", "brighter_than_controls", "matrix_document", "read_matrix"]

SCHEMA = "nkflow.spillover"


@dataclass(frozen=True, eq=False)
class KnownMatrix:
    """A matrix with what is known of its origin.

    Attributes
    ----------
    spillover
        The matrix.
    settings
        Of the instrument it was measured on; empty where nothing is known.
    brightness
        Detector -> median of the control's positives above the negative, data units.
    """

    spillover: Spillover
    settings: Settings
    brightness: Mapping[str, float]

    def findings(self, sample: Sample, *, days: int = 1) -> tuple[Finding, ...]:
        """List what differs between the matrix and a tube it is to be used for (CO-07)."""
        detectors = set(self.spillover.detectors)
        tube = settings_of(sample, [channel for channel in sample.channels if channel.name in detectors])
        return compare(self.settings, tube, where=sample.name, days=days)


def matrix_document(measured: MeasuredSpillover) -> dict[str, Any]:
    """Return a measured matrix with its origin as one JSON document."""
    return {"schema": SCHEMA, "version": 1, **measured.as_dict()}


def read_matrix(path: str | Path) -> KnownMatrix:
    """Read a matrix from CSV, or from the JSON document that `nkflow spillover` writes.

    Beside a CSV file the document of the same name is read too, and must be of the same matrix.

    Raises
    ------
    CompensationError
        ``matrix-csv``, ``matrix-document`` (the document can't be read, or is of another matrix), and as
        `Spillover` does.
    """
    path = Path(path)
    if path.suffix.lower() == ".json":
        return _known(_document(path))
    spillover = Spillover.from_csv(path)
    beside = path.with_suffix(".json")
    if not beside.is_file():
        return KnownMatrix(spillover, Settings(), {})
    known = _known(_document(beside))
    if known.spillover.sha256 != spillover.sha256:
        raise CompensationError(
            "the matrix and the document beside it differ", code="matrix-document", where=path.name,
            found=spillover.sha256[:12], expected=f"{known.spillover.sha256[:12]} of {beside.name}",
            next_step="Someone changed one of them; measure the matrix again, or move the document away.",
        )  # fmt: skip
    return KnownMatrix(spillover, known.settings, known.brightness)


def brighter_than_controls(
    values: NDArray[np.float64], spillover: Spillover, brightness: Mapping[str, float], *, where: str = ""
) -> tuple[Finding, ...]:
    """List the dyes that the sample carries more of than their controls did (CO-17).

    `values` (n_events, n_dyes) compensated. A control must be at least as bright as the sample: beyond its
    positives the coefficient is extrapolated.
    """
    found = []
    for name, column in zip(spillover.names, values.T, strict=True):
        finite = column[np.isfinite(column)]
        if (
            name in brightness
            and finite.size
            and (top := float(np.quantile(finite, 0.999))) > brightness[name]
        ):
            text = f"the sample is brighter in {name} than its control: {top:.0f}, control {brightness[name]:.0f}"
            found.append(
                Finding("brighter-than-control", "warning", text, where, "its spillover is extrapolated")
            )
    return tuple(found)


def _document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(matrix_csv.read(path))
    except json.JSONDecodeError as problem:
        raise _refuse(path, str(problem)) from problem
    if not isinstance(document, dict) or document.get("schema") != SCHEMA or document.get("version") != 1:
        raise _refuse(path, "another schema or version")
    return document


def _known(document: Mapping[str, Any]) -> KnownMatrix:
    spillover = Spillover(
        tuple(document["names"]), np.array(document["matrix"], dtype=np.float64), tuple(document["detectors"]),
        str(document["source"]),
    )  # fmt: skip
    rows = [row for row in document["controls"] if row["median"] is not None]
    brightness = {str(row["detector"]): float(row["median"]) for row in rows}
    return KnownMatrix(spillover, Settings.from_dict(document["settings"]), brightness)


def _refuse(path: Path, found: str) -> CompensationError:
    return CompensationError(
        "the document holds no matrix", code="matrix-document", where=path.name, found=found,
        expected=f"schema {SCHEMA}, version 1",
    )  # fmt: skip
