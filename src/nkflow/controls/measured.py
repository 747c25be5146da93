"""`MeasuredSpillover`: a spillover matrix with its standard errors, its controls and what was odd about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nkflow.compensation import Origin, Spillover
from nkflow.compensation.matrix_document import SCHEMA, VERSION
from nkflow.fcs.findings import Finding
from nkflow.plots.matrix import Matrix, matrix_figure, matrix_svg

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["ControlReport", "MeasuredSpillover"]

FULL = 0.6  # of a coefficient: drawn in full colour


@dataclass(frozen=True)
class ControlReport:
    """How one row of the matrix was measured.

    Attributes
    ----------
    detector, file
        The dye's own detector and the control's file.
    events, gated, positives, negatives
        Numbers of events: of the file, inside the scatter gate, and of the two populations compared.
    negative
        Where the negative comes from.
    cut, median
        Of the positives in the own detector: lower end, and median above the negative's; data units.
    brightness
        That median in robust SDs of the negative. All three None where no negative was needed.
    positives_are, estimate
        How the positives were found (``mode``, ``all``, ``brighter part``) and what was estimated from them
        (``level``, ``ratio of medians``, ``line``).
    saturated
        Part of the scatter-gated events at the end of the own detector.
    """

    detector: str
    file: str
    events: int
    gated: int
    positives: int
    negatives: int
    negative: str
    cut: float | None
    median: float | None
    brightness: float | None
    positives_are: str
    estimate: str
    saturated: float

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return dict(vars(self))


@dataclass(frozen=True, eq=False)
class MeasuredSpillover(Spillover):
    """A spillover matrix that was measured from single-stain controls.

    Attributes
    ----------
    errors : (n_dyes, n_detectors)
        Standard error of each coefficient, read-only; 0 on the diagonal and in unit rows.
    controls
        One report per measured row.
    findings
        What a person should know about the controls, each naming its control.
    """

    errors: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0)), repr=False)
    controls: tuple[ControlReport, ...] = field(default=(), repr=False)
    findings: tuple[Finding, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        errors = np.array(self.errors, dtype=np.float64, order="C")
        errors.flags.writeable = False
        object.__setattr__(self, "errors", errors)

    @property
    def trusted(self) -> bool:
        """Whether no finding is an error."""
        return all(finding.severity != "error" for finding in self.findings)

    @property
    def rows_of_controls(self) -> tuple[int, ...]:
        """The row of the matrix that each control measured, in the order of `controls`."""
        if len(self.controls) == len(self.names):
            return tuple(range(len(self.names)))
        return tuple(self.names.index(report.detector) for report in self.controls)

    def figure(self) -> go.Figure:
        """Return the matrix as a plotly heat map; not shown."""
        return matrix_figure(self._picture())

    def svg(self) -> str:
        """Return the matrix as a heat map: one SVG element."""
        return matrix_svg(self._picture())

    def _picture(self) -> Matrix:
        values = np.where(self.matrix == 0.0, np.nan, self.matrix)
        return Matrix(
            self.names, self.detectors, values, full=FULL, rows="dye", columns="detector",
            title="Spillover (part of a dye's light)",
        )  # fmt: skip

    def report(self, detector: str) -> ControlReport | None:
        """Return how the row of `detector` was measured; None for a unit row."""
        return next((report for report in self.controls if report.detector == detector), None)

    def without_noise(self, errors: float = 2.0) -> Spillover:
        """Return the matrix with coefficients of less than so many standard errors set to zero (CO-18).

        Small negative coefficients are kept otherwise: cutting them off biases every small one upwards.
        """
        off = ~np.eye(*self.matrix.shape, dtype=np.bool_)
        noise = off & (np.abs(self.matrix) < errors * self.errors)
        source = f"{self.source}; |s| < {errors:g} SE set to 0"
        return Spillover(self.names, np.where(noise, 0.0, self.matrix), self.detectors, source, self.origin)

    def coefficients(self) -> list[dict[str, Any]]:
        """Return one row per measured coefficient: dye, detector, value, standard error; plain values."""
        measured = {self.names[row] for row in self.rows_of_controls}
        return [
            {"dye": dye, "detector": name, "spillover": float(value), "standard_error": float(error)}
            for dye, values, errors in zip(self.names, self.matrix, self.errors, strict=True)
            for name, value, error in zip(self.detectors, values, errors, strict=True)
            if dye in measured and dye != name
        ]

    def as_dict(self) -> dict[str, Any]:
        """Return everything as one JSON document, which `Spillover.from_csv` reads."""
        return {
            "schema": SCHEMA,
            "version": VERSION,
            "source": self.source,
            "sha256": self.sha256,
            "names": list(self.names),
            "detectors": list(self.detectors),
            "matrix": self.matrix.tolist(),
            "standard_errors": self.errors.tolist(),
            "condition": self.condition,
            "origin": (self.origin or Origin()).as_dict(),
            "controls": [report.as_dict() for report in self.controls],
            "findings": [finding.as_dict() for finding in self.findings],
        }


def named(findings: Sequence[Finding]) -> str:
    """Return the sentences of `findings`, one after the other."""
    return "; ".join(finding.message for finding in findings)
