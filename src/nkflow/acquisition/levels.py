"""Every signal as ranks: what a gain, a mixture or a scale does to the values then no longer matters.

A value is looked up among the quantiles of an evenly spaced part of the run and becomes the mid-rank of its level.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nkflow.fcs.channels import Channel
from nkflow.fcs.sample import Sample

__all__ = ["Levels", "levels_of"]

_LEVELS = 64  # as many as the kernel knows
_CHUNKS, _CHUNK = 64, 256


@dataclass(frozen=True, eq=False)
class Levels:
    """The levels of one channel.

    Attributes
    ----------
    cuts : (63,)
        Ascending values; the level of an event is how many of them it reaches.
    ranks : (64,)
        Mid-rank of each level, 0 to 1.
    extremes : (64,)
        Mean of ``|2 rank - 1|`` over each level: 0 in the middle, 1 at both ends.
    """

    channel: Channel
    cuts: NDArray[np.float64]
    ranks: NDArray[np.float64]
    extremes: NDArray[np.float64]


def levels_of(sample: Sample, channels: Sequence[Channel]) -> tuple[Levels, ...]:
    """Return the levels of `channels`; a channel of one single value has none and is left out."""
    columns = np.array([channel.index for channel in channels], dtype=np.int64)
    values = _part(sample, columns)
    found = (_levels(channel, x[np.isfinite(x)]) for channel, x in zip(channels, values, strict=True))
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


def _levels(channel: Channel, values: NDArray[np.float64]) -> Levels | None:
    if values.size == 0 or values.min() == values.max():
        return None
    cuts = np.quantile(values, np.arange(1, _LEVELS) / _LEVELS)
    counts = np.bincount(np.searchsorted(cuts, values, side="right"), minlength=_LEVELS)
    ends = np.concatenate([[0.0], np.cumsum(counts) / values.size])
    low, high = ends[:-1], ends[1:]
    return Levels(channel, cuts, (low + high) / 2, _extremeness(low, high))


def _extremeness(low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of ``|2 r - 1|`` over ranks r from `low` to `high`."""
    beyond = np.maximum(high - 0.5, 0.0) ** 2 - np.maximum(low - 0.5, 0.0) ** 2
    below = np.maximum(0.5 - low, 0.0) ** 2 - np.maximum(0.5 - high, 0.0) ** 2
    width = high - low
    result: NDArray[np.float64] = np.abs(low + high - 1.0)
    np.divide(beyond + below, width, out=result, where=width > 0)
    return result
