"""The one decorator of all kernels."""

from __future__ import annotations

import functools

import numba

__all__ = ["kernel"]

# no fastmath: it counted 0 NaN where there were 100; no @vectorize: cached gufuncs can segfault (numba#10128)
kernel = functools.partial(numba.njit, cache=True, nogil=True)
