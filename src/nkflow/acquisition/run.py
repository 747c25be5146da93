"""One look at the whole run, block by block: the clock, slices of time with their sums, and margins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nkflow.acquisition.levels import Levels, levels_of
from nkflow.acquisition.margin import Margin, MarginWatch
from nkflow.fcs.sample import Sample

__all__ = ["Run", "Slices", "look_at"]

_BLOCK = 8192
_MOST_SLICES = 16384


@dataclass(frozen=True, eq=False)
class Slices:
    """The run in short slices of whole clock ticks, of three events or so (more in a run of many events).

    Attributes
    ----------
    first : (n_slices + 1,) int64
        First event of each slice; the last entry is the number of events.
    begin : (n_slices + 1,)
        Time of the first event of each slice, and of the last event of the run.
    channels
        Names of the channels that were ranked.
    ranks : (n_channels, n_slices)
        Sums of ranks over the events of each slice; see `Levels`.
    """

    first: NDArray[np.int64]
    begin: NDArray[np.float64]
    channels: tuple[str, ...]
    ranks: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.first) - 1

    @property
    def events(self) -> NDArray[np.float64]:
        """Events of each slice, (n_slices,)."""
        return np.diff(self.first).astype(np.float64)

    @property
    def duration(self) -> NDArray[np.float64]:
        """Time from the first event of each slice to that of the next one, (n_slices,)."""
        return np.diff(self.begin)


@dataclass(frozen=True, eq=False)
class Run:
    """What one look at a sample gives.

    Attributes
    ----------
    time : (n_events,)
        Of the clock, in its own unit; None where there is no time channel.
    slices
        None where there is no time channel.
    at_margin : (n_events,) bool
    """

    time: NDArray[np.float64] | None
    slices: Slices | None
    margins: tuple[Margin, ...]
    at_margin: NDArray[np.bool_]


class _Sums:
    """Slices while they grow."""

    def __init__(self, levels: tuple[Levels, ...], n_events: int) -> None:
        self.levels = levels
        self.least = max(3, -(-n_events // _MOST_SLICES))
        room = n_events // self.least + 1
        self.time = np.empty(n_events)
        self.starts = np.zeros(room, dtype=np.int64)
        self.state = np.array([-1, self.least], dtype=np.int64)
        self.sums = np.zeros((len(levels), room))
        self._slices = np.empty(_BLOCK, dtype=np.int64)

    def look(self, first: int, time: NDArray[np.float64], values: NDArray[np.float64]) -> None:
        from nkflow.kernels.acquisition import add_levels, assign_slices

        count = len(time)
        self.time[first : first + count] = time
        slices = self._slices[:count]
        assign_slices(self.time, first, self.least, self.state, self.starts, slices)
        for row, (levels, x) in enumerate(zip(self.levels, values, strict=True)):
            add_levels(x, levels.cuts, levels.ranks, slices, self.sums[row])

    def close(self) -> Slices:
        n = int(self.state[0]) + 1
        first = np.append(self.starts[:n], len(self.time))
        begin = np.append(self.time[self.starts[:n]], self.time[-1:])
        names = tuple(levels.channel.name for levels in self.levels)
        return Slices(first, begin, names, self.sums[:, :n])


def look_at(sample: Sample, *, blur: float) -> Run:
    """Read every event of `sample` once; `blur` as for `levels_of`."""
    clock = next((channel for channel in sample.channels if channel.kind == "time"), None)
    signals = [channel for channel in sample.channels if channel.kind in {"scatter", "fluorescence"}]
    levels = levels_of(sample, signals, blur=blur)
    channels = [level.channel for level in levels]
    watch = MarginWatch(channels, sample.n_events)
    sums = None if clock is None or sample.n_events == 0 else _Sums(levels, sample.n_events)
    columns = np.array(
        [channel.index for channel in (*channels, *([clock] if clock else []))], dtype=np.int64
    )
    block = np.empty((len(columns), _BLOCK))
    with sample.open() as reader:
        for first in range(0, sample.n_events, _BLOCK):
            count = min(_BLOCK, sample.n_events - first)
            reader.read(first, count, columns, block)
            values = block[: len(channels), :count]
            watch.look(first, values)
            if sums is not None:
                sums.look(first, block[-1, :count], values)
    margins = watch.close(sample)
    if sums is None:
        return Run(None, None, margins, watch.marked)
    return Run(sums.time, sums.close(), margins, watch.marked)
