"""A scale as the arrays that kernels take, with the pieces of its fast path."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nkflow.errors import ScaleError

__all__ = [
    "ACCURACY",
    "Table",
    "build",
    "exact_column",
    "fast_column",
    "settled",
    "with_pieces",
    "with_starts",
]

ACCURACY = 1e-12  # of the display value, at most, between the fast path and the exact one
BITS = (8, 9, 10, 11)  # of the mantissa that number the pieces; the first that is accurate enough is taken
MOST_PIECES = 1 << 16

# a cubic through these places of a piece meets its neighbours and misses by h^4 f''''/2238 in the middle
_PLACES = (0.0, 1.0 - math.sqrt(0.5), math.sqrt(0.5), 1.0)
_SHARED = 11  # places of `parameters`, see kernels/scales.py and kernels/scales_pieces.py


class Table(NamedTuple):
    """What `kernels.scales` and `kernels.scales_pieces` need to know of a scale, in their order of arguments.

    Attributes
    ----------
    kind
        ``LINEAR``, ``LOG``, ``ARCSINH``, ``CURVE`` or ``BIEX`` of `kernels.scales`.
    parameters : (11,)
    knots : (n_knots,)
        Empty but for ``BIEX``.
    pieces : (n_pieces, 4), or (n_pieces, 1) for ``BIEX``
        Empty where the scale has no fast path.
    """

    kind: int
    parameters: NDArray[np.float64]
    knots: NDArray[np.float64]
    pieces: NDArray[np.float64]


def build(
    kind: int,
    bounds: tuple[float, float],
    values: tuple[float, ...],
    knots: NDArray[np.float64] | None = None,
) -> Table:
    """Return the table of a scale without pieces: `values` are its own parameters, from place 2."""
    parameters = np.zeros(_SHARED)
    parameters[: 2 + len(values)] = (*bounds, *values)
    return _frozen(Table(kind, parameters, np.empty(0) if knots is None else knots, np.empty((0, 4))))


def with_pieces(table: Table, offset: float, low: float, high: float) -> Table:
    """Return `table` with cubic pieces for |x| from `low` to `high`.

    Without, where none are accurate enough or too many would be needed. The error is asserted here: against
    the exact path in the middle of every piece, where it is largest, and with what v loses of x by rounding.
    """
    with np.errstate(
        all="ignore"
    ):  # of scales at the ends of float64; what comes of it is no number, and not taken
        for bits in BITS:
            fast, edges = _numbered(table, offset, low, high, bits)
            if len(edges) - 1 > MOST_PIECES:
                break
            fast = _frozen(fast._replace(pieces=_cubics(table, edges, fast.parameters[8])))
            middle = 0.5 * (edges[:-1] + edges[1:]) - fast.parameters[8]
            missed = np.abs(fast_column(fast, middle) - exact_column(table, middle))
            rounded = 0.5 * np.spacing(edges[1:]) * np.abs(fast.pieces[:, 1])
            if np.all(missed + rounded <= ACCURACY):
                return fast
    return table


def with_starts(table: Table, offset: float) -> Table:
    """Return a ``BIEX`` table with, for every piece of the data axis, the knot from which to look."""
    fast, edges = _numbered(table, offset, 0.0, float(table.knots[-1]), bits=9)
    starts = np.searchsorted(table.knots, edges[:-1] - fast.parameters[8], side="right") - 1
    pieces = np.clip(starts, 0, len(table.knots) - 2).astype(np.float64)[:, np.newaxis]
    return _frozen(fast._replace(pieces=pieces))


def exact_column(table: Table, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the display values of `x` (n,) to the last digits.

    Raises
    ------
    ScaleError
        (``no-convergence``) where a root did not settle.
    """
    return fast_column(_frozen(table._replace(pieces=np.empty((0, 4)))), x)


def fast_column(
    table: Table, x: NDArray[np.float64], out: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Return the display values of `x` (n,) by the fast path, in `out` where it is given."""
    from nkflow.kernels import scales_pieces as kernels

    x = x if x.flags.writeable else x.copy()
    result = np.empty(x.shape) if out is None else out
    settled(kernels.column(*table, x, result))
    return result


def settled(failures: int) -> None:
    """Raise `ScaleError` (``no-convergence``) where values did not settle on a scale."""
    if failures:
        raise ScaleError(
            "a scale did not settle",
            code="no-convergence",
            found=f"{failures} values without a root",
            next_step="Report the parameters of the scale.",
        )


def _numbered(
    table: Table, offset: float, low: float, high: float, bits: int
) -> tuple[Table, NDArray[np.float64]]:
    """Return `table` with offset, first piece and shift, and the edges of all pieces in v = |x| + offset."""
    shift = np.int64(52 - bits)
    rounded = np.int64(np.float64(offset).view(np.int64) >> shift << shift).view(np.float64)
    first = np.float64(rounded + low).view(np.int64) >> shift
    last = np.float64(rounded + high).view(np.int64) >> shift
    parameters = table.parameters.copy()
    parameters[8:11] = rounded, first, shift
    edges = (np.arange(first, last + 2, dtype=np.int64) << shift).view(np.float64)
    return table._replace(parameters=parameters), edges


def _cubics(table: Table, edges: NDArray[np.float64], offset: float) -> NDArray[np.float64]:
    """Return the coefficients (n, 4) of the cubics through the exact values at `_PLACES`.

    The values of odd scales are counted from zero's place on the axis, and without bounds.
    """
    from nkflow.kernels.scales import LOG

    parameters = table.parameters.copy()
    parameters[:2] = -np.inf, np.inf
    if table.kind != LOG:
        parameters[2] = 0.0
    plain = _frozen(table._replace(parameters=parameters))
    width = np.diff(edges)
    places = np.array(_PLACES)
    x = edges[:-1, np.newaxis] + width[:, np.newaxis] * places - offset
    y = exact_column(plain, x.ravel()).reshape(x.shape)
    # Newton's divided differences in u = (v - edge) / width, then powers of v - edge
    d01, d12, d23 = (np.diff(y, axis=1) / np.diff(places)).T
    d012, d123 = (d12 - d01) / places[2], (d23 - d12) / (1.0 - places[1])
    d0123 = d123 - d012
    p1, p2 = places[1], places[2]
    c1 = d01 - d012 * p1 + d0123 * p1 * p2
    c2 = d012 - d0123 * (p1 + p2)
    return np.ascontiguousarray(np.stack([y[:, 0], c1 / width, c2 / width**2, d0123 / width**3], axis=1))


def _frozen(table: Table) -> Table:
    """Make the arrays read-only; writable ones would be compiled for once more."""
    for array in (table.parameters, table.knots, table.pieces):
        array.flags.writeable = False
    return table
