"""An edit, event by event: where no edited gate gives another answer, every population below stays as it was.

First the edited gates are asked about all events. Then the rest is evaluated for the few events about which one of
them changed its mind; they are gathered from many blocks into one. An event that is now in none of the edited
populations is in none below them either, and nobody looks at its values. The columns of a gate that is edited
again are held: who moves a gate moves it many times.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nkflow.fcs.blocks import BlockReader
from nkflow.fcs.sample import Sample
from nkflow.gating.bind import Binding, Reading
from nkflow.gating.block import SIZE
from nkflow.gating.columns import Columns, columns_for, columns_held
from nkflow.gating.compile import compile_program
from nkflow.gating.evaluate import LARGEST, read_only
from nkflow.gating.held import HeldReader, Key
from nkflow.gating.program import Program
from nkflow.gating.straight import StraightReader
from nkflow.gating.totals import Totals
from nkflow.kernels import bits
from nkflow.kernels.jit import entry
from nkflow.kernels.program import run_block
from nkflow.scales.table import settled

if TYPE_CHECKING:
    from nkflow.gating.result import Gating

__all__ = ["Edit", "turned"]

Words = NDArray[np.uint64]
FEW = 4160  # events that are picked at once, a multiple of 64; few enough that the cache still has their columns


@dataclass(frozen=True)
class Edit:
    """Populations by number, the same before and after: those whose own gate is another, those that follow from them.

    `edited` need others and each other; none of them needs one of `following`.
    """

    edited: frozenset[int]
    following: frozenset[int]


def turned(before: Gating, binding: Binding, edit: Edit, *, threads: int) -> Totals | None:
    """Return the totals after an edit, without histograms; equal to those of a new gating, bit for bit.

    None where an event has a value without a number, so that everything has to be looked at.

    Parameters
    ----------
    before
        Of the template before the edit, with membership, and no event without a number.
    """
    sample, totals, held = before.sample, before.totals, before.held
    assert totals.words is not None
    asked = _asked(before, binding, edit)
    words = np.empty_like(totals.words)
    work = _Work(sample, binding, totals.words, words, edit, asked)
    starts = iter(range(0, sample.n_events, SIZE))  # next() of one iterator is safe between threads
    if threads == 1:
        found = [work.take(starts)]
    else:
        with ThreadPoolExecutor(threads) as pool:
            jobs = [pool.submit(work.take, starts) for _ in range(threads)]
        found = [job.result() for job in jobs]
    more = [counts for counts in found if counts is not None]
    if len(more) < len(found):
        return None
    held.keep(asked.hold)
    counts = totals.counts.copy()
    counts[:-1] += np.sum(more, axis=0)[: len(counts) - 1]
    return Totals(
        counts=counts,
        non_finite=np.zeros_like(totals.non_finite),
        n_non_finite=0,
        histograms=(),
        words=words,
    )


@dataclass(frozen=True)
class _Asked:
    """The edited gates as a program, and where its columns come from.

    Attributes
    ----------
    sure
        All values are known to be numbers.
    reader
        None: the sample's own.
    hold
        Columns that are to be held.
    """

    program: Program
    sure: bool
    reader: HeldReader | StraightReader | None
    hold: Mapping[Key, NDArray[np.float64]]


def _asked(before: Gating, binding: Binding, edit: Edit) -> _Asked:
    """Return the program of the edited gates on what is held, or on events in memory, or on what has to be decoded."""
    tree, populations = binding.template.tree, binding.template.populations
    gates = [populations[tree.nodes[index].entry].gate for index in sorted(edit.edited)]
    sources = [binding.source(dimension) for gate in gates for dimension in gate.dimensions]
    columns = columns_for(binding, sources)
    wanted = {source if source.per is not None else source.reading for source in sources}
    keys = sorted(wanted, key=columns.places.__getitem__)
    held, n_events, events = before.held, before.sample.n_events, before.sample.events.in_memory
    if keys and held.values.keys() >= wanted:
        program = _program(binding, edit.edited, columns_held(keys))
        return _Asked(program, True, HeldReader([held.values[key] for key in keys]), {})
    hold, sure = held.room(keys, n_events), _known(before.binding) >= columns.places.keys()
    readings = [key for key in keys if isinstance(key, Reading)]
    if sure and events is not None and len(readings) == len(keys):
        program = _program(binding, edit.edited, columns_held(keys))
        return _Asked(program, True, StraightReader(columns, readings, events), hold)
    return _Asked(_program(binding, edit.edited, columns), sure, None, hold)


def _known(old: Binding) -> Set[Key]:
    """Return what an evaluation of all populations reads, and so is known to be a number in every event."""
    gates = [population.gate for population in old.template.populations]
    return columns_for(old, (old.source(d) for gate in gates for d in gate.dimensions)).places.keys()


def _program(binding: Binding, only: Collection[int], columns: Columns | None = None) -> Program:
    """Return the program that evaluates these populations and recalls what they need."""
    nodes = binding.template.tree.nodes
    needs = {need for index in only for need in nodes[index].needs} - set(only)
    recalled = {need: need for need in sorted(needs)}
    return compile_program(binding, recalled=recalled, draw_below=(), only=only, columns=columns)


def _bits(populations: Collection[int], n_words: int) -> Words:
    """Return the words of an event that is in these populations and no others."""
    words = np.zeros(n_words, dtype=np.uint64)
    for index in populations:
        words[index // 64] |= np.uint64(1 << index % 64)
    return words


@dataclass(frozen=True)
class _Work:
    """What all threads share."""

    sample: Sample
    binding: Binding
    before: Words
    words: Words
    edit: Edit
    asked: _Asked

    @cached_property
    def second(self) -> Program:
        """The program of what follows."""
        return _program(self.binding, self.edit.following)

    @cached_property
    def gone(self) -> tuple[Words, Words] | None:
        """The bits of the edited populations, and of those that an event outside them all is not in; (n_words,) each.

        None where some of what follows hangs below no edited population.
        """
        nodes, n_words = self.binding.template.tree.nodes, self.words.shape[1]
        for index in self.edit.following:
            above = nodes[index].parent
            while above >= 0 and above not in self.edit.edited:
                above = nodes[above].parent
            if above < 0:
                return None
        return _bits(self.edit.edited, n_words), _bits(self.edit.following, n_words)

    def take(self, starts: Iterator[int]) -> NDArray[np.int64] | None:
        """Take blocks until there are none left; return how counts change, None after a value without a number."""
        with self.sample.open() as reader:
            asked, source = _Runner(self.asked.program), self.asked.reader or reader
            later = _Later(self, reader)
            for first in starts:
                part = slice(first, min(first + SIZE, self.sample.n_events))
                old, now = self.before[part], self.words[part]
                if not asked.read(source, first, old, sure=self.asked.sure):
                    return None
                asked.keep(first, len(old), self.asked.hold)
                index = later.stay(old, now, asked.renew(old, now))
                later.add(np.add(index, first, dtype=np.int64))
            return later.counts()


class _Later:
    """The events of one thread that wait for what follows, so that few of many blocks are evaluated as one."""

    def __init__(self, work: _Work, reader: BlockReader) -> None:
        self._work, self._reader = work, reader
        self._waiting, self._n = list[NDArray[np.int64]](), 0
        self._runner: _Runner | None = None
        self._leave: Callable[..., int] | None = None
        self._populations = np.array(sorted(work.edit.edited | work.edit.following), dtype=np.int64)
        self._counts = np.zeros(64 * work.words.shape[1], dtype=np.int64)

    def stay(self, old: Words, now: Words, index: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Take the events at `index` that are outside all edited populations out of what follows; return the others."""
        if self._work.gone is None or not len(index):
            return index
        arguments = old, now, index, *self._work.gone, self._populations, self._counts
        self._leave = self._leave or entry(bits.leave, *arguments)  # of the same kinds in every block
        return index[: self._leave(*arguments)]

    def add(self, positions: NDArray[np.int64]) -> None:
        """Let the events at `positions` wait, whose edited populations are renewed."""
        self._waiting.append(positions)
        self._n += len(positions)
        while self._n > FEW:
            waiting = self._follow(np.concatenate(self._waiting))
            self._waiting, self._n = [waiting], len(waiting)

    def counts(self) -> NDArray[np.int64]:
        """Return how counts change, after all that waits is evaluated."""
        waiting = np.concatenate([np.empty(0, dtype=np.int64), *self._waiting])
        if len(waiting):
            self._follow(waiting)
        return self._counts

    def _follow(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """Evaluate what follows for as many events as a block holds; return the others."""
        if self._runner is None:
            self._runner = _Runner(self._work.second, FEW)
        now = positions[:FEW]
        renewed = self._work.words[now]
        self._runner.pick(self._reader, now, renewed)
        self._runner.renew(read_only(renewed), out := np.empty_like(renewed))
        self._work.words[now] = out
        bits.tally(self._work.before[now], out, self._populations, self._counts)
        return positions[FEW:]


class _Runner:
    """One program and its block."""

    def __init__(self, program: Program, size: int = SIZE) -> None:
        self._program, self._block = program, program.block(size)
        self._ahead, self._constants = program.columns.ahead, program.constants
        memory = self._block.memory  # nobody asks how many are in each population
        self._memory = memory._replace(lanes=memory.lanes[:0], counts=memory.counts[:0])
        self._evaluated = np.array(sorted(program.evaluated), dtype=np.int64)
        self._none = np.empty((0, 1), dtype=np.uint64)
        self._run_block: Callable[..., tuple[int, bool]] | None = None
        self._renew: Callable[..., int] | None = None

    def renew(self, old: Words, out: Words) -> NDArray[np.uint32]:
        """Write `old` with what was found of the events that were run over last to `out`; return who differs."""
        out[:], block, index = old, self._block, self._memory.chosen
        arguments = out, block.masks, self._evaluated, block.marks, block.mark_lanes, index
        self._renew = self._renew or entry(bits.renew, *arguments)
        return index[: self._renew(*arguments)]

    def read(
        self, reader: BlockReader | HeldReader | StraightReader, first: int, old: Words, *, sure: bool
    ) -> bool:
        """Run over the events from `first`, in populations `old`; tell whether all values are numbers.

        `sure`: that is known, and nobody has to look.
        """
        decode = self._program.columns.decode
        if len(decode):
            reader.read(first, len(old), decode, self._block.columns)
        return self._run(old, sure)

    def keep(self, first: int, count: int, hold: Mapping[Key, NDArray[np.float64]]) -> None:
        """Copy the columns of the events that were run over last, from `first`, to where they are held."""
        for key, values in hold.items():
            values[first : first + count] = self._block.column[self._program.columns.places[key]][:count]

    def pick(self, reader: BlockReader, positions: NDArray[np.int64], old: Words) -> None:
        """Run over the events at `positions`, in populations `old`, whose values are known to be numbers."""
        decode = self._program.columns.decode
        if len(decode):
            reader.pick(positions, decode, self._block.columns)
        self._run(read_only(old), True)

    def _run(self, old: Words, sure: bool) -> bool:
        columns, block = self._program.columns, self._block
        block.begin(len(old))
        for step in self._ahead:
            step.run(block)
        shape = (0, 0, 0) if sure else (len(columns.decode), columns.first_ratio, len(columns.labels))
        arguments = self._constants, self._memory, old, *shape, LARGEST, self._none
        self._run_block = self._run_block or entry(run_block, *arguments)  # of the same kinds in every block
        failures, plain = self._run_block(*arguments)
        settled(failures)
        return plain
