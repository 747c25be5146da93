"""Events at the upper end of a channel's range: the detector or the digitiser could not say how bright they were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nkflow.fcs.channels import Channel
from nkflow.fcs.sample import Sample

__all__ = ["Margin", "MarginWatch", "limit_of"]

_BLOCK = 8192
_PILE = 3


@dataclass(frozen=True, eq=False)
class Margin:
    """Events of one channel at the upper end of its range.

    Attributes
    ----------
    channel
        ``$PnN``.
    limit
        In data units; events at or above it.
    events
        How many.
    piled
        Whether the limit is that of a pile-up below ``$PnR``, and not ``$PnR`` itself.
    """

    channel: str
    limit: float
    events: int
    piled: bool

    def as_dict(self) -> dict[str, object]:
        """Return plain values; a limit that only infinite events reach is None."""
        return {**vars(self), "limit": self.limit if np.isfinite(self.limit) else None}


class MarginWatch:
    """Looks at all blocks of a run in turn, then says which events stand at a margin (STANDARDS AG-08).

    At the margin is an event at ``$PnR`` - 1 or above (integers), ``$PnR`` or above (floats), or in a pile-up:
    the highest value of the run, of three events or more and of three times as many as the value below it.
    Piles at the lower end are left alone: they are where logarithmic amplifiers put negative cells.
    """

    def __init__(self, channels: Sequence[Channel], n_events: int) -> None:
        self.channels = tuple(channels)
        self.marked = np.zeros(n_events, dtype=np.bool_)
        self._limits = [limit_of(channel) for channel in channels]
        self._counts = [0] * len(self.channels)
        self._tops = np.tile(np.array([-np.inf, 0.0, -np.inf, 0.0]), (len(self.channels), 1))

    def look(self, first: int, values: NDArray[np.float64]) -> None:
        """Take in a block: data units (n_channels, count) of the events from `first`."""
        from nkflow.kernels.acquisition import mark_margin, track_top

        count = values.shape[1]
        marked = self.marked[first : first + count]
        for row, x in enumerate(values):
            self._counts[row] += mark_margin(x, self._limits[row], marked)
            track_top(x, self._tops[row])

    def close(self, sample: Sample) -> tuple[Margin, ...]:
        """Mark pile-ups too, and return the margins that hold events, in the order of the channels."""
        result = []
        for row, channel in enumerate(self.channels):
            top, count, below, count_below = self._tops[row].tolist()
            if self._counts[row]:
                result.append(Margin(channel.name, self._limits[row], self._counts[row], False))
            elif count >= _PILE and count >= _PILE * count_below and np.isfinite(below):
                self._mark(sample, channel, top)
                result.append(Margin(channel.name, top, int(count), True))
        return tuple(result)

    def _mark(self, sample: Sample, channel: Channel, limit: float) -> None:
        """Read one channel again and mark what reaches `limit`."""
        from nkflow.kernels.acquisition import mark_margin

        block = np.empty((1, _BLOCK))
        with sample.open() as reader:
            for first in range(0, sample.n_events, _BLOCK):
                count = min(_BLOCK, sample.n_events - first)
                reader.read(first, count, [channel.index], block)
                mark_margin(block[0, :count], limit, self.marked[first : first + count])


def limit_of(channel: Channel) -> float:
    """Return the data units from which on an event stands at the margin; infinity where ``$PnR`` is unknown."""
    if channel.range is None or channel.range <= 0:
        return np.inf
    if channel.data_type not in {"I", "A"}:
        return float(channel.range) / channel.gain
    stored = channel.range - 1.5  # between the last value and the one before: no rounding can move it
    if channel.log is not None:
        decades, offset = channel.log
        return float(offset * 10.0 ** (decades * stored / channel.range))
    return float(stored / channel.gain)
