"""Writing an export: the file is there whole, or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from nkflow.errors import OutputError

__all__ = ["write_whole"]


def write_whole(
    path: str | os.PathLike[str], write: bytes | Callable[[Path], None], *, force: bool = False
) -> Path:
    """Write beside `path`, flush to the disk, and put it in its place.

    Parameters
    ----------
    write
        The content, or a function that writes it to the path it is given.

    Raises
    ------
    OutputError
        Where `path` exists and `force` is not set, or the disk refuses; nothing is left behind.
    """
    target = Path(path)
    if target.exists() and not force:
        raise OutputError(
            "the output exists already",
            code="output-exists",
            where=str(target),
            next_step="Choose another place, or use force to replace it.",
        )
    beside = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}.part")
    try:
        if callable(write):
            write(beside)
        else:
            beside.write_bytes(write)
        with open(beside, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(beside, target)
    except OSError as problem:
        raise OutputError("the output can't be written", where=str(target), found=str(problem)) from problem
    finally:
        beside.unlink(missing_ok=True)
    return target
