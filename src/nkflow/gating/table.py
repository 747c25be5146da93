"""Rows of plain values as a pandas frame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COLUMNS", "frame"]

COLUMNS = ("population", "path", "count", "of", "frequency", "low", "high", "note")


def frame(rows: Iterable[Mapping[str, Any]], columns: tuple[str, ...] = COLUMNS) -> pd.DataFrame:
    """Return `rows` as a frame; a column in which a number is missing holds objects: None, never NaN."""
    import pandas as pd

    listed = list(rows)
    series = {}
    for column in columns:
        values = [row.get(column) for row in listed]
        series[column] = pd.Series(values, dtype=object if None in values or not values else None)
    return pd.DataFrame(series, columns=list(columns))
