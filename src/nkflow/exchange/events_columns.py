"""Events as named columns in the narrowest type that holds them: Parquet and CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nkflow.exchange.events_table import EventsTable, as_json, column_name, metadata, unique
from nkflow.exchange.spreadsheet import safe_text

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

__all__ = ["columns_of", "read_parquet_metadata", "write_csv", "write_parquet"]

_ROWS = 262_144  # of a row group


def columns_of(table: EventsTable) -> dict[str, NDArray[Any]]:
    """Return name -> column: ``event``, the channels, ``qc_keep``, and one a population by its path."""
    found: dict[str, NDArray[Any]] = {"event": table.events.astype(np.uint32)}
    for channel, values, done in zip(table.channels, table.values.T, table.compensated, strict=True):
        narrow = values.astype(np.float32)
        exact = np.array_equal(narrow.astype(np.float64), values, equal_nan=True)
        wide = channel.kind == "time" or not (done or exact)
        found[unique(channel.name, found)] = values if wide else narrow
    found[unique("qc_keep", found)] = table.keep
    for path, inside in table.populations.items():
        found[unique(path, found)] = inside
    return found


def _arrow(columns: dict[str, NDArray[Any]]) -> pa.Table:
    import pyarrow as pa

    arrays = [pa.array(np.ascontiguousarray(column), from_pandas=False) for column in columns.values()]
    return pa.Table.from_arrays(arrays, names=list(columns))


def write_parquet(table: EventsTable, path: Path) -> None:
    """Write a Parquet file: zstd, floats split by bytes, what it is as JSON under ``nkflow`` (AD-07)."""
    import pyarrow.parquet as pq

    columns = columns_of(table)
    aliases: dict[str, str] = {}
    for name in columns:
        aliases[name] = column_name(name, aliases.values())
    about = metadata(table) | {"aliases": aliases}
    made = _arrow(columns).replace_schema_metadata({"nkflow": as_json(about)})
    floats = [name for name, column in columns.items() if column.dtype.kind == "f"]
    pq.write_table(
        made,
        path,
        compression="zstd",
        row_group_size=_ROWS,
        use_dictionary=False,
        use_byte_stream_split=floats,
    )


def read_parquet_metadata(path: Path) -> dict[str, Any]:
    """Return what a Parquet file of `write_parquet` says about itself."""
    import json

    import pyarrow.parquet as pq

    found: dict[str, Any] = json.loads((pq.read_schema(path).metadata or {})[b"nkflow"])
    return found


def write_csv(table: EventsTable, path: Path) -> None:
    """Write a CSV file: names that no spreadsheet takes for a formula, 1 and 0 for populations, NaN empty."""
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import csv

    columns = {
        safe_text(name): column.astype(np.uint8) if column.dtype == np.bool_ else column
        for name, column in columns_of(table).items()
    }
    made = _arrow(columns)
    for number, name in enumerate(made.column_names):
        column = made.column(number)
        if pa.types.is_floating(column.type):
            made = made.set_column(number, name, pc.if_else(pc.is_nan(column), None, column))
    csv.write_csv(made, path)
