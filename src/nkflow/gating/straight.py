"""Columns straight from events that stand in memory: no detector is copied for a sum that only reads it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from nkflow.gating.bind import Reading
from nkflow.gating.columns import Columns
from nkflow.kernels.compensate import add_pair
from nkflow.kernels.jit import entry

__all__ = ["StraightReader"]


class StraightReader:
    """Reads channels and compensated dyes, as a :class:`~nkflow.gating.held.HeldReader` those that are held.

    Parameters
    ----------
    columns
        Where `keys` stand in a block; no ratios.
    keys
        What is read, in the order of `columns`.
    events : (n_channels, n_events)
        Data units.
    """

    def __init__(self, columns: Columns, keys: Sequence[Reading], events: NDArray[np.floating]) -> None:
        self._events = events
        self._channels = [key.channel for key in keys if key.dye is None]
        self._pairs: list[tuple[NDArray[np.int64], NDArray[np.float64], int]] = []
        row = len(self._channels)
        for step in columns.coded:
            detectors = columns.decode[step.detectors]
            for k in range(0, len(step.weights), 2):
                self._pairs.append((detectors, step.weights[k : k + 2], row + k))
            row += len(step.weights)
        self._add_pair: Callable[..., None] | None = None

    def read(self, first: int, count: int, columns: NDArray[np.int64], out: NDArray[np.float64]) -> None:
        """Fill ``out[k, :count]`` with key k of events first .. first + count - 1."""
        for row, channel in enumerate(self._channels):  # `columns` are all of the keys
            out[row, :count] = self._events[channel, first : first + count]
        for detectors, weights, row in self._pairs:
            one, last = out[row, :count], len(weights) - 1
            two = out[row + 1, :count] if last else np.empty(count)  # nobody asks for it
            arguments = self._events, first, detectors, weights[0], weights[last], one, two
            self._add_pair = self._add_pair or entry(add_pair, *arguments)  # of the same kinds in every block
            self._add_pair(*arguments)
