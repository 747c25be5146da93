"""Samples that stand in memory: simulated, derived, or handed over by another program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nkflow.errors import InvalidValueError
from nkflow.fcs.channels import Channel, feature_of, kind_of, says_compensated

__all__ = ["channels_from", "columns_from"]


def columns_from(
    columns: Mapping[str, ArrayLike] | Sequence[ArrayLike] | NDArray[np.generic],
) -> NDArray[np.generic]:
    """Return a copy of `columns` as one float array (n_channels, n_events)."""
    if isinstance(columns, np.ndarray):
        if columns.ndim != 2:
            raise InvalidValueError(
                "events are not a table", found=f"{columns.ndim} dimensions", expected="2"
            )
        parts = list(columns.T)
    else:
        parts = [np.asarray(part) for part in (columns.values() if isinstance(columns, Mapping) else columns)]
    lengths = sorted({part.shape for part in parts})
    if len(lengths) != 1 or len(lengths[0]) != 1:
        raise InvalidValueError("columns differ in length", found=f"shapes {lengths}", expected="one length")
    kind = np.dtype(np.float32) if all(part.dtype == np.float32 for part in parts) else np.dtype(np.float64)
    stack = np.empty((len(parts), lengths[0][0]), dtype=kind)
    for row, part in zip(stack, parts, strict=True):
        row[:] = part
    stack.flags.writeable = False
    return stack


def channels_from(
    channels: Sequence[Channel | str],
    markers: Mapping[str, str] | Sequence[str] | None,
    count: int,
    dtype: np.dtype[np.generic],
) -> tuple[Channel, ...]:
    """Return one channel per column, numbered in order."""
    if len(channels) != count:
        raise InvalidValueError(
            "channels don't fit the columns", found=str(len(channels)), expected=str(count)
        )
    names = [channel if isinstance(channel, str) else channel.name for channel in channels]
    if len(set(names)) != count:
        raise InvalidValueError("channel names are not unique", found=", ".join(names))
    if markers is not None and not isinstance(markers, Mapping):
        if len(markers) != count:
            raise InvalidValueError(
                "markers don't fit the columns", found=str(len(markers)), expected=str(count)
            )
        markers = dict(zip(names, markers, strict=True))
    given = markers or {}
    single = dtype == np.float32
    result = []
    for index, channel in enumerate(channels):
        if isinstance(channel, str):
            channel = Channel(
                index,
                channel,
                kind=kind_of(channel),
                feature=feature_of(channel),
                original_name=channel,
                compensated=says_compensated(channel),
            )
        marker = given.get(channel.name, channel.marker)
        # events in memory are in data units already: no gain, no logarithm
        result.append(
            replace(
                channel,
                index=index,
                marker=marker,
                gain=1.0,
                log=None,
                bits=32 if single else 64,
                data_type="F" if single else "D",
            )
        )
    return tuple(result)
