"""Populations by name: who is whose parent, who refers to whom, and in which order they can be evaluated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

__all__ = ["MAX_DEPTH", "MAX_POPULATIONS", "ROOT", "Entry", "Mistake", "Node", "Tree", "resolve"]

ROOT = "root"
MAX_POPULATIONS = 512
MAX_DEPTH = 64


@dataclass(frozen=True)
class Entry:
    """One entry of a template: the populations it makes and the names it uses.

    ``outcomes`` holds (outcome, name): one pair with outcome "" for a gate with one population.
    """

    outcomes: tuple[tuple[str, str], ...]
    parent: str
    references: tuple[tuple[str, bool], ...] = ()
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True)
class Node:
    """One population in its place; other populations by their index.

    ``parent`` is -1 for root. ``references`` are (index, complement) of a boolean gate.
    """

    name: str
    path: str
    parent: int
    entry: int
    outcome: str
    references: tuple[tuple[int, bool], ...]
    exclude: tuple[int, ...]

    @property
    def needs(self) -> tuple[int, ...]:
        """The populations that must be known before this one."""
        above = () if self.parent < 0 else (self.parent,)
        return (*above, *(index for index, _ in self.references), *self.exclude)


@dataclass(frozen=True)
class Mistake:
    """What is wrong at `loc` (entry index, field, ...) of the populations."""

    loc: tuple[int | str, ...]
    message: str


@dataclass(frozen=True)
class Tree:
    """All populations in document order, and `order`: an order in which each comes after what it needs."""

    nodes: tuple[Node, ...]
    order: tuple[int, ...]

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The name each population goes by: bare where unique, else its path."""
        count = Counter(node.name for node in self.nodes)
        return tuple(node.name if count[node.name] == 1 else node.path for node in self.nodes)

    @cached_property
    def deciding(self) -> tuple[frozenset[int], ...]:
        """The entries whose gates decide who is in each population: its own and those of all that it needs."""
        found: dict[int, frozenset[int]] = {}
        for index in self.order:
            node = self.nodes[index]
            found[index] = frozenset((node.entry,)).union(*(found[other] for other in node.needs))
        return tuple(found[index] for index in range(len(self.nodes)))

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {key: index for index, key in enumerate(self.keys)}

    @cached_property
    def children(self) -> tuple[tuple[int, ...], ...]:
        """The populations directly below each; the last item belongs to root, so that index -1 finds it."""
        below: list[list[int]] = [[] for _ in range(len(self.nodes) + 1)]
        for index, node in enumerate(self.nodes):
            below[node.parent].append(index)
        return tuple(map(tuple, below))

    def find(self, text: str) -> tuple[int, ...]:
        """Return the populations that `text` (a name, a path or the end of one) may mean; root is -1."""
        if text == ROOT:
            return (-1,)
        if text in self._numbers:
            return (self._numbers[text],)
        text = text.removeprefix(ROOT + "/")
        exact = tuple(index for index, node in enumerate(self.nodes) if node.path == text)
        return exact or tuple(
            index for index, node in enumerate(self.nodes) if f"/{node.path}".endswith(f"/{text}")
        )

    def above(self, index: int) -> Iterator[int]:
        """Iterate over `index`, its parent, and so on up to root (-1)."""
        while index >= 0:
            yield index
            index = self.nodes[index].parent
        yield -1


def resolve(entries: Sequence[Entry]) -> tuple[Tree | None, list[Mistake]]:
    """Return the tree of `entries`, or None and every mistake: unknown, ambiguous, doubled, circular names."""
    return _Resolution(entries).tree()


