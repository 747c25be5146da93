"""A compiled kernel comes from the disk without numba's compiler: a quarter of a second that gating doesn't wait.

Before numba rebuilds a function from its cache it loads every implementation that it could compile with (lists,
linear algebra, ``scipy.linalg``, ...) and compiles the counting of references. Machine code has all that it uses
of them in it, but for the addresses of the C functions of numba's runtime; the compiler loads the rest itself
when there is something to compile. Key, index and files stay numba's own.
"""

from __future__ import annotations

from functools import cache
from typing import Any, cast

from numba.core import caching
from numba.core.runtime import nrt

__all__ = ["serve_lean"]

_caching, _runtime = cast(Any, caching), cast(Any, nrt)  # untyped


class _LeanCache(caching.FunctionCache):
    """numba's cache of one function; what it holds is rebuilt with the addresses of the runtime alone."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        _name_runtime()
        return cast(Any, self)._load_overload(sig, target_context)


@cache
def _name_runtime() -> None:
    """Tell LLVM where the C functions of numba's runtime are, as ``rtsys.initialize`` does and names them."""
    for name, address in _runtime._nrt.c_helpers.items():
        _runtime.ll.add_symbol(name if name.startswith("_") else f"NRT_{name}", address)


def serve_lean(dispatcher: Any) -> Any:
    """Let `dispatcher` take its code from the disk without the compiler; returns `dispatcher`.

    Where numba's insides have other names it is left to numba's own way; so is a function that it does not
    compile (``NUMBA_DISABLE_JIT``).
    """
    numbas = _caching.FunctionCache
    runtime = hasattr(getattr(_runtime, "_nrt", None), "c_helpers") and hasattr(_runtime, "ll")
    known = runtime and hasattr(numbas, "_load_overload")
    if known and type(getattr(dispatcher, "_cache", None)) is numbas:
        dispatcher._cache = cast(Any, _LeanCache)(dispatcher.py_func)
    return dispatcher
