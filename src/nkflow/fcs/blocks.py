"""Reading events block by block: the one thing that the rooms above need of a sample's events."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nkflow.errors import FCSError
from nkflow.fcs.hashing import BlockHasher

__all__ = ["BlockReader", "Columns", "EventSource", "Request", "check_range", "check_request"]

Columns = Sequence[int] | NDArray[np.int64]


class BlockReader(Protocol):
    """Reads blocks of events as columns; has its own buffers, so one per thread."""

    def read(self, first: int, count: int, columns: Columns, out: NDArray[np.float64]) -> None:
        """Fill ``out[k, :count]`` with data units of ``columns[k]`` for events first .. first + count - 1.

        Raises
        ------
        FCSChangedError
            The file was changed since its header was read.
        """

    def pick(self, positions: NDArray[np.int64], columns: Columns, out: NDArray[np.float64]) -> None:
        """Fill ``out[k, :n]`` with data units of ``columns[k]`` for the events at `positions` (n,), ascending."""

    def close(self) -> None:
        """Give back what the reader holds."""

    def __enter__(self) -> BlockReader: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class EventSource(Protocol):
    """Where a sample's events are."""

    @property
    def n_events(self) -> int:
        """Number of events."""

    @property
    def in_memory(self) -> NDArray[np.floating] | None:
        """Data units of all events (n_channels, n_events), float32 or float64, where memory holds them; else None."""

    def open(self, hasher: BlockHasher | None = None) -> BlockReader:
        """Return a new reader, which hands the bytes that it reads to `hasher`."""

    def stored(self, columns: NDArray[np.int64]) -> NDArray[np.generic]:
        """Return the masked stored values (n_events, n_columns)."""

    def hasher(self) -> BlockHasher:
        """Return a hasher of the bytes that readers are about to read."""

    def sha256(self) -> str:
        """Return the SHA-256 (hex) of the bytes the events come from."""


def check_request(
    first: int,
    count: int,
    n_events: int,
    *,
    columns: NDArray[np.int64],
    n_channels: int,
    out: NDArray[np.float64],
) -> None:
    """Raise `FCSError` unless these events and columns exist and `out` holds them; kernels check nothing.

    The codes are ``event-range`` and ``column-range``.
    """
    check_range(first, count, n_events)
    inside = columns.size == 0 or (columns.min() >= 0 and columns.max() < n_channels)
    if not inside or out.shape[0] < columns.size or out.shape[1] < count or out.dtype != np.float64:
        raise FCSError(
            "these columns can't be read into this array",
            code="column-range",
            found=f"columns {columns.tolist()[:20]} of {count} events into {out.dtype} {out.shape}",
            expected=f"columns 0..{n_channels - 1}, float64 of at least ({columns.size}, {count})",
        )


class Request:
    """The columns that a reader was asked for last: block after block asks for the same ones."""

    def __init__(self, n_events: int, n_channels: int) -> None:
        self._n_events, self._n_channels = n_events, n_channels
        self._asked: Columns | None = None
        self._wanted = np.empty(0, dtype=np.int64)

    def checked(
        self, first: int, count: int, columns: Columns, out: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        """Return `columns` as an array after `check_request`; read-only ones are looked at once."""
        known = columns is self._asked
        if not known:
            self._wanted = np.array(columns, dtype=np.int64)
            frozen = isinstance(columns, np.ndarray) and not columns.flags.writeable
            self._asked = columns if frozen else None
        if known and out.shape[0] >= self._wanted.size and out.shape[1] >= count and out.dtype == np.float64:
            check_range(first, count, self._n_events)
        else:
            check_request(
                first, count, self._n_events, columns=self._wanted, n_channels=self._n_channels, out=out
            )
        return self._wanted


def check_range(first: int, count: int, n_events: int) -> None:
    """Raise `FCSError` (``event-range``) unless events first .. first + count - 1 exist."""
    if not 0 <= first <= first + count <= n_events:
        raise FCSError(
            "these events are not in the sample",
            code="event-range",
            found=f"{first}..{first + count}",
            expected=f"0..{n_events}",
        )
