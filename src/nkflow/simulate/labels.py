"""What the simulator knows of every event, and the names under which it can be asked."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from nkflow.errors import InvalidValueError

__all__ = ["BEAD", "DEBRIS", "DOUBLET", "KINDS", "LABELS", "LEAVES", "code", "codes_of", "counts", "leaf_of"]

KINDS = ("NK", "NKT-like", "T", "gamma-delta T", "B", "monocytes", "other")
LEAVES = ("NK", "NKT-like", "T", "B", "monocytes", "other")

# One code an event: single live cells by kind, single dead cells by kind, then the rest.
DOUBLET = 2 * len(KINDS)
BEAD = DOUBLET + 1
DEBRIS = DOUBLET + 2


def leaf_of(kind: str) -> str:
    """Return the population that cells of `kind` are labelled with: gamma-delta T cells are T."""
    return "T" if kind == "gamma-delta T" else kind


def code(kind: str, *, alive: bool) -> int:
    """Return the code of a single cell."""
    return KINDS.index(kind) + (0 if alive else len(KINDS))


def _labels() -> dict[str, tuple[int, ...]]:
    """Return the codes behind every label; each of live single cells unless its name says otherwise."""
    live = {leaf: tuple(code(k, alive=True) for k in KINDS if leaf_of(k) == leaf) for leaf in LEAVES}
    dead = {
        f"dead {leaf}": tuple(code(k, alive=False) for k in KINDS if leaf_of(k) == leaf) for leaf in LEAVES
    }
    viable = tuple(range(len(KINDS)))
    all_dead = tuple(range(len(KINDS), 2 * len(KINDS)))
    return {
        **live,
        **dead,
        "CD3+": live["T"] + live["NKT-like"],
        "CD45+": viable + all_dead,
        "CD56+": live["NK"] + live["NKT-like"],
        "beads": (BEAD,),
        "dead": all_dead,
        "debris": (DEBRIS,),
        "doublets": (DOUBLET,),
        "gamma-delta T": (code("gamma-delta T", alive=True),),
        "viable": viable,
    }


LABELS: Mapping[str, tuple[int, ...]] = MappingProxyType(_labels())


def codes_of(label: str) -> tuple[int, ...]:
    """Return the codes that `label` stands for.

    Raises
    ------
    InvalidValueError
        Where no event can have such a label.
    """
    if label not in LABELS:
        raise InvalidValueError("no such label", where="label", found=repr(label), expected=", ".join(LABELS))
    return LABELS[label]


def counts(codes: npt.NDArray[np.uint8]) -> dict[str, int]:
    """Return how many of the events with these `codes` (n_events,) have each label."""
    each = np.bincount(codes, minlength=DEBRIS + 1)
    return {label: int(each[list(of)].sum()) for label, of in LABELS.items()}
