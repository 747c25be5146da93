"""The inverse of a spillover matrix, with the same bits on every machine.

BLAS libraries choose their loops by processor, so that ``numpy.linalg.inv`` may differ in its last bits from
one machine to the next. Gauss-Jordan elimination on whole rows uses only single products, differences and
quotients, which IEEE 754 fixes; at the size of a panel it costs nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nkflow.errors import CompensationError

__all__ = ["CONDITION_LIMIT", "CONDITION_WARNING", "condition", "invert", "left_inverse"]

CONDITION_WARNING = 1e3
CONDITION_LIMIT = 1e8  # float32 observations lose about 5e4 units here (STANDARDS CO-06)


def condition(matrix: NDArray[np.float64]) -> float:
    """Return the 2-norm condition number of `matrix` (n_dyes, n_detectors); inf where it is singular."""
    singular = np.linalg.svd(matrix, compute_uv=False)
    return float(singular[0] / singular[-1]) if singular[-1] > 0 else float("inf")


def invert(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the inverse of the square `matrix` (n, n) by Gauss-Jordan elimination with partial pivoting.

    Raises
    ------
    CompensationError
        (``singular``) where a pivot is zero.
    """
    n = matrix.shape[0]
    work = np.hstack([matrix, np.eye(n)])
    for column in range(n):
        pivot = column + int(np.argmax(np.abs(work[column:, column])))
        if work[pivot, column] == 0.0:
            raise CompensationError(
                "the spillover matrix is singular",
                code="singular",
                found=f"rank {column} of {n}",
                next_step="Two dyes can't be told apart by these detectors; choose another matrix.",
            )
        work[[column, pivot]] = work[[pivot, column]]
        work[column] /= work[column, column]
        factors = work[:, column].copy()
        factors[column] = 0.0
        work -= factors[:, np.newaxis] * work[column]
    return np.ascontiguousarray(work[:, n:])


def left_inverse(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the least-squares unmixing matrix (n_detectors, n_dyes) of `matrix` (n_dyes, n_detectors).

    ``observed @ left_inverse(matrix)`` minimises the sum of squared residuals over the detectors
    (STANDARDS 4.2, OLS); for a square matrix it is the inverse.
    """
    if matrix.shape[0] == matrix.shape[1]:
        return invert(matrix)
    return np.ascontiguousarray(np.linalg.pinv(matrix))
