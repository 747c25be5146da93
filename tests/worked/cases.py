"""Lots and protocols for tests: the written worked example, with changes."""

from __future__ import annotations

import copy
import functools
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from nkflow import documents
from nkflow.counting.composition import Composition
from nkflow.counting.inputs import Counting
from nkflow.counting.quantify import quantify
from nkflow.counting.rules import CountingRules
from nkflow.counting.tubes import TubeCounts
from nkflow.dose.document import dose_of_counts
from nkflow.dose.lot import Lot
from nkflow.dose.protocol import Protocol
from nkflow.dose.result import Dose

FOLDER = Path(__file__).parents[1] / "dose" / "worked_example"


def plain(name: str) -> dict[str, Any]:
    """Return the written document as plain values, to be changed."""
    return copy.deepcopy(_read(name))


def changed(tree: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return `tree` with values set at dotted paths; None takes a key away."""
    tree = copy.deepcopy(tree)
    for path, value in changes.items():
        *steps, last = path.split(".")
        node: Any = tree
        for step in steps:
            node = node[int(step)] if isinstance(node, list) else node.setdefault(step, {})
        if value is None and isinstance(node, dict):
            node.pop(last, None)
        elif isinstance(node, list):
            node[int(last)] = value
        else:
            node[last] = value
    return tree


def lot(**changes: Any) -> Lot:
    """Return the example's lot with changes; ``__`` stands for a dot."""
    return documents.validate(changed(plain("lot"), _dotted(changes)), Lot, name="lot")


def protocol(**changes: Any) -> Protocol:
    """Return the example's protocol with changes."""
    return documents.validate(changed(plain("protocol"), _dotted(changes)), Protocol, name="protocol")


def dose(in_lot: dict[str, Any] | None = None, in_protocol: dict[str, Any] | None = None) -> Dose:
    """Return the judged dose of the example with changes at dotted paths; Monte Carlo is left short."""
    short = {"monte_carlo": {"trials": 10_000}, "limits": []}
    return dose_of_counts(
        documents.validate(changed(plain("lot"), in_lot or {}), Lot, name="lot"),
        documents.validate(
            changed(plain("protocol"), short | (in_protocol or {})), Protocol, name="protocol"
        ),
    )


def counts(**populations: int) -> dict[str, int]:
    """Return counts whose ``viable`` is the sum of its leaves."""
    leaves = {"NK": 4992, "NKT-like": 1410, "T": 55, "B": 0, "monocytes": 11, "other": 512}
    given = {name.replace("_", "-"): count for name, count in populations.items()}
    leaves |= {name: given[name] for name in leaves if name in given}
    return {"beads": 15310, "dead": 1188} | given | leaves | {"viable": sum(leaves.values())}


def composition(
    *tubes: dict[str, int], counting: dict[str, Any] | None = None, rules: CountingRules | None = None
) -> Composition:
    """Return the composition of tubes counted as in the example."""
    inputs = documents.validate(changed(plain("lot")["counting"], counting or {}), Counting, name="counting")
    counted = [TubeCounts(f"{index}", tube) for index, tube in enumerate(tubes or (counts(),))]
    return quantify(counted, counting=inputs, rules=rules)


def limit(quantity: str, **fields: Any) -> dict[str, Any]:
    """Return one limit as plain values."""
    usual = {
        "name": quantity,
        "quantity": quantity,
        "op": "<",
        "decimals": 0,
        "rule": "simple",
        "source": "test",
    }
    return usual | fields


def t_limit(value: float, *, rule: str = "guarded", **fields: Any) -> dict[str, Any]:
    """Return a limit on residual T per kg."""
    return limit("per_kg", population="residual T", unit="cells/kg", value=value, rule=rule, **fields)


@functools.cache
def _read(name: str) -> dict[str, Any]:
    return dict(YAML(typ="safe", pure=True).load((FOLDER / f"{name}.yaml").read_text()))


def _dotted(changes: dict[str, Any]) -> dict[str, Any]:
    return {name.replace("__", "."): value for name, value in changes.items()}
