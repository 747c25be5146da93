"""A compiled kernel comes from the disk without numba's compiler: a quarter of a second that gating doesn't wait.

Before numba rebuilds a function from its cache it loads every implementation that it could compile with (lists,
linear algebra, ``scipy.linalg``, ...). Machine code needs none of them, only the runtime that counts references;
the compiler loads them itself when there is something to compile. Key, index and files stay numba's own.
"""

from __future__ import annotations

from typing import Any, cast

from numba.core import caching, runtime

__all__ = ["serve_lean"]

_caching, _runtime = cast(Any, caching), cast(Any, runtime)  # untyped


class _LeanCache(caching.FunctionCache):
    """numba's cache of one function; what it holds is rebuilt with the runtime alone."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        _runtime.rtsys.initialize(target_context)
        return cast(Any, self)._load_overload(sig, target_context)


def serve_lean(dispatcher: Any) -> Any:
    """Let `dispatcher` take its code from the disk without the compiler; returns `dispatcher`.

    Where numba has no such method it is left to its own way; so is a function that it does not compile
    (``NUMBA_DISABLE_JIT``).
    """
    numbas = _caching.FunctionCache
    if type(getattr(dispatcher, "_cache", None)) is numbas and hasattr(numbas, "_load_overload"):
        dispatcher._cache = cast(Any, _LeanCache)(dispatcher.py_func)
    return dispatcher
