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
    parallel processes (numba#10128).
    """
    return cast(F, serve_lean(numba.njit(cache=True, nogil=True)(function)))


def inlined(function: F) -> F:
    """Make `function` a part of the kernels that call it, to be written above them: compiled with them, and once."""
    return cast(F, numba.njit(inline="always", nogil=True)(function))
