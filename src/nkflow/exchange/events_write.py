"""`write_events` and `write_populations`: what a gating found, as files of other programs."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nkflow.errors import InvalidValueError
from nkflow.exchange.events_anndata import anndata_of
from nkflow.exchange.events_columns import write_csv, write_parquet
from nkflow.exchange.events_fcs import write_events_fcs
from nkflow.exchange.events_table import EventsTable, events_table
from nkflow.exchange.files import write_whole
from nkflow.exchange.spreadsheet import csv_bytes
from nkflow.gating.result import Gating
from nkflow.gating.table import COLUMNS

__all__ = ["EVENT_FORMATS", "write_events", "write_populations"]


def _write_h5ad(table: EventsTable, path: Path) -> None:
    anndata_of([table]).write_h5ad(path)


_WRITERS: Mapping[str, Callable[[EventsTable, Path], None]] = {
    ".csv": write_csv,
    ".fcs": write_events_fcs,
    ".h5ad": _write_h5ad,
    ".parquet": write_parquet,
}
EVENT_FORMATS = tuple(suffix.removeprefix(".") for suffix in _WRITERS)


def write_events(
    path: str | os.PathLike[str],
    gating: Gating,
    population: str = "root",
    *,
    compensated: bool = True,
    keep: NDArray[np.bool_] | None = None,
    force: bool = False,
) -> Path:
    """Write the events of `population` in the format that the name of `path` ends in, and return the path.

    ``.fcs``, ``.parquet``, ``.csv`` and ``.h5ad`` (AnnData); see docs/exchange.md for what stands where. Values are
    data units as float32; times, and what float32 does not hold, as float64.

    Parameters
    ----------
    population
        Whose events; "root" is all of them. Tables have a column for each population anyway.
    compensated
        Compensate as the gating did; False: as the file has them.
    keep : (n_events,)
        What acquisition QC kept: the column ``qc_keep``. An FCS file has no such column, and leaves out the rest.

    Raises
    ------
    InvalidValueError
        For another ending.
    GatingError
        Where the population is unknown, or no channel stands for a dye of a spectral matrix.
    OutputError
        Where the file exists, or can't be written.
    """
    write = _WRITERS.get(Path(path).suffix.lower())
    if write is None:
        raise InvalidValueError(
            "events are written in a format that the file's name tells",
            where=str(path),
            found=Path(path).suffix or "no ending",
            expected=", ".join(_WRITERS),
        )
    table = events_table(gating, population, compensated=compensated, keep=keep)
    return write_whole(path, lambda beside: write(table, beside), force=force)


def write_populations(
    path: str | os.PathLike[str], gated: Gating | Iterable[Gating], *, force: bool = False
) -> Path:
    """Write the table of populations, a row each (several tubes: and a column ``tube``), and return the path.

    ``.csv`` (safe to open in a spreadsheet), ``.parquet`` or ``.json``, by the name of `path`.

    Raises
    ------
    InvalidValueError
        For another ending.
    OutputError
        Where the file exists, or can't be written.
    """
    several = not isinstance(gated, Gating)
    gatings = list(gated) if not isinstance(gated, Gating) else [gated]
    columns = ("tube", *COLUMNS) if several else COLUMNS
    rows = [row for gating in gatings for row in _rows(gating)]
    match Path(path).suffix.lower():
        case ".csv":
            return write_whole(
                path, csv_bytes(columns, ([row[c] for c in columns] for row in rows)), force=force
            )
        case ".json":
            document = {"schema": "nkflow.populations", "version": 1, "rows": rows}
            text = json.dumps(document, indent=2, allow_nan=False) + "\n"
            return write_whole(path, text.encode(), force=force)
        case ".parquet":
            return write_whole(path, lambda beside: _parquet(rows, columns, beside), force=force)
        case other:
            raise InvalidValueError(
                "populations are written in a format that the file's name tells",
                where=str(path),
                found=other or "no ending",
                expected=".csv, .parquet, .json",
            )


def _rows(gating: Gating) -> Iterator[dict[str, Any]]:
    return ({"tube": gating.sample_name, **row} for row in gating.rows())


def _parquet(rows: list[dict[str, Any]], columns: tuple[str, ...], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    numbers = {"count": pa.int64(), "frequency": pa.float64(), "low": pa.float64(), "high": pa.float64()}
    arrays = [pa.array([row[c] for row in rows], type=numbers.get(c, pa.string())) for c in columns]
    pq.write_table(pa.Table.from_arrays(arrays, names=list(columns)), path)
