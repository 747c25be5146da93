"""The analyst's loop: an edited template evaluates only what the edit touches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nkflow.errors import GatingError
from nkflow.fcs.sample import Sample
from nkflow.gating.bind import Binding, bind
from nkflow.gating.compile import compile_program
from nkflow.gating.drawing import Drawing
from nkflow.gating.evaluate import evaluate
from nkflow.gating.result import Gating
from nkflow.gating.run import run, thread_count
from nkflow.gating.template import Template
from nkflow.gating.turned import Edit, turned

__all__ = ["updated"]


def updated(before: Gating, template: Template, *, threads: int | None = None) -> Gating:
    """Return the gating of the same sample by `template`; equal to a new one, bit for bit.

    Populations whose gate, channels, scales and parents are as before are read from the bits of `before`.
    Everything is evaluated where those bits were not kept, where an event without a number could be lost in
    another place than before, where the matrix is another, or where other cuts were not found.

    Raises
    ------
    GatingError
        (``not-resolved``) where the template is adaptive: its cuts are not found yet.
    """
    if template.is_adaptive:
        raise GatingError(
            "an edit does not find the cuts of an adaptive template", code="not-resolved", where=template.name,
            next_step="Call gate(sample, template, controls=...), or edit the template of this gating.",
        )  # fmt: skip
    sample = before.sample
    binding = bind(sample, template, spillover=before.given, allow=before.allow)
    count = thread_count(threads, sample.n_events)
    kept = _kept(before, binding)
    updated = None if kept is None else _partly(sample, before, binding, kept, count)
    if updated is not None:
        return updated
    return run(
        sample,
        binding,
        threads=count,
        membership=before.totals.words is not None,
        draw_below=() if before.undrawn else None,
        asked=(before.given, before.allow),
    )


def _kept(before: Gating, binding: Binding) -> dict[int, int] | None:
    """Return population -> its number before, for those that stay as they are; None where nothing can stay."""
    old = before.binding
    same_matrix = (old.spillover and old.spillover.sha256) == (binding.spillover and binding.spillover.sha256)
    same_matrix &= {k: m.sha256 for k, m in old.further.items()} == {
        k: m.sha256 for k, m in binding.further.items()
    }
    same = same_matrix and _not_found(old.template) == _not_found(binding.template)
    if before.totals.words is None or before.totals.n_non_finite or not same:
        return None
    tree = binding.template.tree
    known = {node.path: index for index, node in enumerate(old.template.tree.nodes)}
    kept: dict[int, int] = {}
    for index in tree.order:
        number = known.get(tree.nodes[index].path, -2)
        stays = number >= 0 and number not in before.not_evaluable
        if (
            stays
            and binding.meaning(index) == old.meaning(number)
            and set(tree.nodes[index].needs) <= {-1, *kept}
        ):
            kept[index] = number
    return kept


def _not_found(template: Template) -> dict[str, str]:
    """Return population -> why it has no gate."""
    entries, nodes = template.document.populations, template.tree.nodes
    return {node.path: why for node in nodes if (why := entries[node.entry].not_found)}


def _edit(before: Gating, binding: Binding, kept: dict[int, int]) -> Edit | None:
    """Return what is to be evaluated again where the tree is the same; None where it is not that simple."""
    old, tree = before.binding, binding.template.tree
    if [node.path for node in old.template.tree.nodes] != [node.path for node in tree.nodes]:
        return None
    again = [index for index in tree.order if index not in kept]
    if any(binding.meaning(index) is None for index in again) or before.not_evaluable:
        return None
    edited = frozenset(index for index in again if binding.meaning(index) != old.meaning(index))
    following = frozenset(again) - edited
    simple = not any(following.intersection(tree.nodes[index].needs) for index in edited)
    return Edit(edited, following) if simple else None


def _partly(
    sample: Sample, before: Gating, binding: Binding, kept: dict[int, int], threads: int
) -> Gating | None:
    """Return the gating with `kept` populations recalled; None where an event turned up that has no number."""
    edit, totals, missing = _edit(before, binding, kept), None, before.not_evaluable
    if edit is not None:
        totals = turned(before, binding, edit, threads=threads)
    if totals is None:
        program = compile_program(binding, recalled=kept, draw_below=())
        totals, missing = (
            evaluate(sample, program, threads=threads, before=before.totals.words),
            program.not_evaluable,
        )
        if totals.n_non_finite:
            return None
    undrawn = _drawn_anew(before, binding, kept)
    old = tuple(_old_drawings(before, binding, kept, undrawn))
    return Gating(
        sample,
        binding,
        replace(totals, histograms=tuple(counts for _, counts in old)),
        tuple(drawing for drawing, _ in old),
        missing,
        before.given,
        before.allow,
        undrawn,
        held=before.held,
    )


def _drawn_anew(before: Gating, binding: Binding, kept: dict[int, int]) -> frozenset[int]:
    """Return the parents to be drawn again: their events change, or the axes of the gates below them."""
    tree = binding.template.tree
    return frozenset(
        parent
        for parent in range(-1, len(tree.nodes))
        if (parent >= 0 and parent not in kept)
        or kept.get(parent, parent) in before.undrawn
        or _axes(binding, parent) != _axes(before.binding, kept.get(parent, parent))
    )


def _axes(binding: Binding, parent: int) -> list[object]:
    """Return what the gates below `parent` are drawn on, entry by entry."""
    tree, populations = binding.template.tree, binding.template.populations
    entries = dict.fromkeys(tree.nodes[index].entry for index in tree.children[parent])
    return [
        (
            entry,
            [None if binding.lacks(d) else binding.source(d) for d in populations[entry].gate.dimensions[:2]],
        )
        for entry in entries
    ]


def _old_drawings(
    before: Gating, binding: Binding, kept: dict[int, int], draw: frozenset[int]
) -> Iterator[tuple[Drawing, NDArray[np.int32]]]:
    """Iterate over the drawings that stay as they are."""
    now = {number: index for index, number in kept.items()} | {-1: -1}
    for drawing, counts in zip(before.drawings, before.totals.histograms, strict=True):
        parent = now.get(drawing.parent)
        if parent is not None and parent not in draw:
            yield Drawing(parent, drawing.entries, drawing.x, drawing.y), counts
