"""Events of a binary DATA segment, read from the file when they are asked for."""

from __future__ import annotations

import os
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from nkflow.errors import FCSChangedError
from nkflow.fcs.blocks import Columns, Request, check_range
from nkflow.fcs.channels import Channel
from nkflow.fcs.decode import Decoder
from nkflow.fcs.hashing import BlockHasher, FileHasher, file_sha256
from nkflow.fcs.layout import Layout
from nkflow.fcs.source import FileMark

__all__ = ["FileEvents", "FileReader"]

_BLOCK = 8192
_PIECE = 1 << 18  # bytes that are read, swapped and masked while they are in cache


@dataclass(frozen=True, eq=False)
class FileEvents:
    """Where the events are and how they lie there.

    Attributes
    ----------
    begin
        Byte of the file where the first event begins.
    time_step
        What values of the time channel are multiplied by.
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

    @property
    def end(self) -> int:
        """The byte of the file after the last event."""
        return self.begin + self.layout.bytes_for(self.n_events)

    @property
    def in_memory(self) -> None:
        """None: they are in a file."""
        return None

    def open(self, hasher: BlockHasher | None = None) -> FileReader:
        """Return a reader with its own file handle and buffers."""
        return FileReader(self, hasher)

    def stored(self, columns: NDArray[np.int64]) -> NDArray[np.generic]:
        """Return the masked stored values (n_events, n_columns), in the smallest native type for all."""
        layout = self.layout
        result: NDArray[np.generic] = np.empty((self.n_events, len(columns)), layout.dtype(columns.tolist()))
        whole = np.array_equal(columns, np.arange(len(layout.columns)))
        with self.open() as reader:
            if whole and layout.uniform is not None:
                reader.load_matrix(result, layout.uniform)
            else:
                reader.load_columns(columns, result)
        return result

    def hasher(self) -> BlockHasher:
        """Return a hasher for readers of these events."""
        return FileHasher(self.path, self.mark, self.begin, self.end)

    def sha256(self) -> str:
        """Return the SHA-256 (hex) of the whole file."""
        return file_sha256(self.path, self.mark)


class FileReader:
    """Reads blocks of one file; see :class:`~nkflow.fcs.blocks.BlockReader`."""

    def __init__(self, events: FileEvents, hasher: BlockHasher | None = None) -> None:
        self._events = events
        self._hasher = hasher
        self._decoder = Decoder(events.layout, events.channels, events.time_step)
        self._request = Request(events.n_events, len(events.layout.columns))
        self._buffer = np.empty(0, np.uint8)
        try:
            self._file = FileIO(events.path)  # closed in close()
        except OSError as problem:
            raise FCSChangedError(
                "the file can't be opened any more", where=str(events.path), found=str(problem)
            ) from problem
        try:
            events.mark.check(self._file.fileno(), events.path)  # also for who reads nothing of it in the end
        except FCSChangedError:
            self._file.close()
            raise

    def read(self, first: int, count: int, columns: Columns, out: NDArray[np.float64]) -> None:
        """Fill ``out[k, :count]`` with data units of ``columns[k]`` for events first .. first + count - 1.

        Raises
        ------
        FCSChangedError
            The file was changed since its header was read.
        FCSError
            ``event-range``, ``column-range``.
        """
        wanted = self._request.checked(first, count, columns, out)
        block, skip = self._load(first, count)
        self._decoder.values(block, skip, count, wanted, out)

    def pick(self, positions: NDArray[np.int64], columns: Columns, out: NDArray[np.float64]) -> None:
        """Fill ``out[k, :n]`` with data units of ``columns[k]`` for the events at `positions` (n,), ascending."""
        layout, n = self._events.layout, len(positions)
        wanted = self._request.checked(0, n, columns, out)
        if n == 0:
            return
        check_range(int(positions[0]), int(positions[-1]) + 1 - int(positions[0]), self._events.n_events)
        whole = layout.row_bits % 8 == 0
        rows = np.empty((n if whole else 0, layout.row_bytes), np.uint8)
        block = np.empty((0 if whole else len(wanted), _BLOCK))
        done = 0
        while done < n:
            first = int(positions[done])
            stop = int(np.searchsorted(positions, first + _BLOCK))
            near = positions[done:stop] - first
            count = int(near[-1]) + 1
            bytes_, skip = self._load(first, count)
            if whole:
                rows[done:stop] = bytes_[: count * layout.row_bytes].reshape(count, -1)[near]
            else:
                self._decoder.values(bytes_, skip, count, wanted, block)
                out[: len(wanted), done:stop] = block[:, near]
            done = stop
        if whole:
            self._decoder.values(rows.reshape(-1), 0, n, wanted, out)

    def load_matrix(self, result: NDArray[np.generic], stored: np.dtype[np.generic]) -> None:
        """Fill `result` (n_events, n_channels) where the file holds that matrix in the type `stored`."""
        row_bytes = self._events.layout.row_bytes
        masks = _masks(self._events.layout, result.dtype)
        flat = result.reshape(-1).view(np.uint8).data
        step = max(1, _PIECE // row_bytes)
        for first in range(0, self._events.n_events, step):
            part = result[first : first + step]
            start = first * row_bytes
            self._fill(self._events.begin + start, flat[start : start + part.nbytes])
            if not stored.isnative:
                part.byteswap(inplace=True)
            if masks is not None:
                np.bitwise_and(part, masks, out=part)

    def load_columns(self, columns: NDArray[np.int64], result: NDArray[np.generic]) -> None:
        """Fill `result` (n_events, n_columns) column by column."""
        for first in range(0, self._events.n_events, _BLOCK):
            part = result[first : first + _BLOCK]
            block, skip = self._load(first, len(part))
            for place, column in enumerate(columns):
                part[:, place] = self._decoder.stored(block, skip, len(part), int(column))

    def _load(self, first: int, count: int) -> tuple[NDArray[np.uint8], int]:
        """Return the bytes of `count` events, and how many bits into them the first one begins."""
        row_bits = self._events.layout.row_bits
        start, stop = first * row_bits // 8, ((first + count) * row_bits + 7) // 8
        if self._buffer.nbytes < stop - start:
            self._buffer = np.empty((stop - start + 7) // 8 * 8, np.uint8)
        self._fill(self._events.begin + start, self._buffer.data[: stop - start])
        return self._buffer, first * row_bits % 8

    def _fill(self, position: int, target: memoryview) -> None:
        """Read exactly `target` from `position`; the file must still be the one whose header was read."""
        done = 0
        while done < len(target):
            try:
                got = _read_at(self._file, position + done, target[done:])
            except OSError as problem:  # a bad disk, a share that went away
                raise FCSChangedError(
                    "the file can't be read any more", where=str(self._events.path), found=str(problem)
                ) from problem
            if not got:
                raise FCSChangedError(
                    "the file became shorter while it was read", where=str(self._events.path)
                )
            done += got
        self._events.mark.check(self._file.fileno(), self._events.path)
        if self._hasher is not None:
            self._hasher.add(position, target)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> FileReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _read_at(file: FileIO, position: int, target: memoryview) -> int:
    """Read into `target` from `position`; return how many bytes came. One call to the system where it has that one."""
    if hasattr(os, "preadv"):
        return os.preadv(file.fileno(), [target], position)
    file.seek(position)
    return file.readinto(target)


def _masks(layout: Layout, dtype: np.dtype[np.generic]) -> NDArray[np.generic] | None:
    """Return one mask per column, None where nothing is masked."""
    if not any(column.mask for column in layout.columns):
        return None
    everything = (1 << 8 * dtype.itemsize) - 1
    return np.array([column.mask or everything for column in layout.columns], dtype=dtype)
