"""Were the events compensated before? What the stained tube itself says, whatever its keywords say (FCS-C06)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nkflow.compensation import Spillover
from nkflow.controls.detectors import ceiling
from nkflow.controls.fitness import Fitness, fitness
from nkflow.errors import CompensationError
from nkflow.fcs.findings import Finding
from nkflow.fcs.sample import Sample

__all__ = ["State", "compensation_state", "state_of"]

SIZEABLE = 0.02  # of a coefficient: what a second compensation would show
FEWEST = 2  # pairs
NOISE = 0.01  # of a residual slope, besides its standard error
ALREADY = (0.65, 1.5)
NOT = 0.35

Word = Literal["compensated already", "not compensated", "unclear"]


@dataclass(frozen=True, eq=False)
class State:
    """What a tube says about its events.

    Attributes
    ----------
    word
        ``compensated already``: this matrix takes away what is not there any more; ``not compensated``: it takes
        away what was there; ``unclear``.
    share
        Part of the matrix that compensation with it takes away too much: 0 where the events needed it, 1 where
        they had it before. NaN where no pair says anything.
    pairs
        Number of pairs of channels that this rests on.
    fitness
        Of the events after compensation with the matrix.
    """

    word: Word
    share: float
    pairs: int
    fitness: Fitness

    def findings(self, where: str = "") -> tuple[Finding, ...]:
        """Return a finding where the events were compensated before."""
        if self.word != "compensated already":
            return ()
        text = (
            "the events are compensated already: compensating them leaves every neighbour of a bright channel "
            f"negative by {100 * self.share:.0f} % of the matrix ({self.pairs} pairs of channels)"
        )
        consequence = "compensate nothing (policy: none), whatever the keywords say"
        return (Finding("compensated-before", "error", text, where, consequence),)


def compensation_state(sample: Sample, spillover: Spillover | None = None) -> State:
    """Tell whether the events of `sample` were compensated before, with `spillover` (None: the file's own matrix).

    Raises
    ------
    CompensationError
        ``matrix-missing``: the file has no matrix and none was given.
    """
    matrix = spillover or sample.spillover
    if matrix is None:
        raise CompensationError(
            "there is no matrix to compare the events with", code="matrix-missing", where=sample.name,
            next_step="Pass spillover=...",
        )  # fmt: skip
    observed = sample.values(list(matrix.detectors))
    return state_of(observed, matrix, usable=unsaturated(sample, matrix, observed))


def unsaturated(sample: Sample, matrix: Spillover, observed: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which events stand below the end of every detector of the matrix."""
    keep = np.ones(len(observed), dtype=np.bool_)
    for name, column in zip(matrix.detectors, observed.T, strict=True):
        keep &= column < ceiling(sample.channels[sample.index(name)], column)
    return keep


def state_of(
    observed: NDArray[np.float64], matrix: Spillover, *, usable: NDArray[np.bool_] | None = None
) -> State:
    """Tell the same of values (n_events, n_detectors) as the file holds them.

    If the events y were compensated before, compensating them again gives ``y @ inv(S)``: in the neighbour j of
    a bright channel i a slope of ``inv(S)_ij / inv(S)_ii``, about ``-S_ij``. The share of that which is found,
    weighted by its certainty, is 1 for events that were compensated before and 0 for others.
    """
    found = fitness(matrix.apply(observed), matrix.names, usable=usable)
    again = matrix.inverse / np.diag(matrix.inverse)[:, None]
    use = np.isfinite(found.slopes) & np.isfinite(found.errors) & (np.abs(again) >= SIZEABLE)
    np.fill_diagonal(use, False)
    weight = 1.0 / (found.errors[use] ** 2 + NOISE**2)
    seen, expected, count = found.slopes[use], again[use], int(use.sum())
    share = float(np.sum(weight * seen * expected) / np.sum(weight * expected**2)) if count else float("nan")
    word: Word = "unclear"
    if count >= FEWEST and ALREADY[0] <= share <= ALREADY[1]:
        word = "compensated already"
    elif count >= FEWEST and abs(share) <= NOT:
        word = "not compensated"
    return State(word, share, count, found)
