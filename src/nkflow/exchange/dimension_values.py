"""The values that a gate compares, for some events."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nkflow.gating.gates import Dimension
from nkflow.gating.result import Gating
from nkflow.gating.values import values_of

__all__ = ["dimension_values"]


def dimension_values(gating: Gating, dimension: Dimension, events: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return `dimension` of `events` (n,), ascending, in data units, compensated as it was gated."""
    inside = np.zeros(gating.n_events, dtype=np.bool_)
    inside[events] = True
    first = _channel(gating, dimension, dimension.channel, inside)
    if dimension.per is None or dimension.ratio is None:
        return first
    return dimension.ratio.forward(first, _channel(gating, dimension, dimension.per, inside))


def _channel(
    gating: Gating, dimension: Dimension, channel: str, inside: NDArray[np.bool_]
) -> NDArray[np.float64]:
    binding = gating.binding
    if dimension.compensated is False:
        binding = replace(binding, spillover=None, detectors=())
    elif dimension.matrix:
        matrix, detectors = binding.matrix(dimension.matrix)
        binding = replace(binding, spillover=matrix, detectors=detectors)
    return np.ascontiguousarray(values_of(gating.sample, binding, (channel,), inside)[:, 0])
