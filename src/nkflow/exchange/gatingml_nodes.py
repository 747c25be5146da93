"""Names, attributes and numbers of Gating-ML 2.0 elements; a mistake knows its line.

Elements and attributes are known by their namespace, never by a prefix. An attribute without a namespace is a
mistake and not an attribute that isn't there: a ``min`` that is overlooked would let everything in.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from nkflow.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

__all__ = [
    "DATA",
    "GATING",
    "TRANSFORMS",
    "MistakeError",
    "child",
    "children",
    "flag",
    "local",
    "number",
    "optional_number",
    "optional_text",
    "text",
]

_ROOT = "http://www.isac-net.org/std/Gating-ML/v2.0/"
GATING, TRANSFORMS, DATA = (_ROOT + "gating", _ROOT + "transformations", _ROOT + "datatypes")

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_SPECIAL = {"INF": math.inf, "+INF": math.inf, "-INF": -math.inf}
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


class MistakeError(Exception):
    """Something in the document that can't be read; the reader collects them all."""

    def __init__(self, node: _Element, found: str, expected: str, next_step: str = "") -> None:
        super().__init__(found)
        self.node, self.found, self.expected, self.next_step = node, found, expected, next_step

    def problem(self, file: str) -> Problem:
        """Return it as one line of a `DocumentError`."""
        places = [_place(node) for node in (*reversed(list(self.node.iterancestors())), self.node)]
        line = self.node.sourceline if isinstance(self.node.sourceline, int) else None
        return Problem(file, line, "/".join(places[1:]), self.found, self.expected, self.next_step)


def _place(node: _Element) -> str:
    name = node.get(f"{{{GATING}}}id") or node.get(f"{{{TRANSFORMS}}}id")
    return local(node) if name is None else f"{local(node)}[{name}]"


def local(node: _Element) -> str:
    """Return the name of an element without its namespace."""
    return str(node.tag).rpartition("}")[2]


def children(node: _Element, namespace: str, *names: str) -> Iterator[_Element]:
    """Iterate over the direct children of these names, all of the namespace where none is given."""
    wanted = [f"{{{namespace}}}{name}" for name in names] or [f"{{{namespace}}}*"]
    return node.iterchildren(*wanted)


def child(node: _Element, namespace: str, *names: str) -> _Element:
    """Return the one direct child of these names."""
    found = list(children(node, namespace, *names))
    if len(found) != 1:
        raise MistakeError(node, f"{len(found)} of {', '.join(names)}", "exactly one")
    return found[0]


def optional_text(node: _Element, namespace: str, name: str) -> str | None:
    """Return an attribute, None where it is absent."""
    if node.get(name) is not None:
        raise MistakeError(node, f"the attribute {name} without a namespace", f"{name} in {namespace}")
    value = node.get(f"{{{namespace}}}{name}")
    return None if value is None else str(value).strip()


def text(node: _Element, namespace: str, name: str) -> str:
    """Return an attribute that must be there and say something."""
    value = optional_text(node, namespace, name)
    if not value:
        raise MistakeError(node, "nothing", f"the attribute {name}")
    return value


def optional_number(node: _Element, namespace: str, name: str) -> float | None:
    """Return a numeric attribute, None where it is absent."""
    value = optional_text(node, namespace, name)
    return None if value is None else _parsed(node, value, name)


def number(node: _Element, namespace: str, name: str) -> float:
    """Return a numeric attribute that must be there, or with name "" the text of the element."""
    value = text(node, namespace, name) if name else (node.text or "").strip()
    return _parsed(node, value, name or local(node))


def _parsed(node: _Element, value: str, name: str) -> float:
    """Return an xs:double; NaN is refused (STANDARDS GM-12)."""
    if value in _SPECIAL:
        return _SPECIAL[value]
    if not _NUMBER.fullmatch(value):
        raise MistakeError(node, f"{name} = {value[:40]!a}", "a number")
    return float(value)


def flag(node: _Element, namespace: str, name: str) -> bool:
    """Return an xs:boolean attribute, ``true`` and ``1`` alike (STANDARDS GM-05); False where it is absent."""
    value = optional_text(node, namespace, name)
    if value is None:
        return False
    if value not in _FLAGS:
        raise MistakeError(node, f"{name} = {value[:40]!a}", "true, 1, false or 0")
    return _FLAGS[value]
