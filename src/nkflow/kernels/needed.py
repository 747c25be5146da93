"""What a release needs of the kernels, compiled by several processes at once.

numba compiles one function at a time in a process. ``needed.json`` has every kernel that a release calls with the kinds
of its arguments; a test holds it against what a release calls. So that they can be compiled without a release: each by
whoever has nothing to do, the longest first.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from nkflow import kernels
from nkflow.kernels import (  # noqa: F401  # those of `needed.json`
    acquisition,
    acquisition_scan,
    bits,
    biweight,
    compensate,
    decode,
    density,
    histogram,
    polygon,
    ranges,
    scales,
    scales_pieces,
    select,
)
from nkflow.kernels.jit import Kernel
from nkflow.kernels.program import Constants, Memory
from nkflow.kernels.stored import can_keep, is_kept

__all__ = ["compile_needed", "example", "load_needed", "needed"]

MOST = 4  # processes; the longest kernel is nearly half of all
_TUPLES: tuple[Any, ...] = (Constants, Memory)
_WORDS = re.compile(r"read-only|[\w.]+|[()\[\],]")


def needed() -> tuple[tuple[str, str], ...]:
    """Return the kernels (``module.name``) with the kinds of their arguments, the longest first."""
    listed = json.loads(Path(__file__).with_name("needed.json").read_text(encoding="utf-8"))
    pairs = [(name, kinds) for name, each in listed.items() for kinds in each]
    return tuple(sorted(pairs, key=lambda pair: (-len(pair[1]), pair)))


def _silent(_: str) -> None:
    """Say nothing."""


def compile_needed(say: Callable[[str], None] = _silent) -> int:
    """Compile what is not on the disk, with a process for every processor; return how many kernels that were.

    What a process could not do, or could not keep, is left to whoever calls the kernel.
    """
    missing = [(name, kinds) for name, kinds in needed() if not is_kept(_kernel(name).py_func, kinds)]
    count = min(len(os.sched_getaffinity(0)), len(missing), MOST)
    if count > 1 and can_keep():
        say(f"compiling {len(missing)} kernels, once")
        pool = ProcessPoolExecutor(count, mp_context=get_context("spawn"))
        with pool, suppress(BrokenProcessPool):  # what went wrong is said to whoever calls the kernel
            wait([pool.submit(_compile, *item) for item in missing])
    return len(missing)


def load_needed() -> None:
    """Load all of it from the disk, what is compiled now included; what could not be is compiled here."""
    compile_needed()
    for item in needed():
        _compile(*item)


def _compile(name: str, kinds: str) -> None:
    """Compile one kernel; runs in a process of its own."""
    _kernel(name).entry(example(kinds))


def _kernel(name: str) -> Kernel:
    module, _, function = name.rpartition(".")
    found = getattr(getattr(kernels, module), function)
    assert isinstance(found, Kernel)
    return found


def example(kinds: str) -> tuple[Any, ...]:
    """Return arguments of these kinds, as `nkflow.kernels.kinds.spelled` writes them."""
    words = iter(_WORDS.findall(kinds + ")"))
    return tuple(_several(words))


def _several(words: Iterator[str]) -> list[Any]:
    """Read values up to the closing bracket."""
    values, name = [], ""
    for word in words:
        match word:
            case ")" | ",":
                if name:
                    values.append(np.zeros(1, name)[0])
                name = ""
            case "(":
                values.append(_tuple(name, _several(words)))
                name = ""
            case "[":
                values.append(_array(name, words))
                name = ""
            case _:
                name = word
        if word == ")":
            break
    return values


def _tuple(name: str, parts: list[Any]) -> Any:
    return next(which for which in _TUPLES if f"{which.__module__}.{which.__qualname__}" == name)(*parts)


def _array(name: str, words: Iterator[str]) -> Any:
    """Read ndim, order and whether it can be written, up to the closing bracket."""
    about = []
    for word in words:
        if word == "]":
            break
        about.append(word)
    ndim, order = int(about[0]), about[2]
    found = np.zeros((3,) * ndim, name, order="F" if order == "F" else "C")
    found = found[..., ::2] if order == "A" else found
    found.flags.writeable = about[-1] != "read-only"
    return found
