"""Gated events as an FCS file: a compensated channel says so in its name (STANDARDS CO-08)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from nkflow.compensation import Spillover
from nkflow.exchange.events_table import EventsTable, unique
from nkflow.fcs.sample import Sample
from nkflow.fcs.write import write_fcs

__all__ = ["write_events_fcs"]

_MATRICES = frozenset(
    {"$SPILLOVER", "SPILL", "$SPILL", "SPILLOVER", "SPILLOVER_MATRIX", "$COMP", "APPLY COMPENSATION"}
)


def write_events_fcs(table: EventsTable, path: Path) -> None:
    """Write the events that acquisition QC kept.

    Compensated channels are called ``Comp-``, and no matrix is written with them; channels as they stand keep the
    matrix that was applied.
    """
    sample = table.gating.sample
    taken = {channel.name for channel in table.channels}
    channels = []
    for channel, done in zip(table.channels, table.compensated, strict=True):
        if done:
            name = unique(f"Comp-{channel.name}", taken)
            taken.add(name)
            channel = replace(channel, name=name, original_name=name, compensated=True)
        channels.append(replace(channel, log=None, gain=1.0))
    done = any(table.compensated)
    matrix: Spillover | None = None if done else table.gating.binding.spillover or sample.spillover
    keywords = {key: value for key, value in sample.keywords.items() if key.upper() not in _MATRICES}
    made = Sample.from_arrays(
        np.ascontiguousarray(table.values[table.keep]),
        channels,
        spillover=matrix,
        keywords=keywords,
        name=sample.name,
    )
    write_fcs(path, made)
