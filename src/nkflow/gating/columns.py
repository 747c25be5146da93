"""The columns of a block: what is decoded, then compensated, then divided, and in which row each stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nkflow.gating.bind import Binding, Reading, Source
from nkflow.gating.column_steps import ColumnStep, Compensate, Divide

__all__ = ["Columns", "columns_for", "columns_held"]


@dataclass(frozen=True, eq=False)
class Columns:
    """The rows of a block's `columns`, and how they are filled.

    Attributes
    ----------
    decode
        File columns to decode, into the first rows.
    steps
        What fills the rows after them.
    labels
        Words for each row.
    first_ratio
        The row of the first ratio; they come last.
    """

    decode: NDArray[np.int64]
    steps: tuple[ColumnStep, ...]
    labels: tuple[str, ...]
    first_ratio: int
    places: dict[Reading | Source, int]

    @property
    def coded(self) -> tuple[Compensate, ...]:
        """The steps that a program does itself; none where there are ratios, which divide what is compensated."""
        found = tuple(step for step in self.steps if isinstance(step, Compensate))
        return found if len(found) == len(self.steps) else ()

    @property
    def ahead(self) -> tuple[ColumnStep, ...]:
        """The steps that run ahead of a program, which does the others."""
        return () if self.coded else self.steps

    def of(self, source: Source) -> int:
        """Return the row of `source`."""
        return self.places[source if source.per is not None else source.reading]


def columns_for(binding: Binding, wanted: Iterable[Source]) -> Columns:
    """Return the columns for `wanted`: no channel is decoded and no dye compensated that nobody reads."""
    sources = list(dict.fromkeys(wanted))
    readings = [
        reading for source in sources for reading in (source.reading, source.per) if reading is not None
    ]
    dyes = list(dict.fromkeys(reading for reading in readings if reading.dye is not None))
    decode = {reading.channel for reading in readings if reading.dye is None}
    for dye in dyes:
        decode |= set(binding.matrix(dye.matrix)[1])
    places: dict[Reading | Source, int] = {}
    labels: list[str] = []
    steps: list[ColumnStep] = []
    for channel in sorted(decode):
        places[Reading(channel)] = len(labels)
        labels.append(binding.channels[channel].name)
    for name in dict.fromkeys(dye.matrix for dye in dyes):
        same = [dye for dye in dyes if dye.matrix == name]
        steps.append(_compensate(binding, same, places, len(labels)))
        for dye in same:
            places[dye] = len(labels)
            labels.append(f"{dye.dye} compensated")
    first_ratio = len(labels)
    for source in sources:
        if source.per is not None and source.ratio is not None:
            places[source] = len(labels)
            text = f"divide {source.label}"
            steps.append(Divide(places[source.reading], places[source.per], source.ratio, len(labels), text))
            labels.append(source.label)
    channels = np.array(sorted(decode), dtype=np.int64)
    channels.flags.writeable = False  # so that readers look at them once
    return Columns(channels, tuple(steps), tuple(labels), first_ratio, places)


def columns_held(keys: Sequence[Reading | Source]) -> Columns:
    """Return the columns of a program that reads `keys`, in data units, from where they are held."""
    rows = np.arange(len(keys), dtype=np.int64)
    rows.flags.writeable = False
    labels = tuple(key.label if isinstance(key, Source) else key.dye or "" for key in keys)
    return Columns(rows, (), labels, len(keys), {key: row for row, key in enumerate(keys)})


def _compensate(
    binding: Binding, dyes: list[Reading], places: dict[Reading | Source, int], first: int
) -> Compensate:
    matrix, detectors = binding.matrix(dyes[0].matrix)
    names = [dye.dye or "" for dye in dyes]
    rows = np.array([places[Reading(channel)] for channel in detectors], dtype=np.int64)
    text = f"compensate {', '.join(names)} from {len(rows)} detectors ({matrix.source or 'given matrix'})"
    return Compensate(rows, matrix.weights(names), first, text)
