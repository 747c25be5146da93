"""Matrices that must not be used: near-singular, already inverted, transposed (CO-01, CO-06, CO-09)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nkflow.compensation.inverse import invert
from nkflow.compensation.spillover import Spillover
from nkflow.errors import CompensationError

__all__ = ["refuse_unlike", "transposed"]

FAR_BETTER = 0.3  # of what the residual slopes add up to: the other orientation is the right one
LIKE = 0.25  # of the squared coefficients: what two matrices of one instrument may differ by


def refuse_unlike(matrix: Spillover, known: Spillover) -> None:
    """Refuse a square matrix that is the transpose or the inverse of what is known of the instrument.

    `known` is any matrix of the same detectors that is known to be right way round (measured from controls, or
    the file's own): a transposed matrix passes every other test, and gives wrong numbers without an error.

    Raises
    ------
    CompensationError
        ``singular``, ``ill-conditioned``, ``inverted`` or ``transposed``.
    """
    _refuse_inverse(matrix)
    shared = [name for name in matrix.names if name in known.names]
    if len(shared) < 2:
        return
    mine, theirs = _part(matrix, shared), _part(known, shared)
    size = float(np.sum(theirs**2))
    if size == 0.0:
        return
    right, turned, inverse = (
        float(np.sum((candidate - theirs) ** 2)) / size
        for candidate in (mine, mine.T, _off(invert(_square(matrix, shared))))
    )
    if turned < LIKE and turned < FAR_BETTER * right:
        raise transposed(f"its columns agree with the rows of {known.source or 'the known matrix'}")
    if inverse < LIKE and inverse < FAR_BETTER * right:
        raise _inverted(f"its inverse agrees with {known.source or 'the known matrix'}")


def _refuse_inverse(matrix: Spillover) -> None:
    _ = matrix.inverse  # singular and ill-conditioned ones end here
    if any(doubt.code == "inverted" for doubt in matrix.doubts):
        raise _inverted("mostly negative numbers off the diagonal")


def _square(matrix: Spillover, names: list[str]) -> NDArray[np.float64]:
    rows = [matrix.names.index(name) for name in names]
    columns = [matrix.detectors.index(name) for name in names]
    return np.asarray(matrix.matrix[np.ix_(rows, columns)])


def _off(square: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return rows divided by their diagonal, with the diagonal set to 0."""
    scaled = square / np.diag(square)[:, None]
    return np.asarray(scaled - np.eye(len(square)))


def _part(matrix: Spillover, names: list[str]) -> NDArray[np.float64]:
    return _off(_square(matrix, names))


def transposed(found: str) -> CompensationError:
    """Return the error of a matrix that is the wrong way round."""
    return CompensationError(
        "the matrix is transposed", code="transposed", found=found,
        expected="rows of dyes, columns of detectors: observed = true @ S",
        next_step="Transpose it; every number that was made with it is wrong.",
    )  # fmt: skip


def _inverted(found: str) -> CompensationError:
    return CompensationError(
        "the matrix is a compensation matrix, the inverse of a spillover matrix", code="inverted", found=found,
        expected="spillover: the part of each dye's light that every detector sees",
        next_step="Read it with Spillover.from_csv(..., inverted=True).",
    )  # fmt: skip
