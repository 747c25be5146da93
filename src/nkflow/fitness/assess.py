"""A matrix and the stained tube it is used for: residual slopes, and whether the events had it before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nkflow.compensation import Spillover
from nkflow.errors import CompensationError
from nkflow.fcs.sample import Sample
from nkflow.fitness.residual import Fitness, fitness
from nkflow.fitness.saturation import unsaturated
from nkflow.fitness.state import FEWEST, State, state_from

__all__ = ["assess", "compensation_state"]


def assess(
    observed: NDArray[np.float64], matrix: Spillover, *, usable: NDArray[np.bool_] | None = None
) -> Fitness:
    """Return the fitness of `matrix` for events (n_events, n_detectors) as the file holds them, with their state.

    Where too few channels have a bright population that stands apart, the state goes by the brighter part of
    the others too; the slopes of those are too rough to be judged.
    """
    compensated = matrix.apply(observed)
    found = fitness(compensated, matrix.names, usable=usable)
    if not matrix.is_square:
        return found
    state = state_from(found.slopes, found.errors, matrix)
    if state.pairs < FEWEST:
        rough = fitness(compensated, matrix.names, usable=usable, merged=True)
        state = state_from(rough.slopes, rough.errors, matrix)
    return replace(found, state=state)


def compensation_state(sample: Sample, spillover: Spillover | None = None) -> State:
    """Tell whether the events of `sample` were compensated before, with `spillover` (None: the file's own matrix).

    Raises
    ------
    CompensationError
        ``matrix-missing``: the file has no matrix and none was given; ``shape``: the matrix is not square.
    """
    matrix = spillover or sample.spillover
    if matrix is None:
        raise CompensationError(
            "there is no matrix to compare the events with", code="matrix-missing", where=sample.name,
            next_step="Pass spillover=...",
        )  # fmt: skip
    observed = sample.values(list(matrix.detectors))
    channels = [sample.channels[sample.index(name)] for name in matrix.detectors]
    state = assess(observed, matrix, usable=unsaturated(channels, observed.T)).state
    if state is None:
        raise CompensationError(
            "only a square matrix tells whether events were compensated before",
            code="shape",
            where=matrix.source,
        )
    return state
