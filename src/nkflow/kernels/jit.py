"""The one decorator of all kernels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

from nkflow.kernels.served import serve_lean

__all__ = ["inlined", "kernel"]

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Compile `function` when it is first called, keep the code on disk, run without the GIL.

    No fastmath: it counted 0 NaN where there were 100. No ``@vectorize``: cached gufuncs can segfault in
    parallel processes (numba#10128). No wrapper for callers in C: nobody calls from there, and it took a twelfth
    of the time to compile.
    """
    jit = cast(Any, numba.njit)  # its types leave the last option out
    return cast(F, serve_lean(jit(nogil=True, no_cfunc_wrapper=True)(function)))


def inlined(function: F) -> F:
    """Make `function` a part of the kernels that call it, to be written above them: compiled with them, and once."""
    return cast(F, numba.njit(inline="always", nogil=True)(function))