@dataclass
class _Resolution:
    """The work of `resolve`: names first, then paths, then the order."""

    entries: Sequence[Entry]
    mistakes: list[Mistake] = field(default_factory=list)
    _parents: dict[int, tuple[int, ...]] = field(default_factory=dict)

    @cached_property
    def populations(self) -> list[tuple[int, str, str]]:
        """(entry, outcome, name) of every population."""
        return [
            (index, outcome, name)
            for index, entry in enumerate(self.entries)
            for outcome, name in entry.outcomes
        ]

    def tree(self) -> tuple[Tree | None, list[Mistake]]:
        if len(self.populations) > MAX_POPULATIONS:
            text = f"there are {len(self.populations)} populations, and at most {MAX_POPULATIONS} can be kept"
            return None, [Mistake((), text)]
        if self._doubled([self.entries[entry].parent for entry, _, _ in self.populations]):
            return None, self._distinct()
        parents = [self._one(entry, "parent", self.entries[entry].parent) for entry, _, _ in self.populations]
        references = {index: self._references(index) for index in range(len(self.entries))}
        if self.mistakes or self._doubled(parents):
            return None, self._distinct()
        nodes = tuple(
            Node(name, self._path(index, parents), parents[index], entry, outcome, *references[entry])
            for index, (entry, outcome, name) in enumerate(self.populations)
        )
        order = self._order(nodes)
        return (None if order is None else Tree(nodes, order)), self._distinct()

    def _distinct(self) -> list[Mistake]:
        return list(dict.fromkeys(self.mistakes))

    def _references(self, index: int) -> tuple[tuple[tuple[int, bool], ...], tuple[int, ...]]:
        entry = self.entries[index]
        references = tuple((self._one(index, "gate", text), inverse) for text, inverse in entry.references)
        return references, tuple(self._one(index, "exclude", text) for text in entry.exclude)

    def _one(self, entry: int, where: str, text: str) -> int:
        """Return the one population that `text` means; root is -1 and stands for a mistake too."""
        if text == ROOT and where == "parent":
            return -1
        found = self._lookup(tuple(text.removeprefix(ROOT + "/").split("/")))
        if len(found) == 1:
            return found[0]
        known = ", ".join(sorted({name for _, _, name in self.populations}))
        if found:
            message = f"'{text}' is the name of {len(found)} populations: give its path parent/child"
        else:
            message = f"there is no population '{text}'; there are {known}"
        self.mistakes.append(Mistake((entry, where), message))
        return -1

    def _lookup(self, parts: tuple[str, ...]) -> tuple[int, ...]:
        """Return the populations whose path ends with `parts`; of several the one whose whole path it is."""
        found = [index for index, (_, _, name) in enumerate(self.populations) if name == parts[-1]]
        if len(parts) > 1:
            above = self._lookup(parts[:-1])
            found = [index for index in found if set(self._parent(index)) & set(above)]
            whole = [index for index in found if self._is_whole(index, len(parts))]
        else:
            whole = [index for index in found if self.entries[self.populations[index][0]].parent == ROOT]
        return tuple(whole if len(found) > 1 and len(whole) == 1 else found)

    def _is_whole(self, index: int, depth: int) -> bool:
        for _ in range(depth - 1):
            above = self._parent(index)
            if len(above) != 1:
                return False
            index = above[0]
        return self.entries[self.populations[index][0]].parent == ROOT

    def _parent(self, index: int) -> tuple[int, ...]:
        """Return what the parent of population `index` may be; () for root, and inside a circle."""
        if index not in self._parents:
            self._parents[index] = ()
            text = self.entries[self.populations[index][0]].parent
            if text != ROOT:
                self._parents[index] = self._lookup(tuple(text.removeprefix(ROOT + "/").split("/")))
        return self._parents[index]

    def _doubled(self, parents: Sequence[int | str]) -> bool:
        """Note populations of the same name under the same parent; tell whether there are any."""
        seen: set[tuple[int | str, str]] = set()
        for parent, (entry, _, name) in zip(parents, self.populations, strict=True):
            if (parent, name) in seen:
                self.mistakes.append(Mistake((entry, "name"), f"'{name}' stands twice under the same parent"))
            seen.add((parent, name))
        return bool(self.mistakes)

    def _path(self, index: int, parents: Sequence[int]) -> str:
        names: list[str] = []
        while index >= 0 and len(names) <= MAX_DEPTH:
            names.append(self.populations[index][2])
            index = parents[index]
        return "/".join(reversed(names))

    def _order(self, nodes: Sequence[Node]) -> tuple[int, ...] | None:
        """Return an order after needs, in document order where free; None and a mistake for a circle."""
        order: list[int] = []
        done: set[int] = set()
        waiting = list(range(len(nodes)))
        while waiting:
            ready = [index for index in waiting if done.issuperset(nodes[index].needs)]
            if not ready:
                circle = _circle(nodes, waiting)
                needs = zip(circle, (*circle[1:], circle[0]), strict=True)
                words = ", ".join(f"'{nodes[a].name}' needs '{nodes[b].name}'" for a, b in needs)
                text = f"populations need each other in a circle: {words}"
                if len(circle) == 1:
                    text = f"the population '{nodes[circle[0]].name}' needs itself"
                self.mistakes.append(Mistake((nodes[circle[0]].entry,), text))
                return None
            order += ready
            done.update(ready)
            waiting = [index for index in waiting if index not in done]
        for index in order:
            if nodes[index].path.count("/") >= MAX_DEPTH:
                self.mistakes.append(
                    Mistake(
                        (nodes[index].entry, "parent"),
                        f"this is deeper than {MAX_DEPTH} populations",
                    )
                )
                return None
        return tuple(order)


def _circle(nodes: Sequence[Node], waiting: Sequence[int]) -> list[int]:
    """Return the populations of one circle among those that wait; each needs the next."""
    walk = [waiting[0]]
    while True:
        following = next(index for index in nodes[walk[-1]].needs if index in waiting)
        if following in walk:
            return walk[walk.index(following) :]
        walk.append(following)
