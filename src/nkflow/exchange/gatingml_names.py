"""Names of populations in Gating-ML: ids are XML names, and the real name stands in ``custom_info``.

An id must be an ``xs:ID`` and unique in its document, so that ``CD45+`` or two populations ``T`` have no id of
their own name. Cytobank and we therefore write the name beside it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from nkflow.exchange.gatingml_nodes import DATA, GATING, local, optional_text
from nkflow.gating.tree import MAX_DEPTH, ROOT

if TYPE_CHECKING:
    from lxml.etree import _Element

__all__ = ["NKFLOW", "custom_text", "identifier", "paths_of", "tailored_file"]

NKFLOW = "urn:nkflow:gating-ml:1"
_ALLOWED = re.compile(r"[A-Za-z0-9.-]")


def identifier(name: str, taken: set[str]) -> str:
    """Return an XML name for `name`, itself where it is one, and not among `taken`; it is added there.

    Other characters become ``_xHHHH_``, as SQL/XML (ISO 9075-14) spells them.
    """
    made = "".join(c if _ALLOWED.match(c) or c == "_" else f"_x{ord(c):04X}_" for c in name)
    if not made or not (made[0].isalpha() or made[0] == "_"):
        made = f"_{made}"
    candidate, number = made, 2
    while candidate in taken:
        candidate, number = f"{made}.{number}", number + 1
    taken.add(candidate)
    return candidate


def tailored_file(node: _Element) -> str:
    """Return the one FCS file that a gate of Cytobank is for, "" where it is for all (STANDARDS GM-16)."""
    return custom_text(node, "fcs_file_filename")


def paths_of(nodes: Sequence[_Element]) -> dict[str, str]:
    """Return id -> path of the population it makes, for gates and quadrants.

    Where no name differs from its id, the paths are the ids themselves: a reference needs no more.
    """
    names, parents = _names_and_parents(nodes)
    if all(name == id_ for id_, name in names.items()):
        return {id_: id_ for id_ in names}
    _undo_collisions(names, parents)
    return {id_: _path(id_, names, parents) for id_ in names}


def _names_and_parents(nodes: Sequence[_Element]) -> tuple[dict[str, str], dict[str, str]]:
    names: dict[str, str] = {}
    parents: dict[str, str] = {}
    for node in nodes:
        parent = optional_text(node, GATING, "parent_id") or ROOT
        own = optional_text(node, GATING, "id") or ""
        if local(node) != "QuadrantGate":
            names[own], parents[own] = _usable(_name(node), own), parent
            continue
        given = _quadrant_names(node)
        for quadrant in node.iterchildren(f"{{{GATING}}}Quadrant"):
            id_ = optional_text(quadrant, GATING, "id") or ""
            names[id_], parents[id_] = _usable(given.get(id_, ""), id_), parent
    return names, parents


def _undo_collisions(names: dict[str, str], parents: Mapping[str, str]) -> None:
    """Let populations of one name and parent go by their ids, and gates that have a gate set of their name."""
    sets = {name for id_, name in names.items() if id_.startswith("GateSet")}
    for id_, name in names.items():
        if name in sets and not id_.startswith("GateSet"):
            names[id_] = id_
    places: dict[tuple[str, str], list[str]] = {}
    for id_, name in names.items():
        places.setdefault((parents[id_], name), []).append(id_)
    for same in places.values():
        for id_ in same if len(same) > 1 else ():
            names[id_] = id_


def _path(id_: str, names: Mapping[str, str], parents: Mapping[str, str]) -> str:
    parts: list[str] = []
    while id_ != ROOT and len(parts) <= MAX_DEPTH:
        parts.append(names.get(id_, id_))
        id_ = parents.get(id_, ROOT)
    return "/".join(reversed(parts))


def _usable(name: str, id_: str) -> str:
    text = " ".join(name.replace("/", "_").split())[:200]
    return text if text and text != ROOT else id_


def _name(node: _Element) -> str:
    return _custom_attribute(node, "population") or custom_text(node, "name")


def _custom_attribute(node: _Element, tag: str) -> str:
    for custom in node.iterchildren(f"{{{DATA}}}custom_info"):
        for element in custom.iterchildren(f"{{{NKFLOW}}}{tag}"):
            return str(element.get("name", ""))
    return ""


def _quadrant_names(node: _Element) -> dict[str, str]:
    return {
        str(element.get("id", "")): str(element.get("name", ""))
        for custom in node.iterchildren(f"{{{DATA}}}custom_info")
        for element in custom.iterchildren(f"{{{NKFLOW}}}quadrant")
    }


def custom_text(node: _Element, tag: str) -> str:
    """Return what Cytobank says about a gate under `tag`."""
    for custom in node.iterchildren(f"{{{DATA}}}custom_info"):
        for cytobank in custom.iterchildren("{*}cytobank", "cytobank"):
            for element in cytobank.iterchildren(f"{{*}}{tag}", tag):
                return (element.text or "").strip()
    return ""
