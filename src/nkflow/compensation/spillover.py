"""`Spillover`: which part of each dye's light every detector sees."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nkflow.compensation import inverse as linear
from nkflow.compensation import matrix_csv, matrix_document, matrix_layouts
from nkflow.compensation.origin import Origin
from nkflow.errors import CompensationError

__all__ = ["Doubt", "Spillover"]

IDENTITY_TOLERANCE = 1e-5  # SpectroFlo writes 1e-6 off the diagonal and means "none" (STANDARDS FCS-C02)
DIAGONAL_TOLERANCE = 0.01
INVERTED = 0.01  # of all coefficients together: less is the noise of measured ones


@dataclass(frozen=True)
class Doubt:
    """Something about a matrix that a person should know before it is used: a code and a sentence."""

    code: str
    message: str


@dataclass(frozen=True, eq=False)
class Spillover:
    """The spillover matrix as stored: rows are dyes, columns detectors (STANDARDS CO-01).

    ``observed = true @ matrix`` on linear data units, so ``true = observed @ matrix.inverse``.

    Attributes
    ----------
    names
        One name per row. A dye goes by its detector's name (``$PnN``) where the matrix is square.
    matrix : (n_dyes, n_detectors)
        float64, read-only, its own copy; the diagonal is near 1.
    detectors
        One name per column; as `names` where it is not given.
    source
        Where it comes from (keyword or file), for the record.
    origin
        The instrument, its settings and the day it belongs to; None where nothing is known.

    Raises
    ------
    CompensationError
        ``shape``, ``names`` (empty or doubled), ``non-finite``, ``empty-row``.
    """

    names: tuple[str, ...]
    matrix: NDArray[np.float64] = field(repr=False)
    detectors: tuple[str, ...] = ()
    source: str = ""
    origin: Origin | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        names = tuple(self.names)
        detectors = tuple(self.detectors or names)
        matrix = np.array(self.matrix, dtype=np.float64, order="C")
        _check(names, detectors, matrix, self.source)
        matrix.flags.writeable = False
        object.__setattr__(self, "names", names)
        object.__setattr__(self, "detectors", detectors)
        object.__setattr__(self, "matrix", matrix)

    @classmethod
    def identity(cls, names: Sequence[str], *, source: str = "identity") -> Spillover:
        """Return the matrix that changes nothing, for the detectors `names`."""
        return cls(tuple(names), np.eye(len(names)), source=source)

    @classmethod
    def from_csv(cls, path: str | Path, *, inverted: bool = False) -> Spillover:
        """Read a matrix from the CSV file at `path`; see `from_csv_text`.

        A JSON document of ``nkflow spillover`` (`path` itself, or beside the CSV file under the same name) gives the
        origin of the matrix too.

        Raises
        ------
        CompensationError
            As `from_csv_text`; ``matrix-document`` where the document can't be read or is of another matrix.
        """
        path = Path(path)
        if path.suffix.lower() == ".json":
            names, matrix, detectors, source, origin = matrix_document.parse(path)
            return Spillover(names, matrix, detectors, source, origin)
        read = Spillover.from_csv_text(matrix_csv.read(path), source=path.name, inverted=inverted)
        document = None if inverted else matrix_document.beside(path)
        if document is None:
            return read
        names, matrix, detectors, _, origin = matrix_document.parse(document)
        if not read.agrees_with(Spillover(names, matrix, detectors)):
            raise CompensationError(
                "the matrix and the document beside it differ",
                code="matrix-document",
                where=path.name,
                found=f"SHA-256 {read.sha256[:12]}",
                expected=f"that of {document.name}",
                next_step="One of them was changed: measure the matrix again, or move the document away.",
            )
        return replace(read, origin=origin)

    @classmethod
    def from_csv_text(cls, text: str, *, source: str = "", inverted: bool = False) -> Spillover:
        """Read a matrix from CSV: a row of detector names, then one row per dye, its name in front or not.

        Rows of a square matrix whose names are the detectors' are put in the detectors' order; rows with
        other labels go by position and take their detector's name.

        Parameters
        ----------
        inverted
            The text holds a compensation matrix, the inverse of a spillover matrix (CO-09); it is inverted, and
            its rows are divided by their diagonal.

        Raises
        ------
        CompensationError
            ``matrix-csv``; ``singular`` or ``ill-conditioned``; ``inverted`` where the matrix looks like a
            compensation matrix and `inverted` is not set.
        """
        names, detectors, values = matrix_csv.parse(text, source)
        read = cls(names, np.array(values, dtype=np.float64), detectors, source)
        usual = read.inverse  # refuses what can't be inverted
        if inverted:
            return cls(names, usual / np.diag(usual)[:, None], detectors, source)
        if any(doubt.code == "inverted" for doubt in read.doubts):
            raise CompensationError(
                "this looks like a compensation matrix, which is the inverse of a spillover matrix",
                code="inverted",
                where=source,
                found="mostly negative numbers off the diagonal",
                expected="the part of each dye's light that every detector sees, hardly ever negative",
                next_step="If it is the inverse, read it with inverted=True.",
            )
        return read

    def to_csv(self, layout: Literal["square", "diva"] = "square") -> str:
        """Return the matrix as CSV text.

        ``square`` is what FlowJo and R read too, and `from_csv_text` bit for bit; ``diva`` lists pairs in percent, as
        FACSDiva does.
        """
        if layout == "diva":
            return matrix_layouts.diva_text(self.detectors, self.matrix)
        return matrix_csv.text(self.names, self.detectors, self.matrix)

    def agrees_with(self, other: Spillover) -> bool:
        """Tell whether `other` holds the same numbers, in any order of dyes and detectors, within 1e-12."""
        if set(self.names) != set(other.names) or set(self.detectors) != set(other.detectors):
            return False
        rows = [other.names.index(name) for name in self.names]
        columns = [other.detectors.index(name) for name in self.detectors]
        return bool(np.allclose(self.matrix, other.matrix[np.ix_(rows, columns)], rtol=0.0, atol=1e-12))

    @property
    def is_square(self) -> bool:
        """Tell whether there are as many dyes as detectors."""
        return len(self.names) == len(self.detectors)

    @property
    def is_identity(self) -> bool:
        """Tell whether the matrix is the identity within 1e-5: no compensation was recorded."""
        off = float(np.abs(self.matrix - np.eye(*self.matrix.shape)).max())
        return self.is_square and off <= IDENTITY_TOLERANCE

    @cached_property
    def condition(self) -> float:
        """The 2-norm condition number: how much an error of the observed values can grow."""
        return linear.condition(self.matrix)

    @cached_property
    def inverse(self) -> NDArray[np.float64]:
        """The compensation matrix (n_detectors, n_dyes), read-only: ``true = observed @ inverse``.

        The inverse of a square matrix; the least-squares unmixing matrix of one with more detectors.

        Raises
        ------
        CompensationError
            ``singular`` or ``ill-conditioned`` (condition number above 1e8).
        """
        if self.condition > linear.CONDITION_LIMIT:
            raise CompensationError(
                "the spillover matrix can't be inverted reliably",
                code="singular" if self.condition > 1e15 else "ill-conditioned",
                where=self.source,
                found=f"condition number {self.condition:.3g}",
                expected=f"at most {linear.CONDITION_LIMIT:g}",
                next_step="Two dyes can hardly be told apart by these detectors; choose another matrix.",
            )
        result = linear.left_inverse(self.matrix)
        result.flags.writeable = False
        return result

    @cached_property
    def sha256(self) -> str:
        """SHA-256 (hex) over names and exact values; the source does not count."""
        return hashlib.sha256(self.to_csv().encode()).hexdigest()

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """What a person should know before this matrix is used (STANDARDS CO-06, CO-09, FCS-C02)."""
        return tuple(_doubts(self))

    def weights(self, wanted: Sequence[str]) -> NDArray[np.float64]:
        """Return the factors (n_wanted, n_detectors) of each detector for the dyes `wanted`.

        Rows of the transposed inverse, C order: what `kernels.compensate` multiplies.

        Raises
        ------
        CompensationError
            ``unknown-dye`` where the matrix has no such dye.
        """
        missing = [name for name in wanted if name not in self.names]
        if missing:
            raise CompensationError(
                "the spillover matrix does not hold every wanted channel",
                code="unknown-dye",
                where=self.source,
                found=", ".join(missing),
                expected=f"among {', '.join(self.names)}",
            )
        order = [self.names.index(name) for name in wanted]
        return np.ascontiguousarray(self.inverse.T[order])

    def apply(self, observed: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the compensated values (n_events, n_dyes) of `observed` (n_events, n_detectors).

        Both in linear data units, columns in the order of `detectors` and `names`. Negative results are
        kept (STANDARDS CO-04); a NaN in one detector makes every dye of that event NaN. The sums run in a
        fixed order: an event gets the same bits in any block and on any thread.
        """
        from nkflow.kernels import compensate

        if observed.ndim != 2 or observed.shape[1] != len(self.detectors):
            raise CompensationError(
                "the observed values do not fit the matrix",
                code="shape",
                where=self.source,
                found=f"an array of shape {observed.shape}",
                expected=f"(n_events, {len(self.detectors)})",
            )
        columns = np.ascontiguousarray(observed.T, dtype=np.float64)
        out = np.empty((len(self.names), columns.shape[1]))
        rows = np.arange(len(self.detectors))
        compensate.compensate_columns(columns, rows, self.weights(self.names), columns.shape[1], out)
        return out.T


