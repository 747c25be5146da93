"""numba, imported without two packages that it takes along wherever they are installed.

It uses ``coverage`` for ``NUMBA_JIT_COVERAGE`` alone, and PyYAML for a file ``.numba_config.yaml`` in the working
folder; together they are a fourth of its import.
"""

from __future__ import annotations

import os
import sys
from typing import Any, cast

__all__ = ["import_numba"]

_UNASKED = ("coverage", "yaml")


def import_numba() -> None:
    """Import numba; ``coverage`` and PyYAML stay away unless loaded already or asked for."""
    if "numba" in sys.modules or "NUMBA_JIT_COVERAGE" in os.environ or os.path.exists(".numba_config.yaml"):
        return
    modules = cast("dict[str, Any]", sys.modules)
    hidden = [name for name in _UNASKED if name not in modules]
    modules.update(dict.fromkeys(hidden))  # None: an import of it says that it is not there
    try:
        import numba  # noqa: F401
    finally:
        for name in hidden:
            del modules[name]
