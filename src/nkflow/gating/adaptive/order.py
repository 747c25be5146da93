"""In which order cuts can be found: each after those that its own populations need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from nkflow.gating.adaptive.document import CutDocument, EllipseMethod
from nkflow.gating.adaptive.setting import numbers_of
from nkflow.gating.gates import Ellipsoid, Gate, Polygon
from nkflow.gating.tree import Mistake, Tree

__all__ = ["entries_set", "entries_under", "mistakes_in", "ordered"]


def mistakes_in(
    cuts: Sequence[CutDocument], tree: Tree, gates: Sequence[Gate], scales: Iterable[str]
) -> list[Mistake]:
    """Return what is wrong with the cuts of a template: unknown names, numbers that a gate lacks, circles."""
    mistakes: list[Mistake] = []
    names = [cut.name for cut in cuts]
    for k, cut in enumerate(cuts):
        if cut.name in names[:k]:
            mistakes.append(Mistake((k, "name"), f"'{cut.name}' is the name of two cuts"))
        mistakes += [
            Mistake((k, "channel"), f"a cut needs a scale, and there is none for {channel}")
            for channel in _scaled(cut)
            if channel not in scales
        ]
        for text in (cut.of, *cut.judged_in, *cut.sets):
            if len(tree.find(text)) != 1:
                mistakes.append(Mistake((k,), f"'{text}' is not one population of the template"))
        for text, number in cut.sets.items():
            found = tree.find(text)
            if len(found) == 1 and found[0] >= 0:
                mistakes += _number_mistakes(k, cut, number, gates[tree.nodes[found[0]].entry])
    if not mistakes and ordered(cuts, tree) is None:
        mistakes.append(Mistake((), "the cuts need each other in a circle"))
    return mistakes


def _scaled(cut: CutDocument) -> tuple[str, ...]:
    """Return the channels on whose scale a cut is found."""
    if isinstance(cut.find, EllipseMethod):
        return cut.channel, cut.find.y
    return () if cut.find.kind == "singlet-band" else (cut.channel,)


def _number_mistakes(k: int, cut: CutDocument, number: str, gate: Gate) -> list[Mistake]:
    known = numbers_of(gate)
    if number not in known:
        text = f"the gate has no number '{number}'; it has {', '.join(known) or 'none'}"
        return [Mistake((k, "sets"), text)]
    if number != "gate" and known[number] != cut.channel:
        return [Mistake((k, "sets"), f"'{number}' is on {known[number]}, the cut on {cut.channel}")]
    axes = tuple(dimension.channel for dimension in gate.dimensions)
    if isinstance(cut.find, EllipseMethod) and not (
        isinstance(gate, Ellipsoid) and axes == (cut.channel, cut.find.y)
    ):
        return [Mistake((k, "sets"), f"an ellipse sets an ellipsoid on {cut.channel} and {cut.find.y}")]
    if cut.find.kind == "singlet-band" and not isinstance(gate, Polygon):
        return [Mistake((k, "sets"), "a singlet-band sets a polygon")]
    return []


def ordered(cuts: Sequence[CutDocument], tree: Tree) -> tuple[int, ...] | None:
    """Return an order in which each cut comes after those it needs; None for a circle."""
    sets = [entries_set(cut, tree) for cut in cuts]
    needs = [
        {j for j in range(len(cuts)) if set(sets[j]) & entries_under(tree, (cut.of, *cut.judged_in))}
        for cut in cuts
    ]
    done: list[int] = []
    while len(done) < len(cuts):
        ready = [k for k in range(len(cuts)) if k not in done and needs[k] <= set(done)]
        if not ready:
            return None
        done.append(ready[0])
    return tuple(done)


def entries_set(cut: CutDocument, tree: Tree) -> Mapping[int, str]:
    """Return entry -> the number of its gate that `cut` sets."""
    return {tree.nodes[tree.find(text)[0]].entry: number for text, number in cut.sets.items()}


def entries_under(tree: Tree, names: Iterable[str]) -> set[int]:
    """Return the entries whose gates decide who is in the populations `names`."""
    indices = [tree.find(name)[0] for name in names]
    return set().union(*(tree.deciding[index] for index in indices if index >= 0))
