"""The file's own spillover matrix, as FlowKit's parser reads it, against the one that was applied."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nkflow.compensation import Spillover
from nkflow.errors import CompensationError
from nkflow.fcs.sample import Sample
from nkflow.gating.result import Gating

__all__ = ["file_matrix"]


def file_matrix(sample: Sample, gating: Gating, metadata: Mapping[str, str]) -> str:
    """Return how the matrix that was applied differs from FlowKit's reading of the file, "" where it does not.

    Only where the template takes the file's own matrix and no other was given. An identity counts as none.
    """
    if gating.given is not None or gating.template.compensation.policy not in ("file", "file-or-none"):
        return ""
    text = next((metadata[key] for key in ("spillover", "spill") if metadata.get(key)), "")
    ours = gating.binding.spillover
    try:
        theirs = _parsed(text)
    except (CompensationError, ValueError) as problem:
        return "" if ours is None else f"it can't read it ({problem})"[:300]
    if theirs is None:
        return "" if ours is None else f"it finds none, and {sample.name} was compensated"
    if ours is None:
        compensated = any(channel.compensated for channel in sample.channels)
        return "" if theirs.is_identity or compensated else "it finds one, and nothing was compensated"
    if set(ours.detectors) != set(theirs.detectors):
        return f"its detectors are {', '.join(theirs.detectors)}"
    order = [theirs.detectors.index(name) for name in ours.detectors]
    same = np.array_equal(theirs.matrix[np.ix_(order, order)], ours.matrix)
    return "" if same else "its coefficients are others"


def _parsed(text: str) -> Spillover | None:
    import flowutils

    if not text:
        return None
    matrix, names = flowutils.compensate.get_spill(text)
    return Spillover(tuple(names), matrix, source="FlowKit")
