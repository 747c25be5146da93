"""Numbers by population: a mapping that knows bare names, paths and root."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nkflow.errors import GatingError
from nkflow.gating.tree import ROOT, Tree

__all__ = ["ByPopulation", "index_of"]


class ByPopulation(Mapping[str, int]):
    """Population -> number. Iterated under the bare name where it is unique, else the path; root first.

    Populations that are not evaluable are not in it; asking for one says why, as a `GatingError` (and so does
    ``get``: a missing population has no default that means anything).
    """

    def __init__(self, tree: Tree, numbers: Mapping[int, int], not_evaluable: Mapping[int, str]) -> None:
        self._tree, self._numbers, self._not_evaluable = tree, dict(numbers), dict(not_evaluable)

    def __getitem__(self, name: str) -> int:
        index = index_of(self._tree, name)
        if index in self._not_evaluable:
            raise GatingError(
                f"{name} is not evaluable", code="not-evaluable", where=name, found=self._not_evaluable[index]
            )
        return self._numbers[index]

    def __contains__(self, name: object) -> bool:
        found = self._tree.find(name) if isinstance(name, str) else ()
        return len(found) == 1 and found[0] in self._numbers

    def __iter__(self) -> Iterator[str]:
        if -1 in self._numbers:
            yield ROOT
        for index, key in enumerate(self._tree.keys):
            if index in self._numbers:
                yield key

    def __len__(self) -> int:
        return len(self._numbers)

    def __repr__(self) -> str:
        return repr(dict(self))


def index_of(tree: Tree, name: str) -> int:
    """Return the population that `name` (a name or a path) means; root is -1.

    Raises
    ------
    GatingError
        ``population-unknown`` or ``population-ambiguous``; the message lists what there is.
    """
    found = tree.find(name)
    if len(found) == 1:
        return found[0]
    if found:
        raise GatingError(
            f"'{name}' is the name of {len(found)} populations",
            code="population-ambiguous",
            found=", ".join(tree.nodes[index].path for index in found),
            next_step="Give the path parent/child.",
        )
    raise GatingError(
        f"there is no population '{name}'", code="population-unknown", expected=", ".join((ROOT, *tree.keys))
    )
