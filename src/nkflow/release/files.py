"""Writing: a file or a folder is there whole, or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path, PurePosixPath

from nkflow.errors import OutputError

__all__ = ["refuse_existing", "write_file", "write_folder"]

_LITTER = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})  # left in any folder that was looked at


def refuse_existing(
    target: Path, *, force: bool, names: Collection[str] = (), sometimes: Collection[str] = ()
) -> None:
    """Raise `OutputError` where `target` exists and may not be replaced, or its folder can't be written.

    To be asked before the work, so that nothing is computed that can't be kept. `names`: what is always written into
    a folder `target`; `sometimes`: see `write_folder`.
    """
    if target.exists() and not force:
        raise OutputError(
            "the output exists already",
            code="output-exists",
            where=str(target),
            next_step="Choose another place, or replace it with --force.",
        )
    if names:
        _refuse_foreign(target, names, sometimes)
    above = next(folder for folder in target.absolute().parents if folder.exists())
    if not above.is_dir():
        raise _refused(target, NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)))
    if not os.access(above, os.W_OK | os.X_OK):
        raise _refused(target, PermissionError(errno.EACCES, f"no right to write in {above}"))


def write_file(target: str | Path, content: bytes, *, force: bool = False) -> Path:
    """Write `content` to a temporary file beside `target`, flush it to the disk and rename it.

    Raises
    ------
    OutputError
        `target` exists and `force` is not set, or the disk refuses (full, read-only); nothing is left behind.
    """
    target = Path(target)
    refuse_existing(target, force=force)
    temporary: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        temporary = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(target)
    except OSError as problem:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise _refused(target, problem) from problem
    return target


def write_folder(
    target: str | Path, files: Mapping[str, bytes], *, force: bool = False, sometimes: Collection[str] = ()
) -> Path:
    """Write `files` (relative name -> content) as the folder `target`: all of them, or none.

    The folder is filled beside `target` and renamed; one that is replaced is moved away first and removed
    last, so that a crash leaves the old or the new one, never a mixture.

    Parameters
    ----------
    force
        Replace a folder that an earlier call filled, or an empty one. It is told by its names: it holds all of
        `files` (but for those of `sometimes`), and nothing else. Any other is refused even so.
    sometimes
        Patterns of what an earlier call may have written besides, or left out (``plots/[0-9][0-9].svg``).

    Raises
    ------
    OutputError
        `target` exists and may not be replaced, or the disk refuses; `target` is as it was.
    """
    target = Path(target).absolute()
    refuse_existing(target, force=force, names=files, sometimes=sometimes)
    staging: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        _fill(staging, files, target=target)
        staging.chmod(0o755)
        _swap(staging, target)
    except OSError as problem:
        raise _refused(target, problem) from problem
    finally:
        if staging is not None and staging.exists():
            shutil.rmtree(staging, ignore_errors=True)
    return target


def _fill(staging: Path, files: Mapping[str, bytes], *, target: Path) -> None:
    """Write `files` into `staging`; a message names the place in `target` that they were meant for."""
    for name, content in files.items():
        path = staging / name
        if not path.resolve().is_relative_to(staging.resolve()):
            raise OutputError("a name points outside the output folder", where=name)
        try:
            write_file(path, content)
        except OutputError as problem:
            raise OutputError(
                problem.message, where=str(target / name), found=problem.found, next_step=problem.next_step
            ) from problem


def _refuse_foreign(target: Path, names: Collection[str], sometimes: Collection[str]) -> None:
    """Raise `OutputError` where ``--force`` would replace a folder that holds more or less than we write."""
    if not target.exists():
        return
    if not target.is_dir():
        raise _foreign(
            target, "a file stands where the folder would be made, and is not replaced", target.name
        )
    if other := sorted(islice(_others(target, names, sometimes), 5)):
        raise _foreign(target, "the folder holds other things and is not replaced", ", ".join(other))
    missing = [
        name
        for name in names
        if not _matches(name, sometimes) and not (target / name).exists() and any(target.iterdir())
    ]
    if missing:
        found = f"no {', no '.join(sorted(missing)[:5])}"
        raise _foreign(target, "the folder was filled by something else and is not replaced", found)


def _others(target: Path, names: Collection[str], sometimes: Collection[str]) -> Iterator[str]:
    """Yield the relative names in `target`, of folders too, that are not among those we write."""
    folders = {str(above) for name in (*names, *sometimes) for above in PurePosixPath(name).parents}
    for path in target.rglob("*"):
        name = path.relative_to(target).as_posix()
        known = name in folders if path.is_dir() else name in names or _matches(name, sometimes)
        if not known and path.name not in _LITTER:
            yield name


def _matches(name: str, patterns: Collection[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _foreign(target: Path, message: str, found: str) -> OutputError:
    return OutputError(
        message, code="output-foreign", where=str(target), found=found, next_step="Choose another place."
    )


def _swap(staging: Path, target: Path) -> None:
    """Put `staging` in the place of `target`."""
    if not target.exists():
        staging.rename(target)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{target.name}.old.", dir=target.parent)) / target.name
    target.rename(old)
    try:
        staging.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old.parent, ignore_errors=True)


def _refused(target: Path, problem: OSError) -> OutputError:
    """Return the error for a disk that refused."""
    reason = problem.strerror or type(problem).__name__
    return OutputError(
        "the output can't be written", where=str(target), found=reason, next_step="Nothing was left behind."
    )
