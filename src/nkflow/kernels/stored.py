"""Compiled kernels on the disk: a file for every function and kinds of arguments.

The SHA-256 of what follows, a line of JSON, the machine code. A file that a power cut left short is compiled again.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from nkflow.kernels.cache import compiler_hash, folder
from nkflow.kernels.native import Code, host, links, runnable

__all__ = ["can_keep", "is_kept", "keep", "load"]


def load(function: Callable[..., Any], kinds: str) -> Callable[..., Any] | None:
    """Return the kernel `function` for arguments of `kinds` from the disk; None where it is not there whole."""
    try:
        digest, _, content = _path(function, kinds).read_bytes().partition(b"\n")
    except OSError:
        return None
    if digest.decode(errors="replace") != hashlib.sha256(content).hexdigest():
        return None
    line, _, machine = content.partition(b"\n")
    of, wrapper, environments, needs = json.loads(line)
    if of != _of(function, kinds):
        return None
    return runnable(Code(wrapper, tuple(environments), tuple(needs), machine), function)


def can_keep() -> bool:
    """Tell whether this process can write kernels, and read them back."""
    return os.access(folder(), os.W_OK) and links()


def is_kept(function: Callable[..., Any], kinds: str) -> bool:
    """Tell whether there is a file of the kernel `function` for arguments of `kinds`."""
    return _path(function, kinds).exists()


def keep(function: Callable[..., Any], kinds: str, code: Code) -> Callable[..., Any] | None:
    """Write `code` to the disk and return it as a function; None, and nothing is written, where it can't be one."""
    made = runnable(code, function)
    if made is None:
        return None
    line = json.dumps([_of(function, kinds), *code[:-1]]).encode()
    content = line + b"\n" + code.machine
    path = _path(function, kinds)
    part = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        part.write_bytes(hashlib.sha256(content).hexdigest().encode() + b"\n" + content)
        part.replace(path)  # whole or not at all, whoever else writes it
    except OSError:  # no room, or a folder to read only: the next process compiles it again
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return made


def _of(function: Callable[..., Any], kinds: str) -> str:
    """Return what a file is of."""
    return f"{function.__module__}.{function.__qualname__}({kinds}) for {host()} by {compiler_hash()}"


def _path(function: Callable[..., Any], kinds: str) -> Path:
    """Return where a kernel stands."""
    name = f"{function.__module__}.{function.__qualname__}".removeprefix("nkflow.kernels.")
    return folder() / f"{name}-{hashlib.sha256(_of(function, kinds).encode()).hexdigest()[:16]}.kernel"
