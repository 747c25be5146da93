"""Elements and attributes of a FlowJo 10 workspace, which is like Gating-ML and is not (STANDARDS 5.2).

FlowJo mixes attributes with and without a namespace, so that they are looked up by their local name.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from nkflow.errors import Problem

if TYPE_CHECKING:
    from lxml.etree import _Element

__all__ = [
    "FlowJoError",
    "attribute",
    "children",
    "coordinates",
    "number",
    "optional_number",
    "tag",
    "usable",
]

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


class FlowJoError(Exception):
    """Something in the workspace that can't be read, or has no counterpart here."""

    def __init__(self, node: _Element, found: str, expected: str) -> None:
        super().__init__(found)
        self.node, self.found, self.expected = node, found, expected

    def problem(self, file: str, place: str = "") -> Problem:
        """Return it as one line of a `DocumentError`."""
        line = self.node.sourceline if isinstance(self.node.sourceline, int) else None
        return Problem(file, line, place, self.found, self.expected)


def tag(node: _Element) -> str:
    """Return the name of an element without its namespace."""
    return str(node.tag).rpartition("}")[2]


def children(node: _Element, *names: str) -> Iterator[_Element]:
    """Iterate over the direct children of these local names."""
    return (child for child in node.iterchildren("*") if tag(child) in names)


def attribute(node: _Element, name: str, default: str | None = None) -> str:
    """Return an attribute by its local name, which some writers spell in other letters (``w`` for ``W``).

    Raises
    ------
    FlowJoError
        Where it is not there and has no default.
    """
    for key, value in node.attrib.items():
        if str(key).rpartition("}")[2] == name:
            return str(value)
    alike = [v for k, v in node.attrib.items() if str(k).rpartition("}")[2].lower() == name.lower()]
    if len(alike) == 1:
        return str(alike[0])
    if default is None:
        raise FlowJoError(node, f"no {name} in {tag(node)}", f"the attribute {name}")
    return default


def number(node: _Element, name: str) -> float:
    """Return a finite number that must be there."""
    text = attribute(node, name).strip()
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(value):
        raise FlowJoError(node, f"{name} = {text[:40]!a}", "a number")
    return value


def optional_number(node: _Element, name: str) -> float | None:
    """Return a number, None where the attribute is missing or infinite."""
    text = attribute(node, name, "").strip()
    if text in ("", "INF", "-INF", "Infinity", "-Infinity"):
        return None
    return number(node, name)


def coordinates(node: _Element) -> tuple[float, ...]:
    """Return the numbers of a vertex."""
    return tuple(number(child, "value") for child in children(node, "coordinate"))


def usable(name: str) -> str:
    """Return a population's name as a template can hold it: without slashes and blanks around it."""
    text = " ".join(name.replace("/", "_").split())[:200] or "unnamed"
    return text if text != "root" else "root population"
