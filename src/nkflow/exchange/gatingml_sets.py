"""Populations of Cytobank and CytoML under their parents (STANDARDS GM-16).

Both write a population as a gate set: the intersection of its own gate with those of all its ancestors, at the top of
the document. The events are right, the hierarchy is gone. Here a set goes under the largest other set whose gates are
among its own: the same events, and a fraction of the parent that means something.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from nkflow.exchange.gatingml_nodes import GATING, local
from nkflow.fcs.findings import Finding

if TYPE_CHECKING:
    from lxml.etree import _Element

__all__ = ["put_under_parents"]

_ID, _REF, _PARENT, _COMPLEMENT = (
    f"{{{GATING}}}{name}" for name in ("id", "ref", "parent_id", "use-as-complement")
)
_Gates = tuple[tuple[str, bool], ...]


def put_under_parents(nodes: Sequence[_Element]) -> list[Finding]:
    """Give each gate set its parent; return a finding for each that has several and so stays at the top."""
    sets = {str(node.get(_ID)): gates for node in nodes if (gates := _gates(node))}
    findings = []
    for node in nodes:
        id_ = str(node.get(_ID))
        if id_ not in sets or node.get(_PARENT) is not None:
            continue
        parents = _parents(sets[id_], sets)
        if len(parents) == 1:
            node.set(_PARENT, parents[0])
        elif parents:
            text = f"the gates of {id_} lie in {', '.join(parents[:5])[:200]} alike"
            taken = "it stands under the root; its events are those of all its gates"
            findings.append(Finding("parent-unclear", "info", text, id_, taken))
    return findings


def _gates(node: _Element) -> _Gates:
    """Return what a gate set is the intersection of, in its order; nothing for any other element."""
    if local(node) != "BooleanGate" or not str(node.get(_ID)).startswith("GateSet"):
        return ()
    parts = [
        (str(part.get(_REF)), part.get(_COMPLEMENT) in ("true", "1"))
        for both in node.iterchildren(f"{{{GATING}}}and")
        for part in both.iterchildren(f"{{{GATING}}}gateReference")
    ]
    return tuple(dict.fromkeys(parts))


def _parents(own: _Gates, sets: Mapping[str, _Gates]) -> list[str]:
    """Return the largest sets whose gates are among `own`; of several the ones that `own` begins with."""
    inside = {id_: gates for id_, gates in sets.items() if set(gates) < set(own)}
    most = max(map(len, inside.values()), default=0)
    largest = [id_ for id_, gates in inside.items() if len(gates) == most]
    leading = [id_ for id_ in largest if sets[id_] == own[:most]]
    return leading if len(leading) == 1 else largest
