"""`write_fcs`: events into an FCS 3.1 file that every reader opens (STANDARDS.md §1.9)."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Literal, TypedDict, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nkflow.compensation import Spillover
from nkflow.errors import InvalidValueError, OutputError
from nkflow.fcs.channels import Channel
from nkflow.fcs.keywords import Keywords
from nkflow.fcs.sample import Sample
from nkflow.fcs.text_out import (
    channel_keywords,
    checked_keywords,
    head,
    kept_keywords,
    origin_keywords,
    spillover_keyword,
)

__all__ = ["WriteOptions", "write_fcs"]

_BLOCK = 8192


class WriteOptions(TypedDict, total=False):
    """How values are written.

    Attributes
    ----------
    data_type
        ``F`` float32, ``D`` float64, ``I`` 32-bit unsigned integers. By default F, or D where a channel holds
        whole numbers above 2^24, which float32 can't hold (FCS-W01).
    byte_order
        ``little`` (the default) or ``big``.
    modified
        When, for `$LAST_MODIFIED` of a file that is made from another one.
    """

    data_type: Literal["F", "D", "I"]
    byte_order: Literal["little", "big"]
    modified: datetime


def write_fcs(
    path: str | os.PathLike[str],
    events: Sample | ArrayLike,
    *,
    channels: Sequence[Channel | str] | None = None,
    keywords: Mapping[str, str] | None = None,
    spillover: Spillover | None = None,
    force: bool = False,
    **options: Unpack[WriteOptions],
) -> Path:
    """Write one data set as FCS 3.1 and return its path.

    Data units are written: linear values, gain and logarithm already applied; the time channel as ticks where
    `$TIMESTEP` is kept. A sample's keywords are kept but for those that describe the old layout.

    Parameters
    ----------
    events
        A sample, which is read block by block, or an array (n_events, n_channels).
    channels
        Of an array: channels or their names.
    keywords
        Set in addition; they hold against those of the sample.
    spillover
        Written instead of the sample's own matrix.
    force
        Replace an existing file.
    **options
        `data_type`, `byte_order`, `modified`: see :class:`WriteOptions`.

    Raises
    ------
    OutputError
        The file exists, or can't be written.
    InvalidValueError
        Values that the type does not hold, or a matrix or keyword that can't be written.
    """
    unknown = sorted(set(options) - set(WriteOptions.__annotations__))
    if unknown:  # what a signature would have done
        raise TypeError(f"write_fcs() got an unexpected keyword argument '{unknown[0]}'")
    sample = events if isinstance(events, Sample) else Sample.from_arrays(np.asarray(events), channels)
    extra = checked_keywords(Keywords(keywords or {}))
    target = Path(path)
    if target.exists() and not force:
        raise OutputError("the file exists already", where=str(target), next_step="Use force to replace it.")
    spans = _survey(sample)
    dtype = _dtype(options.get("data_type", "F" if spans.exact else "D"), options.get("byte_order", "little"))
    _check_fits(sample, spans, dtype)
    pairs = {
        **kept_keywords(sample),
        **origin_keywords(sample, options.get("modified")),
        **spillover_keyword(sample, sample.spillover if spillover is None else spillover),
        **_layout_keywords(sample, dtype),
        **channel_keywords(sample, spans.tops, dtype.itemsize, whole=dtype.kind == "u"),
        **extra,
    }
    with _replacing(target) as file:
        file.write(head(pairs, sample.n_events * len(sample.channels) * dtype.itemsize))
        for block in _blocks(sample):
            file.write(np.ascontiguousarray(block.T).astype(dtype).data)
        file.write(b"00000000")  # no checksum (FCS-D18)
    return target


def _dtype(data_type: str, byte_order: str) -> np.dtype[np.generic]:
    sizes = {"F": "f4", "D": "f8", "I": "u4"}
    orders = {"little": "<", "big": ">"}
    if data_type not in sizes or byte_order not in orders:
        raise InvalidValueError(
            "this way of writing is not known",
            found=f"{data_type!r}, {byte_order!r}",
            expected="F, D or I; little or big",
        )
    return np.dtype(orders[byte_order] + sizes[data_type])


def _layout_keywords(sample: Sample, dtype: np.dtype[np.generic]) -> dict[str, str]:
    big = dtype.str.startswith(">")
    nothing = dict.fromkeys(("$BEGINANALYSIS", "$ENDANALYSIS", "$BEGINSTEXT", "$ENDSTEXT", "$NEXTDATA"), "0")
    return nothing | {
        "$BYTEORD": "4,3,2,1" if big else "1,2,3,4",
        "$DATATYPE": {"u4": "I", "f4": "F", "f8": "D"}[dtype.str[1:]],
        "$MODE": "L",
        "$PAR": str(len(sample.channels)),
        "$TOT": str(sample.n_events),
    }


def _blocks(sample: Sample) -> Iterator[NDArray[np.float64]]:
    """Yield data units (n_channels, n) block by block, the time channel in ticks; the buffer is reused."""
    columns = sample.indices()
    buffer = np.empty((len(columns), _BLOCK))
    with sample.open() as reader:
        for first in range(0, sample.n_events, _BLOCK):
            count = min(_BLOCK, sample.n_events - first)
            reader.read(first, count, columns, buffer)
            for channel in sample.channels:
                if channel.kind == "time" and sample.time_step is not None:
                    _to_ticks(buffer[channel.index, :count], sample.time_step)
            yield buffer[:, :count]


def _to_ticks(seconds: NDArray[np.float64], time_step: float) -> None:
    """Turn seconds (n,) into ticks, in place; a tick that was multiplied by the step is the same one again."""
    seconds /= time_step
    whole = np.rint(seconds)
    near = np.abs(seconds - whole) <= 1e-9 * np.maximum(np.abs(whole), 1.0)
    np.copyto(seconds, whole, where=near)


@dataclass(frozen=True)
class _Spans:
    """Largest finite value of every channel and largest magnitude of all; whether float32 holds whole numbers."""

    tops: list[float]
    magnitude: float
    exact: bool


def _survey(sample: Sample) -> _Spans:
    """Return what the values span, in one pass."""
    tops = np.zeros(len(sample.channels))
    magnitude, exact = 0.0, True
    for block in _blocks(sample):
        finite = np.where(np.isfinite(block), block, 0.0)
        np.maximum(tops, finite.max(axis=1, initial=0.0), out=tops)
        magnitude = max(magnitude, float(np.abs(finite).max(initial=0.0)))
        large = finite[(np.abs(finite) > 2.0**24) & (np.abs(finite) < 2.0**53)]
        large = large[large == np.floor(large)]
        exact = exact and bool(np.all(large.astype(np.float32) == large))
    return _Spans(tops.tolist(), magnitude, exact)


def _check_fits(sample: Sample, spans: _Spans, dtype: np.dtype[np.generic]) -> None:
    """Refuse values that `dtype` does not hold."""
    if dtype.kind == "u":
        for block in _blocks(sample):
            bad = ~((block >= 0) & (block < 2.0**32) & (block == np.floor(block)))
            if bad.any():
                channel = sample.channels[int(np.argmax(bad.any(axis=1)))]
                raise InvalidValueError(
                    "a value is no unsigned integer of 32 bits",
                    where=f"{sample.name}: {channel.name}",
                    found=repr(float(block[bad][0])),
                    next_step="Write with data_type='F' or 'D'.",
                )
    elif dtype.itemsize == 4 and spans.magnitude > float(np.finfo(np.float32).max):
        raise InvalidValueError(
            "a value is too large for float32", where=sample.name, next_step="Write with data_type='D'."
        )


@contextmanager
def _replacing(target: Path) -> Iterator[BinaryIO]:
    """Write beside `target`, then put it in its place: never half a file."""
    beside = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}.part")
    try:
        with open(beside, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, target)
    except OSError as problem:
        raise OutputError("the file can't be written", where=str(target), found=str(problem)) from problem
    finally:
        beside.unlink(missing_ok=True)
