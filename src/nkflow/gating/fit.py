"""Fitness of the compensation that a tube was gated with, and what of it matters for a gate of the template."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nkflow.fcs.channels import Channel
from nkflow.fcs.findings import Finding
from nkflow.fcs.sample import Sample
from nkflow.fitness.assess import assess
from nkflow.fitness.orientation import is_transposed
from nkflow.fitness.residual import Fitness, Pair, fitness
from nkflow.fitness.saturation import unsaturated
from nkflow.gating.block import SIZE
from nkflow.gating.gates import Dimension

if TYPE_CHECKING:
    from nkflow.gating.result import Gating

__all__ = ["fitness_findings", "fitness_of"]

AT_MOST = 150_000  # events, evenly spaced: more make the intervals narrower than the tolerance needs
MATTERS = 1.0  # SDs of the negative: what the bright population may lie off in a gated channel


def fitness_of(gating: Gating) -> Fitness:
    """Return the residual slopes of all dyes of the matrix; without one, of the fluorescence that is gated.

    Without a matrix and with one in the file, the state of the events is told by the file's own.
    """
    channels, rows, keep = _observed(gating)
    matrix = gating.binding.spillover
    if matrix is not None:
        return assess(rows.T, matrix, usable=keep)
    return fitness(rows.T, [channel.name for channel in channels], usable=keep)


def fitness_findings(gating: Gating) -> tuple[Finding, ...]:
    """Return findings of events that were compensated before, of a matrix that is the wrong way round, and of
    residual slopes that reach a gate of the template.

    Only where a matrix was applied: without one nothing says what the values are.
    """
    matrix, found = gating.binding.spillover, gating.fitness
    if matrix is None:
        return ()
    _, rows, keep = _observed(gating) if len(found.wrong) > len(found.names) // 2 else ((), None, None)
    if rows is not None and is_transposed(matrix, found, rows.T, usable=keep):
        text = "the matrix is transposed: its transpose leaves the negatives of this tube level, it does not"
        consequence = "every number of this tube is wrong; rows are dyes, columns detectors"
        return (Finding("transposed-matrix", "error", text, matrix.source, consequence),)
    before = () if found.state is None else found.state.findings(gating.sample_name)
    if before:
        return before  # the residual slopes are those of a second compensation
    return (*_of_gates(gating, found), *_brighter(gating, found))


def _observed(gating: Gating) -> tuple[tuple[Channel, ...], NDArray[np.float64], NDArray[np.bool_]]:
    """Return the detectors, their values (n_detectors, n_events), and which events are saturated in none."""
    binding, sample = gating.binding, gating.sample
    indices = list(binding.detectors) if binding.spillover is not None else _gated_columns(gating)
    channels = tuple(sample.channels[index] for index in indices)
    rows = _spaced(sample, indices)
    return channels, rows, unsaturated(channels, rows)


def _spaced(sample: Sample, indices: list[int]) -> NDArray[np.float64]:
    """Return evenly spaced events of some columns, (n_columns, n)."""
    step = max(1, -(-sample.n_events // AT_MOST))
    count = len(range(0, sample.n_events, step))
    block, rows = np.empty((len(indices), SIZE)), np.empty((len(indices), count))
    done = 0
    with sample.open() as reader:
        for first in range(0, sample.n_events, SIZE):
            size = min(SIZE, sample.n_events - first)
            reader.read(first, size, indices, block)
            some = block[:, -first % step : size : step]
            rows[:, done : done + some.shape[1]] = some
            done += some.shape[1]
    return rows


def _gated(gating: Gating) -> Iterator[tuple[str, Dimension]]:
    """Iterate over the populations of the template and the axes of their gates."""
    for population in gating.template.populations:
        for dimension in population.gate.dimensions:
            for name in population.names:
                yield name, dimension


def _gated_columns(gating: Gating) -> list[int]:
    names = {name for _, dimension in _gated(gating) for name in dimension.channels}
    columns = {gating.binding.columns[name] for name in names if name in gating.binding.columns}
    return sorted(index for index in columns if gating.sample.channels[index].kind == "fluorescence")


def _readers(gating: Gating) -> dict[str, list[str]]:
    """Return dye -> populations whose gates read it."""
    found: dict[str, list[str]] = {}
    for name, dimension in _gated(gating):
        if gating.binding.lacks(dimension):
            continue
        source = gating.binding.source(dimension)
        for reading in (source.reading, source.per):
            if reading is not None and reading.dye is not None and name not in found.get(reading.dye, ()):
                found.setdefault(reading.dye, []).append(name)
    return found


def _of_gates(gating: Gating, found: Fitness) -> Iterator[Finding]:
    readers = _readers(gating)
    width = dict(zip(found.names, found.levels.width, strict=True))
    for pair in found.wrong:
        populations = readers.get(pair.target, [])
        if populations and abs(pair.shift) > MATTERS * width[pair.target]:
            yield _finding(pair, populations, gating.sample_name)


def _finding(pair: Pair, populations: list[str], where: str) -> Finding:
    text = (
        f"{pair.target} is {pair.judgement}-compensated for {pair.source}: residual slope {pair.slope:+.4f} "
        f"({pair.low:+.4f} to {pair.high:+.4f})"
    )
    consequence = (
        f"events bright in {pair.source} lie {pair.shift:+.0f} off in {pair.target}, which the gates of "
        f"{', '.join(populations)} read"
    )
    return Finding(f"{pair.judgement}-compensated", "warning", text, where, consequence)


def _brighter(gating: Gating, found: Fitness) -> Iterator[Finding]:
    """Find dyes that the sample carries more of than their control did: their spillover is extrapolated (CO-17)."""
    matrix = gating.binding.spillover
    if matrix is None or matrix.origin is None:
        return
    top = dict(zip(found.names, found.levels.top, strict=True))
    brighter = [
        f"{name} {top[name]:.0f}, control {bright:.0f}"
        for name, bright in matrix.origin.brightness.items()
        if name in top and top[name] > bright
    ]
    if brighter:
        text = f"the sample is brighter than its controls: {'; '.join(brighter)} (99.9 % point, median)"
        where = gating.sample_name
        yield Finding("brighter-than-control", "warning", text, where, "their spillover is extrapolated")
