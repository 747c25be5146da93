"""ONE lot: the steps in their order, the record, the page; only this room writes files.

The room is callable, ``nk.release("lot.yaml")``: the public function and the folder share a name, and importing
anything of a folder binds the folder's name in its parent (docs/adr/0004).
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nkflow.release.pipeline import Release


class _Room(ModuleType):
    """A folder of modules that can be called."""

    def __call__(
        self, lot: str | Path, *, threads: int | None = None, second_engine: bool = True, margins: bool = True
    ) -> Release:
        """Run the whole job for one lot: `nkflow.release.pipeline.release`."""
        from nkflow.release.pipeline import release

        return release(lot, threads=threads, second_engine=second_engine, margins=margins)


sys.modules[__name__].__class__ = _Room
