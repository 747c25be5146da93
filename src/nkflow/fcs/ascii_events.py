"""Events written in decimal digits (`$DATATYPE` A, FCS-D04): decoded as a whole, under a cap."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nkflow.errors import FCSFormatError, FCSLimitError
from nkflow.fcs.data_segment import DataSegment
from nkflow.fcs.limits import Limits
from nkflow.fcs.source import Window
from nkflow.fcs.tolerance import Tolerance

__all__ = ["decode_ascii"]


def decode_ascii(
    window: Window, data: DataSegment, tolerance: Tolerance, limits: Limits
) -> NDArray[np.uint64]:
    """Return the values (n_channels, n_events) of an ASCII DATA segment.

    Raises
    ------
    FCSFormatError
        ``ascii-value``: something that is no number; ``tot-mismatch``: not `$TOT` events.
    FCSLimitError
        DATA is longer than allowed.
    """
    if data.length > limits.ascii_bytes:
        raise FCSLimitError(
            "DATA in decimal digits is too long",
            where=tolerance.where,
            found=f"{data.length} bytes",
            expected=f"at most {limits.ascii_bytes}",
        )
    text = np.frombuffer(window.read(data.begin, data.length), np.uint8)
    channels = len(data.layout.columns)
    free = data.layout.row_bits == 0
    values = _separated(text, data, tolerance) if free else _fields(text, data, tolerance)
    table = values.reshape(-1, channels).T.copy()
    table.flags.writeable = False
    return table


def _separated(text: NDArray[np.uint8], data: DataSegment, tolerance: Tolerance) -> NDArray[np.uint64]:
    """Return the values of free format, where `$TOT` is the only count of events."""
    from nkflow.kernels import decimal_digits

    channels = len(data.layout.columns)
    values = np.empty((text.size + 1) // 2, np.uint64)  # a digit and a separator are the least a number takes
    found = int(decimal_digits.parse_separated(text, values))
    _check(found, text, tolerance)
    wanted = data.n_events * channels if data.total_known else found - found % channels
    if found != wanted:
        tolerance.doubt(
            "tot-mismatch",
            "$TOT and the numbers in DATA disagree",
            where="$TOT",
            found=f"{found} numbers",
            expected=f"{wanted} numbers of {channels} channels",
        )
        wanted = min(wanted, found - found % channels)
    return values[:wanted]


def _fields(text: NDArray[np.uint8], data: DataSegment, tolerance: Tolerance) -> NDArray[np.uint64]:
    from nkflow.kernels import decimal_digits

    widths = np.array([column.bits // 8 for column in data.layout.columns], dtype=np.int64)
    values = np.empty(data.n_events * widths.size, np.uint64)
    _check(int(decimal_digits.parse_fields(text, widths, values)), text, tolerance)
    return values


def _check(found: int, text: NDArray[np.uint8], tolerance: Tolerance) -> None:
    if found < 0:
        at = -1 - found
        raise FCSFormatError(
            "DATA holds something that is no number of at most 64 bits",
            code="ascii-value",
            where=f"{tolerance.where}: DATA, byte {at}",
            found=ascii(text[at : at + 12].tobytes().decode("latin-1")),
            expected="decimal digits",
        )
