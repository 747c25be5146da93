"""An open file, of which only checked windows are read."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from nkflow.errors import FCSChangedError, FCSFormatError
from nkflow.fcs.blocks import FileMark

__all__ = ["Source", "Window"]


class Source:
    """A regular file, its size and state when it was opened.

    Raises
    ------
    FCSFormatError
        ``file-unreadable``: it does not exist, is no regular file or may not be read.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        try:
            if not self.path.is_file():  # a pipe would block, a device never ends
                raise FileNotFoundError("no such file" if not self.path.exists() else "not a regular file")
            self._file = open(self.path, "rb", buffering=0)  # noqa: SIM115 - closed in __exit__
        except (OSError, ValueError) as problem:
            raise FCSFormatError(
                "the file can't be opened", code="file-unreadable", where=str(self.path), found=str(problem)
            ) from problem
        self.mark = FileMark.of(os.fstat(self._file.fileno()))
        self.size = self.mark.size

    def read(self, begin: int, length: int) -> bytes:
        """Return the bytes begin .. begin + length - 1, fewer at the end of the file."""
        if not 0 <= begin <= self.size:
            return b""
        length = min(length, self.size - begin)
        self._file.seek(begin)
        parts: list[bytes] = []
        while length > 0:
            part = self._file.read(length)
            if not part:
                raise FCSChangedError("the file became shorter while it was read", where=str(self.path))
            parts.append(part)
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
