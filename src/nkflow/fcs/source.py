"""An open file, of which only checked windows are read."""

from __future__ import annotations

import os
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from types import TracebackType

from nkflow.errors import FCSChangedError, FCSError

__all__ = ["FileMark", "Source", "Window"]


@dataclass(frozen=True)
class FileMark:
    """What tells one state of a file from another without reading it."""

    size: int
    modified_ns: int
    inode: int

    @classmethod
    def of(cls, descriptor: int) -> FileMark:
        """Return the present mark of the open file `descriptor`."""
        status = os.fstat(descriptor)
        return cls(status.st_size, status.st_mtime_ns, status.st_ino)

    def check(self, descriptor: int, path: Path) -> None:
        """Raise `FCSChangedError` where the open file has another mark by now."""
        if FileMark.of(descriptor) != self:
            raise FCSChangedError(
                "the file was changed after its header was read",
                where=str(path),
                next_step="Read the file again once nothing writes to it.",
            )


class Source:
    """A regular file with its size and state when it was opened.

    Raises
    ------
    FCSError
        ``file-unreadable``: it does not exist, is no regular file or may not be read.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        try:
            if not self.path.is_file():  # a pipe would block, a device never ends
                raise FileNotFoundError("not a regular file" if self.path.exists() else "no such file")
            self._file = FileIO(self.path)  # closed in __exit__
        except (OSError, ValueError) as problem:
            raise FCSError(
                "the file can't be opened", code="file-unreadable", where=str(self.path), found=str(problem)
            ) from problem
        self.mark = FileMark.of(self._file.fileno())
        self.size = self.mark.size

    def read(self, begin: int, length: int) -> bytes:
        """Return the bytes begin .. begin + length - 1, fewer at the end of the file."""
        if not 0 <= begin <= self.size:
            return b""
        length = min(length, self.size - begin)
        parts: list[bytes] = []
        while length > 0:
            try:
                self._file.seek(begin)
                part = self._file.read(length)
            except OSError as problem:  # a bad disk, a share that went away
                raise FCSError(
                    "the file can't be read", code="file-unreadable", where=str(self.path), found=str(problem)
                ) from problem
            if not part:
                raise FCSChangedError("the file became shorter while it was read", where=str(self.path))
            parts.append(part)
            begin += len(part)
            length -= len(part)
        return b"".join(parts)

    def __enter__(self) -> Source:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


@dataclass(frozen=True)
class Window:
    """One data set of an open file: all offsets of FCS count from its first byte (FCS-H03)."""

    source: Source
    offset: int

    @property
    def size(self) -> int:
        """Bytes from the first byte of the data set to the end of the file."""
        return self.source.size - self.offset

    def read(self, begin: int, length: int) -> bytes:
        """Return the bytes begin .. begin + length - 1, fewer at the end of the file."""
        return self.source.read(self.offset + begin, length) if begin >= 0 else b""
