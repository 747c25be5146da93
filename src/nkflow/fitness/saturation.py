"""Where a channel ends: events at its end are saturated, and say nothing about slopes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nkflow.fcs.channels import Channel

__all__ = ["ceiling", "unsaturated"]

PILE = 20  # events on one highest value that are no accident ...
PILE_SHARE = 0.002  # ... and which part of all events they must be
MEANINGLESS = 0.2  # a stated range that this part of all events exceeds says nothing about the hardware


def unsaturated(channels: Sequence[Channel], rows: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which events (n_events,) stand below the end of every channel; `rows` (n_channels, n_events)."""
    keep = np.ones(rows.shape[1], dtype=np.bool_)
    for channel, row in zip(channels, rows, strict=True):
        keep &= row < ceiling(channel, row)
    return keep


def ceiling(channel: Channel, values: NDArray[np.float64]) -> float:
    """Return the value at and above which a channel is saturated, data units; inf where there is none.

    The end of the stated range (`$PnR`), or the highest value where many events pile up on it. A range that
    a fifth of the events exceed is no end of the hardware.
    """
    finite = values[np.isfinite(values)]
    if not finite.size:
        return float("inf")
    highest = float(finite.max())
    piled = int(np.count_nonzero(finite == highest))
    stated = _stated(channel)
    if np.count_nonzero(finite >= stated) > MEANINGLESS * finite.size and highest > stated:
        stated = float("inf")
    if piled >= max(PILE, PILE_SHARE * finite.size):
        return min(stated, highest)
    return stated


def _stated(channel: Channel) -> float:
    """Return the data units of the highest stored value that `$PnR` allows."""
    if channel.range is None or channel.range <= 0:
        return float("inf")
    if channel.log is not None:
        decades, offset = channel.log
        return float((offset or 1.0) * 10.0 ** (decades * (channel.range - 1) / channel.range))
    return float((channel.range - 1) / channel.gain)
