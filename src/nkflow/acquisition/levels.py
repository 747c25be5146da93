"""Every signal as ranks: which scale a channel has, and how many populations, then no longer matters.

A value becomes its rank in the run, between 0 and 1: by the level it has among 64 quantiles of an evenly spaced part.
The run is blurred for it: each value is ranked among values that a normal factor spreads. A channel whose events all
lie within 3 % would otherwise call a change of 1 % large.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from nkflow.fcs.channels import Channel
from nkflow.fcs.sample import Sample

__all__ = ["Levels", "levels_of"]

_LEVELS = 64  # as many as the kernel knows
_CHUNKS, _CHUNK = 64, 256
_NODES = np.array([NormalDist().inv_cdf((k + 0.5) / 64) for k in range(64)])


@dataclass(frozen=True, eq=False)
class Levels:
    """The levels of one channel.

    Attributes
    ----------
    cuts : (63,)
        Ascending values; the level of an event is how many of them it reaches.
    ranks : (64,)
        Rank of each level, 0 to 1.
    """

    channel: Channel
    cuts: NDArray[np.float64]
    ranks: NDArray[np.float64]


def levels_of(sample: Sample, channels: Sequence[Channel], *, blur: float) -> tuple[Levels, ...]:
    """Return the levels of `channels`; a channel of one single value has none and is left out.

    Parameters
    ----------
    blur
        SD of the natural logarithm of the factor.
    """
    columns = np.array([channel.index for channel in channels], dtype=np.int64)
    values = _part(sample, columns)
    found = (_levels(channel, x[np.isfinite(x)], blur) for channel, x in zip(channels, values, strict=True))
    return tuple(levels for levels in found if levels is not None)


def _part(sample: Sample, columns: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return data units (n_channels, at most 16384) of evenly spaced short stretches, or of all events."""
    n = sample.n_events
    chunk = _CHUNK if n > _CHUNKS * _CHUNK else -(-n // _CHUNKS)
    values = np.empty((len(columns), min(n, _CHUNKS * chunk)))
    firsts = (
        np.linspace(0, n - chunk, _CHUNKS).astype(int) if n > values.shape[1] else range(0, n, max(chunk, 1))
    )
    with sample.open() as reader:
        for place, first in enumerate(firsts):
            count = min(chunk, n - int(first))
            reader.read(int(first), count, columns, values[:, place * chunk : place * chunk + count])
    return values


def _levels(channel: Channel, values: NDArray[np.float64], blur: float) -> Levels | None:
    values = np.sort(values)
    if values.size == 0 or values[0] == values[-1]:
        return None
    cuts = values[np.arange(1, _LEVELS) * values.size // _LEVELS]
    ends = np.concatenate([[0], np.searchsorted(values, cuts), [values.size]])
    middles = values[np.minimum((ends[:-1] + ends[1:]) // 2, values.size - 1)]
    blurred = middles[:, None] * np.exp(blur * _NODES)
    below = np.searchsorted(values, blurred) + np.searchsorted(values, blurred, side="right")
    return Levels(channel, cuts, below.mean(axis=1) / (2 * values.size))
