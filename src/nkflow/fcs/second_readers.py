"""FlowIO and fcsparser as second readers: their events as they give them, or why they give none.

Both are imported inside the functions. Neither may be trusted with a hostile file: they are asked only after
nkflow has read the file under its caps.
"""

from __future__ import annotations

import contextlib
import logging
import re
import struct
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["READERS", "Refusal", "SecondReading", "read_with_fcsparser", "read_with_flowio"]

#: Whatever these readers raise on files that they can't read; none of them has an error class for all.
_FAILURES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
)
_MORE_FAILURES = (OSError, RuntimeError, TypeError, ValueError, re.error, struct.error)
_SHIM = threading.Lock()


@dataclass(frozen=True, eq=False)
class SecondReading:
    """The events as another reader gives them.

    Attributes
    ----------
    names
        Its channel names.
    values : (n_events, n_channels)
        Its stored values.
    options
        What it had to be told to read the file.
    """

    names: tuple[str, ...]
    values: NDArray[np.generic]
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refusal:
    """The error of a reader that does not read the file."""

    error: str


def read_with_flowio(path: Path, data_set: int, offset: int) -> SecondReading | Refusal:
    """Read the data set at byte `offset` with FlowIO, loosening its options until it reads."""
    import flowio

    failures = (*_FAILURES, *_MORE_FAILURES, flowio.exceptions.FlowIOException)
    attempts: tuple[dict[str, bool], ...] = (
        {},
        {"ignore_offset_error": True},
        {"ignore_offset_error": True, "use_header_offsets": True},
        {"ignore_offset_error": True, "ignore_offset_discrepancy": True},
    )
    error = ""
    for options in attempts:
        try:
            with _quiet(), open(path, "rb") as file:  # FlowIO leaves a file open that it refuses
                data = flowio.FlowData(file, nextdata_offset=offset, **options)
                values = data.as_array(preprocess=False)
            return SecondReading(tuple(data.pnn_labels), values, tuple(options))
        except failures as problem:
            error = error or f"{type(problem).__name__}: {str(problem)[:200]}"
    return Refusal(error)


def read_with_fcsparser(path: Path, data_set: int, offset: int) -> SecondReading | Refusal:
    """Read data set number `data_set` with fcsparser, in the file's own type and by `$PnN`."""
    import fcsparser

    failures = (*_FAILURES, *_MORE_FAILURES, fcsparser.api.ParserFeatureNotImplementedError)
    try:
        with _quiet(), _newbyteorder_shim(fcsparser.api):
            _, frame = fcsparser.parse(str(path), channel_naming="$PnN", dtype=None, data_set=data_set)
        return SecondReading(tuple(map(str, frame.columns)), frame.to_numpy())
    except failures as problem:
        return Refusal(f"{type(problem).__name__}: {str(problem)[:200]}")


READERS = {"FlowIO": read_with_flowio, "fcsparser": read_with_fcsparser}


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep warnings and log lines of the readers off the terminal; what they mean is in the comparison."""
    logger, nothing = logging.getLogger("fcsparser"), logging.NullHandler()
    logger.addHandler(nothing)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.removeHandler(nothing)


class _WithNewByteOrder(np.ndarray):
    """An array with the method that NumPy 2 took away and fcsparser calls for big-endian files."""

    def newbyteorder(self) -> Any:
        """Return a view of the other byte order."""
        return self.view(self.dtype.newbyteorder())


@contextlib.contextmanager
def _newbyteorder_shim(api: Any) -> Iterator[None]:
    """Let fcsparser 0.2 read on NumPy 2 (its issue 74), for this thread's call only."""
    with _SHIM:
        original = api.fromfile
        api.fromfile = lambda *args, **options: original(*args, **options).view(_WithNewByteOrder)
        try:
            yield
        finally:
            api.fromfile = original
