"""One pass over the events: blocks through the program, shared by any number of threads."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from nkflow.fcs.sample import Sample
from nkflow.gating.block import SIZE, Block
from nkflow.gating.program import Program
from nkflow.gating.totals import Totals
from nkflow.kernels import finite
from nkflow.kernels.jit import entry
from nkflow.kernels.program import run_block
from nkflow.scales.table import settled

__all__ = ["LARGEST", "WORD", "evaluate", "read_only"]

WORD = 64  # populations in a word of membership
LARGEST = 1e250  # above any measurement; below overflow whatever matrix is applied


def evaluate(
    sample: Sample,
    program: Program,
    *,
    threads: int = 1,
    membership: bool = True,
    before: NDArray[np.uint64] | None = None,
) -> Totals:
    """Run `program` over all events of `sample`.

    Every block is independent and everything added up is an integer, so any number of threads gives the same
    bits.

    Parameters
    ----------
    membership
        Keep who is inside which population.
    before : (n_events, n_words)
        Membership of the earlier run that the program recalls.
    """
    n_words = -(-program.n_populations // WORD)
    words = np.empty((sample.n_events, n_words), dtype=np.uint64) if membership else None
    blocks = [program.block() for _ in range(max(1, threads))]
    starts = iter(range(0, sample.n_events, SIZE))  # next() of one iterator is safe between threads
    if len(blocks) == 1:
        _work(sample, program, blocks[0], starts, words=words, before=before)
    else:
        with ThreadPoolExecutor(len(blocks) - 1) as pool:
            jobs = [
                pool.submit(_work, sample, program, block, starts, words=words, before=before)
                for block in blocks[1:]
            ]
            _work(sample, program, blocks[0], starts, words=words, before=before)
        for job in jobs:
            job.result()
    return Totals(
        counts=sum((block.counts for block in blocks[1:]), blocks[0].counts),
        non_finite=sum((block.non_finite for block in blocks[1:]), blocks[0].non_finite),
        n_non_finite=sum(block.n_non_finite for block in blocks),
        histograms=tuple(
            _placed(sum(parts[1:], parts[0]))
            for parts in zip(*(block.histograms for block in blocks), strict=True)
        ),
        words=words,
    )


def _placed(counts: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return a histogram without its last row and column, where events without a place were counted."""
    return counts[tuple(slice(-1) for _ in counts.shape)].copy()


def _work(
    sample: Sample,
    program: Program,
    block: Block,
    starts: Iterator[int],
    *,
    words: NDArray[np.uint64] | None,
    before: NDArray[np.uint64] | None,
) -> None:
    """Take blocks until there are none left."""
    columns = program.columns
    shape = len(columns.decode), columns.first_ratio, len(columns.labels)
    constants, ahead, none = program.constants, columns.ahead, np.empty((0, 1), dtype=np.uint64)
    recalled = none if before is None else before
    recalled, run = read_only(recalled), None
    with sample.open() as reader:
        for first in starts:
            last = min(first + SIZE, sample.n_events)
            block.begin(last - first)
            if len(columns.decode):
                reader.read(first, last - first, columns.decode, block.columns)
            for step in ahead:
                step.run(block)
            earlier, out = recalled[first:last], none if words is None else words[first:last]
            # what is compensated from values below LARGEST is finite; ratios have to be looked at
            arguments = constants, block.memory, earlier, *shape, LARGEST, out
            run = run or entry(run_block, *arguments)  # they are of the same kinds in every block
            failures, plain = run(*arguments)
            settled(failures)
            if not plain:
                _count_non_finite(program, block)


def read_only(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return a view that can't be written; the kernel is compiled for that alone."""
    view = words.view()
    view.flags.writeable = False
    return view


def _count_non_finite(program: Program, block: Block) -> None:
    """Count events with a value that is no number: all, and those kept out of all populations below one."""
    marks = block.marks
    marks[:] = False
    for row in range(len(program.columns.labels)):
        finite.mark_non_finite(block.column[row], marks)
    block.n_non_finite += int(np.count_nonzero(marks & block.mask[-1]))
    for loss in program.losses:
        marks[:] = False
        for column in loss.columns:
            finite.mark_non_finite(block.column[column], marks)
        np.logical_and(marks, block.mask[loss.population], out=marks)
        for leaf in loss.leaves:
            np.greater(marks, block.mask[leaf], out=marks)
        block.non_finite[loss.population] += np.count_nonzero(marks)
