"""The gated events of one tube as columns: what the file formats write."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nkflow.errors import GatingError
from nkflow.exchange.gatingml_write import GatingMLDocument
from nkflow.fcs.channels import Channel
from nkflow.gating.result import Gating
from nkflow.scales.document import scale_document

__all__ = [
    "LAYOUT",
    "EventsTable",
    "as_json",
    "column_name",
    "events_table",
    "gating_text",
    "metadata",
    "transforms",
    "unique",
]

LAYOUT = 1  # version of the layout in STANDARDS 8.2
Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class EventsTable:
    """Events of one tube.

    Attributes
    ----------
    channels
        Of the file, in its order.
    names
        A name for each column: ``$PnN``, a compensated one as it is (CO-08: ``Comp-`` is for FCS only).
    values : (n, n_channels)
        Data units, compensated where the gating compensated.
    compensated
        Which columns are.
    events : (n,)
        Positions in the file, from 0.
    populations
        Path -> membership (n,) of those events.
    keep : (n,)
        What acquisition QC kept; all where none was asked for.
    """

    gating: Gating
    channels: tuple[Channel, ...]
    values: Values
    compensated: tuple[bool, ...]
    events: NDArray[np.int64]
    populations: dict[str, NDArray[np.bool_]]
    keep: NDArray[np.bool_]

    @property
    def names(self) -> tuple[str, ...]:
        """``$PnN`` of each column."""
        return tuple(channel.name for channel in self.channels)


def events_table(
    gating: Gating,
    population: str = "root",
    *,
    compensated: bool = True,
    keep: NDArray[np.bool_] | None = None,
) -> EventsTable:
    """Return the events of `population`, all channels in file order.

    Parameters
    ----------
    compensated
        Compensate as the gating did; False: as they stand in the file.
    keep : (n_events,)
        What acquisition QC kept; it goes along, and takes no event away.

    Raises
    ------
    GatingError
        Where the population is unknown, or a spectral matrix gives dyes that no channel stands for.
    """
    sample, binding = gating.sample, gating.binding
    inside = gating.mask(population)
    kept = np.ones(len(inside), dtype=np.bool_) if keep is None else np.asarray(keep, dtype=np.bool_)
    values = np.array(sample.values()[inside], order="F")
    done = [False] * len(sample.channels)
    matrix = binding.spillover
    if compensated and matrix is not None:
        index = {channel.name: channel.index for channel in sample.channels}
        strange = [name for name in matrix.names if name not in index]
        if strange:
            raise GatingError(
                "the matrix unmixes dyes that no channel of the file stands for",
                code="no-channel",
                where=sample.name,
                found=", ".join(strange),
                next_step="Export the events uncompensated.",
            )
        columns = [index[name] for name in matrix.detectors]
        dyes = matrix.apply(np.ascontiguousarray(values[:, columns]))
        for k, name in enumerate(matrix.names):
            values[:, index[name]] = dyes[:, k]
            done[index[name]] = True
    tree = gating.template.tree
    populations = {
        node.path: gating.mask(node.path)[inside]
        for number, node in enumerate(tree.nodes)
        if number not in gating.not_evaluable
    }
    events = np.flatnonzero(inside).astype(np.int64)
    return EventsTable(gating, sample.channels, values, tuple(done), events, populations, kept[inside])


def metadata(table: EventsTable) -> dict[str, Any]:
    """Return what a file of events says about itself, as plain values."""
    gating = table.gating
    matrix = gating.binding.spillover
    return {
        "schema": "nkflow.events",
        "version": LAYOUT,
        "sample": gating.sample_name,
        "sha256": gating.sample.sha256 if gating.sample.path is not None else "",
        "template": {"name": gating.template.name, "sha256": gating.template.sha256},
        "compensated": [n for n, done in zip(table.names, table.compensated, strict=True) if done],
        "markers": {channel.name: channel.marker for channel in table.channels},
        "text": dict(gating.sample.keywords),
        "spillover": None if matrix is None else matrix.to_csv(),
        "transforms": transforms(table),
        "gating": gating_text(gating),
    }


def transforms(table: EventsTable) -> dict[str, Any]:
    """Return channel -> its display scale as a document, for those that have one."""
    gating = table.gating
    found = {}
    for marker, scale in gating.template.scales.items():
        column = gating.binding.columns.get(marker)
        if column is not None:
            found[table.channels[column].name] = scale_document(scale).model_dump(
                mode="json", exclude_defaults=False
            )
    return found


def gating_text(gating: Gating) -> str:
    """Return the template as Gating-ML, "" where it can't be written so."""
    document = GatingMLDocument(gating.template, gating.binding)
    return "" if document.uncarried else document.xml().decode()


def unique(name: str, taken: Collection[str]) -> str:
    """Return `name`, with a number where it is among `taken`."""
    candidate, k = name, 2
    while candidate in taken:
        candidate, k = f"{name} ({k})", k + 1
    return candidate


def column_name(name: str, taken: Collection[str]) -> str:
    """Return a column's name that Spark and BigQuery take too, for the alias map (AD-07)."""
    made = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in name) or "_"
    candidate, k = made, 2
    while candidate in taken:
        candidate, k = f"{made}_{k}", k + 1
    return candidate


def as_json(values: Any) -> str:
    """Return plain values as JSON text with sorted keys."""
    return json.dumps(values, sort_keys=True, ensure_ascii=False, allow_nan=False)
