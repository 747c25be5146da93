"""What a lot names, loaded although the lot itself has mistakes: all of them are told at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from nkflow import documents
from nkflow.dose.lot import is_path
from nkflow.errors import DocumentError, Problem

__all__ = ["collect", "load_named", "tree_of"]

T = TypeVar("T")


def tree_of(path: Path) -> Mapping[object, object]:
    """Return the lot at `path` as a YAML tree; empty where it isn't one."""
    try:
        tree = documents.tree(documents.read_text(path), name=str(path))
    except DocumentError:
        return {}
    return tree if isinstance(tree, Mapping) else {}


def collect(load: Callable[[], T], problems: list[Problem]) -> T | None:
    """Return what `load` gives, or None after its mistakes went into `problems`."""
    try:
        return load()
    except DocumentError as error:
        problems.extend(error.problems or (Problem("", None, "", str(error), "a valid document"),))
        return None


def load_named(
    key: str, *, path: Path, load: Callable[[str], T], shipped: Sequence[str], problems: list[Problem]
) -> T | None:
    """Load what the lot at `path` names under `key`: one of `shipped`, or a path relative to the lot.

    A name that nothing shipped has is a mistake of the lot; `load_lot` tells what is absent from it.
    """
    tree = tree_of(path)
    name = tree.get(key)
    expected = f"one of {', '.join(shipped)}, or the path of a YAML file"
    if not isinstance(name, str):
        return None
    beside = path.parent / name
    if beside.is_file():
        return collect(lambda: load(str(beside)), problems)
    if name in shipped:
        return collect(lambda: load(name), problems)
    if not is_path(name):
        hint = "Check the name."
        problems.append(documents.problem_at(tree, (key,), name=str(path), expected=expected, next_step=hint))
    return None
