"""Events that stand in memory: simulated, derived, handed over by another program, or decoded from text."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nkflow.errors import InvalidValueError
from nkflow.fcs.blocks import Columns, Request, check_range
from nkflow.fcs.channels import Channel, feature_of, kind_of, says_compensated
from nkflow.fcs.decode import convert, converts
from nkflow.fcs.hashing import BlockHasher, KnownHash, file_sha256
from nkflow.fcs.source import FileMark
from nkflow.kernels import select

__all__ = ["MemoryEvents", "MemoryReader", "channels_from", "columns_from"]

Table = Mapping[str, ArrayLike] | Sequence[ArrayLike] | NDArray[np.generic]


@dataclass(frozen=True, eq=False)
class MemoryEvents:
    """Stored values in memory.

    Attributes
    ----------
    columns : (n_channels, n_events)
        Read-only, of one native type.
    channels
        How stored values become data units.
    time_step
        What values of the time channel are multiplied by; 1 where they are data units already.
    origin
        The file they were decoded from, and its state then.
    """

    columns: NDArray[np.generic]
    channels: tuple[Channel, ...]
    time_step: float = 1.0
    origin: tuple[Path, FileMark] | None = None

    @property
    def n_events(self) -> int:
        """Number of events."""
        return int(self.columns.shape[1])

    @property
    def in_memory(self) -> NDArray[np.floating] | None:
        """Data units of all events (n_channels, n_events) where the stored values are that; else None."""
        if self.columns.dtype not in (np.float32, np.float64):
            return None
        stored = cast(NDArray[np.floating], self.columns)
        return None if any(converts(channel, self.time_step) for channel in self.channels) else stored

    def open(self, hasher: BlockHasher | None = None) -> MemoryReader:
        """Return a reader."""
        return MemoryReader(self)

    def stored(self, columns: NDArray[np.int64]) -> NDArray[np.generic]:
        """Return the values (n_events, n_columns)."""
        return np.array(self.columns[columns].T, order="C")

    def hasher(self) -> BlockHasher:
        """Return the hash that is known already."""
        return KnownHash(self.sha256())

    def sha256(self) -> str:
        """Return the SHA-256 (hex) of the file they come from, else of type, shape, names and values."""
        if self.origin is not None:
            return file_sha256(*self.origin)
        names = "\0".join(channel.name for channel in self.channels)
        digest = hashlib.sha256(f"{self.columns.dtype.str} {self.columns.shape} {names}".encode())
        digest.update(np.ascontiguousarray(self.columns).data.cast("B"))
        return digest.hexdigest()


class MemoryReader:
    """Copies blocks out of memory; see :class:`~nkflow.fcs.blocks.BlockReader`."""

    def __init__(self, events: MemoryEvents) -> None:
        self._events, self._floats = events, events.in_memory
        self._request = Request(events.n_events, len(events.channels))
        self._converts = [converts(channel, events.time_step) for channel in events.channels]

    def read(self, first: int, count: int, columns: Columns, out: NDArray[np.float64]) -> None:
        """Fill ``out[k, :count]`` with data units of ``columns[k]`` for events first .. first + count - 1."""
        events = self._events
        wanted = self._request.checked(first, count, columns, out)
        for row, column in enumerate(wanted.tolist()):
            out[row, :count] = events.columns[column, first : first + count]
            if self._converts[column]:
                convert(out[row, :count], events.channels[column], events.time_step)

    def pick(self, positions: NDArray[np.int64], columns: Columns, out: NDArray[np.float64]) -> None:
        """Fill ``out[k, :n]`` with data units of ``columns[k]`` for the events at `positions` (n,), ascending."""
        events, n = self._events, len(positions)
        wanted = self._request.checked(0, n, columns, out)
        if self._floats is not None and n:
            check_range(int(positions.min()), 1, events.n_events)
            check_range(int(positions.max()), 1, events.n_events)
            select.take_columns(self._floats, wanted, positions.view(np.uint64), out)
            return
        for row, column in enumerate(wanted.tolist()):
            out[row, :n] = events.columns[column][positions]
            if self._converts[column]:
                convert(out[row, :n], events.channels[column], events.time_step)

    def close(self) -> None:
        """Nothing to give back."""

    def __enter__(self) -> MemoryReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def columns_from(columns: Table) -> NDArray[np.generic]:
    """Return a read-only copy of `columns` as one float array (n_channels, n_events).

    Raises
    ------
    InvalidValueError
        No table, or columns of different lengths.
    """
    if isinstance(columns, np.ndarray):
        if columns.ndim != 2:
            raise InvalidValueError(
                "events are not a table", found=f"{columns.ndim} dimensions", expected="2"
            )
        parts = list(columns.T)
    else:
        parts = [np.asarray(part) for part in (columns.values() if isinstance(columns, Mapping) else columns)]
    shapes = {part.shape for part in parts}
    if len(shapes) != 1 or any(len(shape) != 1 for shape in shapes):
        raise InvalidValueError(
            "columns don't make a table",
            found=f"shapes {sorted(shapes)}",
            expected="one length, one dimension",
        )
    single = all(part.dtype == np.float32 for part in parts)
    stack = np.array(parts, dtype=np.float32 if single else np.float64)
    stack.flags.writeable = False
    return stack


def channels_from(
    channels: Sequence[Channel | str],
    markers: Mapping[str, str] | Sequence[str] | None,
    columns: NDArray[np.generic],
) -> tuple[Channel, ...]:
    """Return one channel per column, numbered in order; values in memory need no gain and no logarithm.

    Raises
    ------
    InvalidValueError
        Another number of channels or markers than of columns; names that are not unique.
    """
    made = [_named(channel) if isinstance(channel, str) else channel for channel in channels]
    names = [channel.name for channel in made]
    for what, found in (("channels", names), ("markers", names if markers is None else markers)):
        if len(found) != len(columns) and not isinstance(found, Mapping):
            raise InvalidValueError(
                f"{what} don't fit the columns", found=str(len(found)), expected=str(len(columns))
            )
    if len(set(names)) != len(names):
        raise InvalidValueError("channel names are not unique", found=", ".join(names))
    by_name = markers if isinstance(markers, Mapping) else dict(zip(names, markers or (), strict=False))
    single = columns.dtype == np.float32
    return tuple(
        replace(
            channel,
            index=index,
            marker=by_name.get(channel.name, channel.marker),
            gain=1.0,
            log=None,
            bits=32 if single else 64,
            data_type="F" if single else "D",
        )
        for index, channel in enumerate(made)
    )


def _named(name: str) -> Channel:
    return Channel(
        0,
        name,
        kind=kind_of(name),
        feature=feature_of(name),
        original_name=name,
        compensated=says_compensated(name),
    )
