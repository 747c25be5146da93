"""The oracle: the best cuts that the labels allow, in the shape of the template's gates.

For one leaf it moves every threshold on the leaf's path (CD45, 7-AAD, CD14, CD19, CD3, CD56) in turn, each to
the place where the event F1 of that leaf is highest given the others, until nothing improves. The scatter
gates stay as the template has them. It sees the truth and is fitted to each lot anew, so no template beats it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

START = {"CD45": 4500.0, "7-AAD": 3000.0, "CD14": 2000.0, "CD19": 720.0, "CD3": 850.0, "CD56": 640.0}
_LYMPHOID = {"CD45": 1, "7-AAD": -1, "CD14": -1, "CD19": -1}
SIDES: Mapping[str, Mapping[str, int]] = {
    "NK": _LYMPHOID | {"CD3": -1, "CD56": 1},
    "NKT-like": _LYMPHOID | {"CD3": 1, "CD56": 1},
    "T": _LYMPHOID | {"CD3": 1, "CD56": -1},
    "other": _LYMPHOID | {"CD3": -1, "CD56": -1},
    "B": {"CD45": 1, "7-AAD": -1, "CD14": -1, "CD19": 1},
    "monocytes": {"CD45": 1, "7-AAD": -1, "CD14": 1},
    "dead": {"CD45": 1, "7-AAD": 1},
}


def f1(gated: np.ndarray, true: np.ndarray) -> float:
    """Return 2·hits / (gated + true)."""
    return 2.0 * np.count_nonzero(gated & true) / (np.count_nonzero(gated) + np.count_nonzero(true))


def best_f1(leaf: str, columns: Mapping[str, np.ndarray], true: np.ndarray, *, missed: int) -> float:
    """Return the highest event F1 of `leaf`.

    Parameters
    ----------
    columns
        Compensated values of the singlets, one (n,) array a marker.
    true
        Which singlets carry the leaf's label, (n,).
    missed
        Events with the label that are no singlets by the gate.
    """
    sides, cuts = SIDES[leaf], dict(START)
    total = np.count_nonzero(true) + missed
    best = 0.0
    while True:
        before = best
        for marker in sides:
            inside = np.ones(len(true), bool)
            for other, side in sides.items():
                if other != marker:
                    inside &= (columns[other] >= cuts[other]) == (side > 0)
            found, cut = _best_cut(columns[marker][inside], true[inside], side=sides[marker], total=total)
            if found > best:
                best, cuts[marker] = found, cut
        if best <= before:
            return best


def _best_cut(values: np.ndarray, true: np.ndarray, *, side: int, total: int) -> tuple[float, float]:
    """Return the highest F1 that one threshold gives, and the threshold."""
    order = np.argsort(values)
    values, hits = values[order], np.concatenate([[0], np.cumsum(true[order])])
    below = np.arange(len(values) + 1)  # cut k: the k lowest events lie below it
    gated, right = (len(values) - below, hits[-1] - hits) if side > 0 else (below, hits)
    scores = 2.0 * right / (gated + total)
    best = int(np.argmax(scores))
    return float(scores[best]), float(values[best]) if best < len(values) else np.inf
