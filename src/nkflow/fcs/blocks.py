"""Where events come from, block by block: a file or memory."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nkflow.errors import FCSChangedError, FCSError
from nkflow.fcs.channels import Channel
from nkflow.fcs.decode import Decoder
from nkflow.fcs.layout import Layout

__all__ = ["BlockReader", "FileEvents", "FileMark", "MemoryEvents", "MemoryReader"]

_BLOCK = 8192
_PIECE = 1 << 18  # bytes that are read, swapped and masked while they are in cache
Columns = Sequence[int] | NDArray[np.int64]


class BlockReader(Protocol):
    """Reads blocks of events as columns; one per thread."""

    def read(self, first: int, count: int, columns: Columns, out: NDArray[np.float64]) -> None:
        """Fill ``out[k, :count]`` with data units of ``columns[k]`` for events first .. first + count - 1."""

    def close(self) -> None:
        """Give back what the reader holds."""

    def __enter__(self) -> BlockReader: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@dataclass(frozen=True)
class FileMark:
    """What tells one state of a file from another without reading it."""

    size: int
    modified_ns: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> FileMark:
        """Return the mark of a file by its `os.stat` result."""
        return cls(status.st_size, status.st_mtime_ns, status.st_ino)


@dataclass(frozen=True, eq=False)
class FileEvents:
    """Events of a binary DATA segment in a file.

    Attributes
    ----------
    begin
        Byte of the file where the first event begins.
    mark
        State of the file when its header was read.
    """

    path: Path
    begin: int
    n_events: int
    layout: Layout
    channels: tuple[Channel, ...]
    time_step: float
    mark: FileMark

    def open(self) -> FileReader:
        """Return a reader with its own file handle and buffers."""
        return FileReader(self)

    def stored(self, columns: NDArray[np.int64]) -> NDArray[np.generic]:
        """Return the masked stored values (n_events, n_columns), in the smallest native type for all."""
        layout = self.layout
        result = np.empty((self.n_events, len(columns)), dtype=layout.dtype(columns.tolist()))
        with self.open() as reader:
            if layout.uniform is not None and np.array_equal(columns, np.arange(len(layout.columns))):
                reader.load_matrix(result)
            else:
                reader.load_columns(columns, result)
        return result

    def sha256(self) -> str:
        """Return the SHA-256 (hex) of the whole file."""
        with open(self.path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


class FileReader:
    """Reads blocks of one file; see :class:`BlockReader`."""

    def __init__(self, events: FileEvents) -> None:
        self._events = events
        self._decoder = Decoder(events.layout, events.channels, events.time_step)
        self._buffer = np.empty(0, np.uint8)
        try:
            self._file = open(events.path, "rb", buffering=0)  # noqa: SIM115 - closed in close()
        except OSError as problem:
            raise FCSChangedError(
                "the file can't be opened any more", where=str(events.path), found=str(problem)
            ) from problem

    def read(self, first: int, count: int, columns: Columns, out: NDArray[np.float64]) -> None:
        """Fill ``out[k, :count]`` with data units of ``columns[k]`` for events first .. first + count - 1.

        Raises
        ------
        FCSChangedError
            The file was changed since its header was read.
        """
        wanted = np.asarray(columns, dtype=np.int64)
        block, skip = self.load(first, count)
        self._decoder.values(block, skip, count, wanted, out)

    def load(self, first: int, count: int) -> tuple[NDArray[np.uint8], int]:
        """Return the bytes of `count` events, and how many bits into them the first one begins."""
        events = self._events
        if not 0 <= first <= first + count <= events.n_events:
            raise FCSError(
                "these events are not in the file",
                code="event-range",
                where=str(events.path),
                found=f"{first}..{first + count}",
                expected=f"0..{events.n_events}",
            )
        first_bit = first * events.layout.row_bits
        last_bit = (first + count) * events.layout.row_bits
        start, stop = first_bit // 8, (last_bit + 7) // 8
        length = stop - start
        if self._buffer.nbytes < length:
            self._buffer = np.empty(-(-length // 8) * 8, np.uint8)
        self._fill(events.begin + start, memoryview(self._buffer)[:length])
        return self._buffer, first_bit % 8

    def _fill(self, position: int, target: memoryview) -> None:
        """Read exactly `target` from `position`; the file must still be the one whose header was read."""
        where = str(self._events.path)
        self._file.seek(position)
        done = 0
        while done < len(target):
            got = self._file.readinto(target[done:])
            if not got:
                raise FCSChangedError("the file became shorter while it was read", where=where)
            done += got
        if FileMark.of(os.fstat(self._file.fileno())) != self._events.mark:
            raise FCSChangedError(
                "the file was changed after its header was read",
                where=where,
                next_step="Read the file again once nothing writes to it.",
            )

    def load_matrix(self, result: NDArray[np.generic]) -> None:
        """Fill `result` (n_events, n_channels) of a uniform layout; bytes are swapped while they are in cache."""
        uniform = self._events.layout.uniform
        masks = _masks(self._events.layout, result.dtype)
        flat = memoryview(result.reshape(-1).view(np.uint8))
        step = max(1, _PIECE // self._events.layout.row_bytes)
        row_bytes = self._events.layout.row_bytes
        for first in range(0, self._events.n_events, step):
            part = result[first : first + step]
            start = first * row_bytes
            self._fill(self._events.begin + start, flat[start : start + part.nbytes])
            if uniform is not None and not uniform.isnative:
                part.byteswap(inplace=True)
            if masks is not None:
                np.bitwise_and(part, masks, out=part)

    def load_columns(self, columns: NDArray[np.int64], result: NDArray[np.generic]) -> None:
        """Fill `result` (n_events, n_columns) column by column."""
        for first in range(0, self._events.n_events, _BLOCK):
            part = result[first : first + _BLOCK]
            block, skip = self.load(first, len(part))
            for place, column in enumerate(columns):
                part[:, place] = self._decoder.stored(block, skip, len(part), int(column))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> FileReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True, eq=False)
class MemoryEvents:
    """Events that stand in memory already, in data units.

    Attributes
    ----------
    columns : (n_channels, n_events)
        Read-only, of one native type.
    """

    columns: NDArray[np.generic]

    @property
    def n_events(self) -> int:
        """Number of events."""
        return int(self.columns.shape[1])

    def stored(self, columns: NDArray[np.int64]) -> NDArray[np.generic]:
        """Return the values (n_events, n_columns)."""
        return np.ascontiguousarray(self.columns[columns].T)

    def sha256(self) -> str:
        """Return the SHA-256 (hex) of type, shape and values."""
        digest = hashlib.sha256(f"{self.columns.dtype.str} {self.columns.shape}".encode())
        digest.update(memoryview(np.ascontiguousarray(self.columns)).cast("B"))
        return digest.hexdigest()

    def open(self) -> MemoryReader:
        """Return a reader."""
        return MemoryReader(self)


class MemoryReader:
    """Copies blocks out of memory; see :class:`BlockReader`."""

    def __init__(self, events: MemoryEvents) -> None:
        self._events = events

    def read(self, first: int, count: int, columns: Columns, out: NDArray[np.float64]) -> None:
        """Fill ``out[k, :count]`` with the values of ``columns[k]`` for events first .. first + count - 1."""
        if not 0 <= first <= first + count <= self._events.n_events:
            raise FCSError(
                "these events are not in the sample",
                code="event-range",
                found=f"{first}..{first + count}",
                expected=f"0..{self._events.n_events}",
            )
        for row, column in enumerate(columns):
            out[row, :count] = self._events.columns[column, first : first + count]

    def close(self) -> None:
        """Nothing to give back."""

    def __enter__(self) -> MemoryReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _masks(layout: Layout, dtype: np.dtype[np.generic]) -> NDArray[np.generic] | None:
    """Return one mask per column, None where nothing is masked."""
    if not any(column.mask for column in layout.columns):
        return None
    everything = int(np.iinfo(dtype).max)
    return np.array([column.mask or everything for column in layout.columns], dtype=dtype)
