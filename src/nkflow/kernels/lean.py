"""numba's own implementations, loaded without ``scipy.linalg``: a fifth of a second that no kernel of ours needs.

numba asks at import whether there is a BLAS, and imports ``scipy.linalg`` to see. Here the question is put off until
somebody's compiled code needs the answer, so that other numba code in the same process finds its BLAS as ever.
"""

from __future__ import annotations

import sys
from typing import Any, cast

__all__ = ["load_implementations"]

_BLAS = "scipy.linalg.cython_blas"
_PLACE = "numba.np.arraymath"


class _AskedLater:
    """Whether there is a BLAS; numba's own check, made when the answer is needed."""

    def __init__(self, check: Any) -> None:
        self._check = check

    def __bool__(self) -> bool:
        return bool(self._check())


def load_implementations() -> None:
    """Import numba's array functions with the question for a BLAS put off."""
    if _PLACE in sys.modules or _BLAS in sys.modules:
        return
    modules = cast("dict[str, Any]", sys.modules)
    modules[_BLAS] = None  # an import of it says that it is not there
    try:
        from numba.np import arraymath
    finally:
        del modules[_BLAS]
    arraymath._HAVE_BLAS = _AskedLater(arraymath._check_blas)
