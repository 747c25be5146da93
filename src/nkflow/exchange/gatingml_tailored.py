"""Cytobank's gates for one FCS file (STANDARDS GM-16): of one gate there are several elements, and one of them counts.

An experiment's gate and its tailored versions share a ``gate_id`` in their ``custom_info``. For a file its own version
stands for the gate, for all others the experiment's. Other elements may refer to any of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nkflow.exchange.gatingml_names import custom_text, tailored_file
from nkflow.exchange.gatingml_nodes import GATING
from nkflow.fcs.findings import Finding

if TYPE_CHECKING:
    from lxml.etree import _Element

__all__ = ["for_file"]

_ID, _REF, _PARENT = (f"{{{GATING}}}{name}" for name in ("id", "ref", "parent_id"))


def for_file(nodes: Sequence[_Element], file: str) -> tuple[list[_Element], list[Finding]]:
    """Return the gates that count for `file` ("": for none in particular), and what was left out.

    References to the others are turned to those that count.
    """
    versions: dict[str, list[_Element]] = {}
    for node in nodes:
        if number := custom_text(node, "gate_id"):
            versions.setdefault(f"{node.tag} {number}", []).append(node)
    instead: dict[str, str] = {}
    left_out: list[_Element] = []
    findings: list[Finding] = []
    for same in versions.values():
        counts = _chosen(same, file)
        if counts is None:
            continue
        for other in same:
            if other is not counts:
                instead[str(other.get(_ID))] = str(counts.get(_ID))
                left_out.append(other)
                findings.append(_finding(other, counts))
    kept = [node for node in nodes if not any(node is other for other in left_out)]
    for node in kept:
        for part in node.iter():
            for key in (_REF, _PARENT):
                if (found := part.get(key)) in instead:
                    part.set(key, instead[str(found)])
    return kept, findings


def _chosen(same: Sequence[_Element], file: str) -> _Element | None:
    """Return the version that counts, None where it can't be told: then all stay."""
    own = [node for node in same if file and tailored_file(node) == file]
    general = [node for node in same if not tailored_file(node)]
    found = own or general
    return found[0] if len(same) > 1 and len(found) == 1 else None


def _finding(other: _Element, counts: _Element) -> Finding:
    name, drawn = str(other.get(_ID)), tailored_file(other)
    what = f"drawn for the file {drawn[:200]}" if drawn else "of the whole experiment"
    text = f"the gate {name} is {what}"
    return Finding("tailored-gate", "info", text, name, f"{counts.get(_ID)} counts instead")
