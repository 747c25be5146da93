"""Histograms that were not counted in the pass: counted when somebody looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nkflow.gating.drawing import Drawing

if TYPE_CHECKING:
    from nkflow.gating.result import Gating

__all__ = ["Drawn", "all_drawn"]

Drawn = tuple[Drawing, NDArray[np.int32]]


def all_drawn(gating: Gating) -> tuple[Drawn, ...]:
    """Return every drawing of a gating with its bins, those of `gating.undrawn` from a pass of their own.

    That pass reads populations from the membership bits where they were kept, and evaluates them again where not.
    """
    found = list(zip(gating.drawings, gating.totals.histograms, strict=True))
    if gating.undrawn:
        from nkflow.gating.compile import compile_program
        from nkflow.gating.evaluate import evaluate

        words = gating.totals.words
        known = range(len(gating.template.tree.nodes)) if words is not None else ()
        recalled = {index: index for index in known if index not in gating.not_evaluable}
        program = compile_program(gating.binding, recalled=recalled, draw_below=gating.undrawn)
        totals = evaluate(gating.sample, program, membership=False, before=words)
        found += zip(program.drawings, totals.histograms, strict=True)
    return tuple(sorted(found, key=lambda drawn: (drawn[0].parent, drawn[0].entries)))
