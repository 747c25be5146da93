"""SHA-256 of a file from the very blocks that are gated, in whatever order threads read them."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from nkflow.errors import FCSChangedError, FCSError
from nkflow.fcs.source import FileMark

__all__ = ["BlockHasher", "FileHasher", "KnownHash", "file_sha256"]

_PIECE = 1 << 20


class BlockHasher(Protocol):
    """Takes the bytes that readers read and knows the hash of all of them in the end."""

    def add(self, position: int, block: memoryview) -> None:
        """Take the bytes `block` that were read from `position`."""

    def hexdigest(self) -> str:
        """Return the SHA-256 (hex)."""


@dataclass(frozen=True)
class KnownHash:
    """The hash of bytes that stand in memory and can't change."""

    sha256: str

    def add(self, position: int, block: memoryview) -> None:
        """Nothing to add."""

    def hexdigest(self) -> str:
        """Return the SHA-256 (hex)."""
        return self.sha256


class FileHasher:
    """Hashes the bytes that readers hand over, and the rest of the file when it is asked for the digest.

    A block that comes before its turn is copied and waits; of two readers one hashes and the other goes on
    reading.

    Parameters
    ----------
    path, mark
        The file and the state it must be in.
    begin, end
        First byte of the events in the file, and the one after their last.
    """

    def __init__(self, path: Path, mark: FileMark, begin: int, end: int) -> None:
        self._path = path
        self._mark = mark
        self._begin = begin
        self._end = end
        self._next = begin
        self._waiting: dict[int, bytes] = {}
        self._lock = threading.Lock()
        self._hashing = threading.Lock()
        self._digest = hashlib.sha256()
        self._file_between(0, begin)

    def add(self, position: int, block: memoryview) -> None:
        """Take the bytes `block` that were read from `position` of the file."""
        if not self._hashing.acquire(blocking=False):
            self._wait(position, block)
            return
        try:
            if position <= self._next:
                self._hash(position, block)
            else:
                self._wait(position, block)
            self._hash_in_turn()
        finally:
            self._hashing.release()

    def hexdigest(self) -> str:
        """Return the SHA-256 (hex) of the whole file, once every event was read.

        Raises
        ------
        FCSError
            ``hash-incomplete``: some events were never read.
        """
        with self._hashing:
            self._hash_in_turn()
            if self._next < self._end:
                raise FCSError(
                    "not every event was read",
                    code="hash-incomplete",
                    where=str(self._path),
                    found=f"bytes up to {self._next}",
                    expected=f"bytes up to {self._end}",
                )
            if self._next < self._mark.size:
                self._file_between(self._next, self._mark.size)
                self._next = self._mark.size
            return self._digest.hexdigest()

    def _wait(self, position: int, block: memoryview) -> None:
        """Keep a copy of a block that is not in turn."""
        with self._lock:
            if len(block) > len(self._waiting.get(position, b"")):
                self._waiting[position] = bytes(block)

    def _hash_in_turn(self) -> None:
        """Hash what waits and is in turn; only the holder of `_hashing` comes here."""
        while True:
            with self._lock:
                position = min(self._waiting, default=self._next + 1)
                if position > self._next:
                    return
                block = self._waiting.pop(position)
            self._hash(position, memoryview(block))

    def _hash(self, position: int, block: memoryview) -> None:
        """Hash what is new of `block`; packed blocks share a byte with the one before."""
        new = block[self._next - position :]
        self._digest.update(new)
        self._next += len(new)

    def _file_between(self, start: int, stop: int) -> None:
        """Hash bytes that hold no events: HEADER, TEXT, what comes after DATA."""
        try:
            with open(self._path, "rb") as file:
                self._mark.check(file.fileno(), self._path)
                file.seek(start)
                while start < stop:
                    piece = file.read(min(_PIECE, stop - start))
                    if not piece:
                        raise FCSChangedError(
                            "the file became shorter while it was read", where=str(self._path)
                        )
                    self._digest.update(piece)
                    start += len(piece)
                self._mark.check(file.fileno(), self._path)
        except OSError as problem:
            raise FCSChangedError(
                "the file can't be read any more", where=str(self._path), found=str(problem)
            ) from problem


def file_sha256(path: Path, mark: FileMark) -> str:
    """Return the SHA-256 (hex) of the file at `path`, which must be in the state `mark`."""
    return FileHasher(path, mark, mark.size, mark.size).hexdigest()
