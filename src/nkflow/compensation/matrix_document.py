"""A matrix with its origin as a JSON document, which `nkflow spillover` writes beside the CSV."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nkflow.compensation import matrix_csv
from nkflow.compensation.origin import Origin
from nkflow.errors import CompensationError

__all__ = ["SCHEMA", "VERSION", "beside", "parse"]

SCHEMA = "nkflow.spillover"
VERSION = 1

Parsed = tuple[tuple[str, ...], NDArray[np.float64], tuple[str, ...], str, Origin]


def beside(path: Path) -> Path | None:
    """Return the document that stands beside the CSV file `path` under the same name, if there is one."""
    found = path.with_suffix(".json")
    if not found.is_file():
        return None
    try:
        tree = json.loads(matrix_csv.read(found))
    except json.JSONDecodeError:
        return None
    return found if isinstance(tree, dict) and tree.get("schema") == SCHEMA else None


def parse(path: Path) -> Parsed:
    """Return dye names, matrix, detector names, source and origin from the document at `path`.

    Raises
    ------
    CompensationError
        ``matrix-document``: no JSON, another schema or version, or parts are missing.
    """
    try:
        tree: Any = json.loads(matrix_csv.read(path))
        if (tree["schema"], tree["version"]) != (SCHEMA, VERSION):
            raise _refuse(path, f"schema {tree['schema']}, version {tree['version']}")
        return (
            tuple(map(str, tree["names"])),
            np.array(tree["matrix"], dtype=np.float64),
            tuple(map(str, tree["detectors"])),
            str(tree["source"]),
            Origin.from_dict(tree["origin"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise _refuse(path, f"{type(problem).__name__}: {problem}") from problem


def _refuse(path: Path, found: str) -> CompensationError:
    return CompensationError(
        "the document holds no matrix", code="matrix-document", where=path.name, found=found,
        expected=f"what `nkflow spillover` writes: schema {SCHEMA}, version {VERSION}",
    )  # fmt: skip
