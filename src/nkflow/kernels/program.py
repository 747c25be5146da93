"""A program of gating steps over one block, in one call: the steps' kernels one after another, without a way back.

A step is a row of integers: what it does, and where its operands stand in the pools of constants and in the memory of
the block. So a block costs one call whatever its program holds, and threads meet no more than once a block.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nkflow.kernels.bits import pack, unpack
from nkflow.kernels.compensate import compensate_columns
from nkflow.kernels.ellipsoid import mark_ellipsoid
from nkflow.kernels.finite import all_below
from nkflow.kernels.histogram import fill_line, fill_plane, find_bins, find_even_bins
from nkflow.kernels.jit import inlined, kernel
from nkflow.kernels.logic import combine, exclude
from nkflow.kernels.polygon import mark_polygon
from nkflow.kernels.ranges import in_range, in_rectangle
from nkflow.kernels.scales_pieces import column as show_column
from nkflow.kernels.select import count_true, near, put, select, take

__all__ = [
    "COMBINE",
    "COMPENSATE",
    "ELLIPSOID",
    "EVEN_BINS",
    "EXCLUDE",
    "FIND_BINS",
    "LINE",
    "NEAR",
    "PLANE",
    "POLYGON",
    "RANGE",
    "RECALL",
    "RECTANGLE",
    "SELECT",
    "SHOW",
    "WIDTH",
    "Constants",
    "Memory",
    "run_block",
]

WIDTH = 10  # integers of a step: the operation and up to nine operands, in the order of the branches below
RECALL, RANGE, RECTANGLE, COMBINE, EXCLUDE = 0, 1, 2, 3, 4
SELECT, SHOW, POLYGON, ELLIPSOID = 5, 6, 7, 8
EVEN_BINS, FIND_BINS, LINE, PLANE = 9, 10, 11, 12
COMPENSATE, NEAR = 13, 14


class Constants(NamedTuple):
    """A program: its steps, and the pools that their operands point into; read-only, as the tables of scales are."""

    steps: NDArray[np.int64]
    integers: NDArray[np.int64]
    numbers: NDArray[np.float64]
    guides: NDArray[np.uint16]
    cells: NDArray[np.uint8]


class Memory(NamedTuple):
    """The working memory of one thread; see `nkflow.gating.block.Block`."""

    columns: NDArray[np.float64]
    masks: NDArray[np.bool_]
    lanes: NDArray[np.uint64]
    chosen: NDArray[np.uint32]
    taken: NDArray[np.float64]
    shown: NDArray[np.float64]
    bins: NDArray[np.uint16]
    histograms: NDArray[np.int32]
    counts: NDArray[np.int64]
    byte_lanes: NDArray[np.uint64]
    bytes: NDArray[np.uint8]


@inlined
def _gate(constants: Constants, memory: Memory, step: NDArray[np.int64], before: NDArray[np.uint64]) -> None:
    """Run a step that makes a population of others and of thresholds."""
    masks, columns, numbers, integers = memory.masks, memory.columns, constants.numbers, constants.integers
    operation, out = step[0], masks[step[1]]
    if operation == RECALL:
        unpack(before, step[2], out)
    elif operation == RANGE:
        at = step[4]
        in_range(columns[step[3]], numbers[at], numbers[at + 1], masks[step[2]], out)
    elif operation == RECTANGLE:
        x, y, at = columns[step[3]], columns[step[4]], step[5]
        x_low, x_high, y_low, y_high = numbers[at], numbers[at + 1], numbers[at + 2], numbers[at + 3]
        in_rectangle(x, x_low, x_high, y, y_low, y_high, masks[step[2]], out)
    elif operation == COMBINE:
        operands = integers[step[4] : step[4] + 2 * step[5]]
        combine(masks, step[2], step[3] != 0, operands, out)
    else:
        exclude(masks, integers[step[2] : step[2] + step[3]], out)


@inlined
def _near(constants: Constants, memory: Memory, step: NDArray[np.int64]) -> np.int64:
    """Run a step that looks for the events near the surface of an ellipsoid; return how many there are."""
    first, n, at = step[3], step[4], step[5]
    axes, sides = constants.integers[first : first + n], constants.numbers[at : at + 4 * n]
    masks = memory.masks
    return near(memory.columns, axes, sides, masks[step[2]], masks[step[1]], memory.chosen)


@inlined
def _outline(constants: Constants, memory: Memory, step: NDArray[np.int64], selected: int) -> int:
    """Run a step of an outline; return how many values did not settle."""
    columns, numbers, integers = memory.columns, constants.numbers, constants.integers
    operation = step[0]
    if operation == SHOW:
        taken, shown = memory.taken[:selected], memory.shown[:selected]
        take(columns[step[1]], memory.chosen, selected, taken)
        parameters, knots = numbers[step[4] : step[4] + step[5]], numbers[step[6] : step[6] + step[7]]
        pieces = numbers[step[8] : step[8] + 4 * step[9]].reshape(step[9], 4)
        failures = show_column(step[3], parameters, knots, pieces, taken, shown)
        for j in range(shown.shape[0]):  # an infinity has no place, though a clipped scale ends somewhere
            shown[j] = shown[j] if abs(taken[j]) < np.inf else np.nan
        put(shown, memory.chosen, selected, columns[step[2]])
        return failures
    out = memory.masks[step[1]]
    if operation == POLYGON:
        at, n = step[5], step[6]
        mark_polygon(
            columns[step[3]], columns[step[4]], memory.masks[step[2]],
            numbers[at : at + n], numbers[at + n : at + 2 * n], numbers[at + 2 * n : at + 2 * n + 6],
            constants.cells[step[7] : step[7] + step[8]], out,
        )  # fmt: skip
    else:
        rows, at, n = integers[step[2] : step[2] + step[3]], step[4], step[3]
        form = numbers[at + n : at + n + n * n]
        square = numbers[at + n + n * n]
        mark_ellipsoid(columns, rows, memory.chosen, selected, numbers[at : at + n], form, square, out)
    return 0


@inlined
def _draw(constants: Constants, memory: Memory, step: NDArray[np.int64]) -> None:
    """Run a step of a histogram."""
    numbers, bins = constants.numbers, memory.bins
    operation = step[0]
    if operation == EVEN_BINS:
        find_even_bins(
            memory.columns[step[1]], numbers[step[3]], numbers[step[3] + 1], step[4], bins[step[2]]
        )
    elif operation == FIND_BINS:
        offset, edges = numbers[step[3]], numbers[step[3] + 1 : step[3] + 1 + step[4]]
        guide = constants.guides[step[5] : step[5] + 2 * step[6]]
        three = constants.integers[step[7] : step[7] + 3]
        find_bins(memory.columns[step[1]], edges, guide, offset, three, bins[step[2]])
    elif operation == LINE:
        fill_line(bins[step[2]], memory.masks[step[1]], memory.histograms[step[3] : step[3] + step[4]])
    else:
        at, rows, width = step[4], step[5], step[6]
        plane = memory.histograms[at : at + rows * width]
        fill_plane(bins[step[2]], bins[step[3]], memory.masks[step[1]], width, plane)


@inlined
def _compensate(constants: Constants, memory: Memory, step: NDArray[np.int64]) -> None:
    """Run a step that fills columns with compensated dyes."""
    first, n, at, n_detectors = step[1], step[2], step[3], step[4]
    detectors = constants.integers[at : at + n_detectors]
    weights = constants.numbers[step[5] : step[5] + n * n_detectors].reshape(n, n_detectors)
    observed, out = memory.columns[:first], memory.columns[first : first + n]
    compensate_columns(observed, detectors, weights, observed.shape[1], out)


@kernel
def run_block(
    constants: Constants,
    memory: Memory,
    before: NDArray[np.uint64],
    n_decoded: int,
    first_ratio: int,
    n_columns: int,
    limit: float,
    out: NDArray[np.uint64],
) -> tuple[int, bool]:
    """Run the steps, count, and pack the membership of the events into `out` (n, n_words; none are kept where n is 0).

    Parameters
    ----------
    before : (n, n_words)
        Membership of an earlier run, for `RECALL`.
    n_decoded, first_ratio, n_columns, limit
        Decoded columns are the first ones; ratios the last of `n_columns`.

    Returns
    -------
    How many values did not settle on a scale; whether every decoded value is between -limit and limit and every ratio
    is finite.
    """
    steps, failures = constants.steps, 0
    selected = int(np.int64(0))  # a literal 0 is a type of its own, and kernels would be compiled once more
    for k in range(steps.shape[0]):
        step = steps[k]
        operation = step[0]
        if operation <= EXCLUDE:
            _gate(constants, memory, step, before)
        elif operation == SELECT:
            selected = int(select(memory.masks[step[1]], memory.chosen))
        elif operation == NEAR:
            selected = int(_near(constants, memory, step))
        elif operation <= ELLIPSOID:
            failures += _outline(constants, memory, step, selected)
        elif operation <= PLANE:
            _draw(constants, memory, step)
        else:
            _compensate(constants, memory, step)
    count_true(memory.lanes, memory.counts)
    if out.shape[0] > 0:
        pack(memory.lanes, memory.lanes.shape[0] - 1, memory.byte_lanes, memory.bytes, out)
    plain = all_below(memory.columns[:n_decoded], limit)
    plain = plain and all_below(memory.columns[first_ratio:n_columns], np.inf)
    return failures, plain
