"""The decorators of all kernels.

A kernel's machine code comes from the disk where it is there, without numba's import, which is most of what a start
would wait for; numba compiles what is not. One way in (arguments, kinds, code), so that both give the same functions.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import update_wrapper
from threading import RLock
from typing import Any, TypeVar, cast

from nkflow.kernels import stored
from nkflow.kernels.kinds import UnkeptError, kinds_of, spelled

__all__ = ["Kernel", "entry", "inlined", "kernel"]

F = TypeVar("F", bound=Callable[..., Any])

_lock = RLock()  # of looking for code and of compiling it


class Inlined:
    """A part of the kernels that call it, which numba asks for its dispatcher when it compiles them."""

    def __init__(self, function: Callable[..., Any], **options: Any) -> None:
        self.py_func, self._options = function, options
        update_wrapper(self, function)

    @property
    def dispatcher(self) -> Any:
        """The function as numba compiles it, made when it is asked for."""
        found = self.__dict__.get("_dispatcher")
        if found is None:  # no lock: numba may ask while it holds its own
            from nkflow.kernels.compiler import dispatcher

            found = self.__dict__.setdefault("_dispatcher", dispatcher(self.py_func, self._options))
        return found

    def __getattr__(self, name: str) -> Any:
        """Return what numba asks of the functions that it finds in a function (its type, its options)."""
        if name == "_numba_type_" or not name.startswith("_"):
            return getattr(self.dispatcher, name)
        raise AttributeError(name)

    def __call__(self, *arguments: Any) -> Any:
        return self.dispatcher(*arguments)


class Kernel(Inlined):
    """A compiled loop over arrays; its arguments are arrays, numbers and tuples of them, by position."""

    def __init__(self, function: Callable[..., Any], **options: Any) -> None:
        super().__init__(function, **options)
        self._entries: dict[tuple[Any, ...], Callable[..., Any]] = {}
        self._of_text: dict[str, Callable[..., Any]] = {}
        self.compiled: list[str] = []  # kinds of arguments that were not on the disk

    def __call__(self, *arguments: Any) -> Any:
        """Run it."""
        return self.entry(arguments)(*arguments)

    @property
    def kinds(self) -> list[str]:
        """The kinds of arguments that it was asked for in this process, sorted."""
        return sorted(self._of_text)

    def entry(self, arguments: tuple[Any, ...]) -> Callable[..., Any]:
        """Return what runs for `arguments`, and for all others of their kinds."""
        try:
            kinds = kinds_of(arguments)
            return self._entries.get(kinds) or self._find(kinds, arguments)
        except UnkeptError:
            return cast("Callable[..., Any]", self.dispatcher)

    def _find(self, kinds: tuple[Any, ...], arguments: tuple[Any, ...]) -> Callable[..., Any]:
        """Look among the spellings, on the disk, and compile, one thread at a time."""
        text = spelled(kinds)
        with _lock:
            found = (
                self._of_text.get(text) or stored.load(self.py_func, text) or self._compile(text, arguments)
            )
            self._entries[kinds] = self._of_text[text] = found
        return found

    def _compile(self, text: str, arguments: tuple[Any, ...]) -> Callable[..., Any]:
        """Let numba compile; what is kept is what runs, here and later."""
        from nkflow.kernels.compiler import compiled

        self.compiled.append(text)
        found, code = compiled(self.dispatcher, arguments)
        return found if code is None else stored.keep(self.py_func, text, code) or found


def kernel(function: F) -> F:
    """Compile `function` when it is first called, keep the code on disk, run without the GIL.

    It returns numbers or nothing: an array that goes out would need numba to make it.

    No fastmath: it counted 0 NaN where there were 100. No ``@vectorize``: cached gufuncs can segfault in
    parallel processes (numba#10128). No wrapper for callers in C: nobody calls from there, and it took a twelfth
    of the time to compile.
    """
    return function if _plain() else cast(F, Kernel(function, nogil=True, no_cfunc_wrapper=True))


def inlined(function: F) -> F:
    """Make `function` a part of the kernels that call it, to be written above them: compiled with them, and once."""
    return function if _plain() else cast(F, Inlined(function, inline="always", nogil=True))


def entry(function: Callable[..., Any], *arguments: Any) -> Callable[..., Any]:
    """Return what runs the kernel `function` for `arguments`, for a loop whose arguments are all of the same kinds.

    A call of it does not look at the kinds again, which costs some 0.2 us an array.
    """
    return function.entry(arguments) if isinstance(function, Kernel) else function


def _plain() -> bool:
    """Tell whether nothing is to be compiled, as numba is told it."""
    if "numba" in sys.modules:
        return bool(cast(Any, sys.modules["numba"]).config.DISABLE_JIT)
    return os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