def _check(
    names: tuple[str, ...], detectors: tuple[str, ...], matrix: NDArray[np.float64], source: str
) -> None:
    """Refuse what can't be a spillover matrix."""

    def refuse(code: str, message: str, found: str, expected: str) -> CompensationError:
        return CompensationError(message, code=code, where=source, found=found, expected=expected)

    if not names or matrix.shape != (len(names), len(detectors)):
        expected = f"({len(names)} dyes, {len(detectors)} detectors), at least one"
        raise refuse("shape", "names and matrix do not fit", f"a matrix of shape {matrix.shape}", expected)
    if len(names) > len(detectors):
        found = f"{len(names)} dyes, {len(detectors)} detectors"
        raise refuse(
            "shape", "more dyes than detectors can't be told apart", found, "at least as many detectors"
        )
    for what, labels in (("dye", names), ("detector", detectors)):
        bad = sorted({label for label in labels if not label or labels.count(label) > 1})
        if bad:
            raise refuse(
                "names", f"{what} names of the matrix are empty or doubled", str(bad), "unique names"
            )
    if not np.all(np.isfinite(matrix)):
        row, column = np.argwhere(~np.isfinite(matrix))[0]
        found = f"{matrix[row, column]} for {names[row]} in {detectors[column]}"
        raise refuse("non-finite", "the spillover matrix holds a value that is not finite", found, "numbers")
    empty = [name for name, row in zip(names, matrix, strict=True) if not row.any()]
    if empty:
        raise refuse(
            "empty-row", "a dye is seen by no detector", ", ".join(empty), "a row with its own detector"
        )


def _doubts(spillover: Spillover) -> list[Doubt]:
    """List the doubts about a valid matrix."""
    found = []
    if spillover.condition > linear.CONDITION_WARNING:
        text = f"the condition number is {spillover.condition:.3g}: errors of the detectors grow by as much"
        found.append(Doubt("ill-conditioned", text))
    if not spillover.is_square:
        return found
    diagonal = np.diag(spillover.matrix)
    off = spillover.matrix[~np.eye(len(diagonal), dtype=bool)]
    for name, value in zip(spillover.names, diagonal, strict=True):
        if abs(value - 1.0) > DIAGONAL_TOLERANCE:
            found.append(Doubt("diagonal", f"{name} counts {value:.6g} in its own detector instead of 1"))
    if off.size and -float(off[off < 0].sum()) > max(INVERTED, float(off[off > 0].sum())):
        text = "most spillover is negative: this looks like a compensation matrix (already inverted)"
        found.append(Doubt("inverted", text))
    return found
