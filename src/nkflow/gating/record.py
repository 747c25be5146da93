"""A gating as plain values: what a record keeps of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nkflow.gating.tree import ROOT

if TYPE_CHECKING:
    from nkflow.gating.result import Gating

__all__ = ["recorded"]


def recorded(gating: Gating) -> dict[str, Any]:
    """Return template, channels, matrix, counts by path and findings; JSON values only, in a fixed order."""
    template, binding, tree = gating.template, gating.binding, gating.template.tree
    matrix = binding.spillover
    evaluated = [index for index in range(len(tree.nodes)) if index not in gating.not_evaluable]
    found = {} if gating.resolution is None else {"resolution": gating.resolution.as_dict()}
    return {
        "sample": gating.sample_name,
        "n_events": gating.n_events,
        "n_non_finite": gating.n_non_finite,
        "template": {"name": template.name, "version": template.version, "sha256": template.sha256},
        "channels": {name: binding.channels[column].name for name, column in binding.columns.items()},
        "spillover": None
        if matrix is None
        else {
            "source": matrix.source,
            "sha256": matrix.sha256,
            "dyes": list(matrix.names),
            "detectors": list(matrix.detectors),
            "matrix": matrix.matrix.tolist(),
        },
        "fitness": gating.fitness.as_dict(),
        "counts": {ROOT: gating.n_events}
        | {tree.nodes[index].path: int(gating.totals.counts[index]) for index in evaluated},
        "non_finite": {ROOT: gating.non_finite[ROOT]}
        | {tree.nodes[i].path: int(gating.totals.non_finite[i]) for i in evaluated if tree.children[i]},
        "not_evaluable": {tree.nodes[index].path: why for index, why in gating.not_evaluable.items()},
        "findings": [finding.as_dict() for finding in gating.findings],
    } | found
