"""Columns out of blocks of events as they lie in the file."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nkflow.kernels.jit import kernel

__all__ = ["column_bits", "float32_columns", "log_values", "packed_bits"]

TILE = 256  # events: their words stay in the first-level cache from column to column


@kernel
def float32_columns(
    words: NDArray[np.uint32],
    columns: NDArray[np.int64],
    count: int,
    stride: int,
    swap: bool,
    out: NDArray[np.float64],
) -> None:
    """Widen float32 columns of `count` events: ``out[k, i]`` is word ``columns[k]`` of event i.

    Parameters
    ----------
    words : (>= count * stride,)
        Events one after another, `stride` words each.
    columns : (n,)
        Which words of an event.
    swap
        Whether the bytes of a word stand in the other order; they are swapped as integers, because a signalling
        NaN may change when it is moved as a float (FCS-D13).
    out : (n, >= count)
        Filled for the first `count` events.
    """
    # unsigned, because a signed position is tested for counting from the end, value by value
    step, n = np.uint64(stride), np.uint64(count)
    for first in range(np.uint64(0), n, np.uint64(TILE)):
        events = min(np.uint64(TILE), n - first)
        for k in range(columns.shape[0]):
            start, values = first * step + np.uint64(columns[k]), out[k]
            if swap:
                for i in range(events):
                    v = words[start + i * step]
                    v = np.uint32(
                        (v >> np.uint32(24))
                        | ((v >> np.uint32(8)) & np.uint32(0xFF00))
                        | ((v << np.uint32(8)) & np.uint32(0xFF0000))
                        | (v << np.uint32(24))
                    )
                    values[first + i] = np.uint32(v).view(np.float32)
            else:
                for i in range(events):
                    values[first + i] = np.uint32(words[start + i * step]).view(np.float32)


@kernel
def column_bits(
    block: NDArray[np.uint8],
    row_bytes: int,
    first: int,
    shifts: NDArray[np.uint64],
    mask: np.uint64,
    count: int,
    out: NDArray[np.uint64],
) -> None:
    """Put together the bytes of one value of every event and mask it.

    Parameters
    ----------
    block : (>= count * row_bytes,)
        Events one after another.
    first
        Where the value begins within an event.
    shifts : (width,)
        For every stored byte, by how many bits it counts: 0, 8, ... for little-endian.
    mask
        And-ed with the value; all ones for no mask.
    out : (>= count,)
        Filled for the first `count` events.
    """
    width = shifts.shape[0]
    if width == 1:
        for i in range(count):
            out[i] = np.uint64(block[i * row_bytes + first]) & mask
    elif width == 2:
        s0, s1 = shifts[0], shifts[1]
        for i in range(count):
            at = i * row_bytes + first
            out[i] = ((np.uint64(block[at]) << s0) | (np.uint64(block[at + 1]) << s1)) & mask
    elif width == 4:
        s0, s1, s2, s3 = shifts[0], shifts[1], shifts[2], shifts[3]
        for i in range(count):
            at = i * row_bytes + first
            low = (np.uint64(block[at]) << s0) | (np.uint64(block[at + 1]) << s1)
            high = (np.uint64(block[at + 2]) << s2) | (np.uint64(block[at + 3]) << s3)
            out[i] = (low | high) & mask
    else:
        for i in range(count):
            at = i * row_bytes + first
            value = np.uint64(0)
            for j in range(width):
                value |= np.uint64(block[at + j]) << shifts[j]
            out[i] = value & mask


@kernel
def packed_bits(
    block: NDArray[np.uint8],
    skip: int,
    row_bits: int,
    first: int,
    width: int,
    msb_first: bool,
    mask: np.uint64,
    count: int,
    out: NDArray[np.uint64],
) -> None:
    """Take one value of every event out of a stream of bits and mask it (FCS-D08).

    Parameters
    ----------
    block
        Bytes of the stream; the first event begins `skip` bits into it.
    row_bits
        Bits of one event.
    first, width
        Where the value begins within an event and its bits (1..64).
    msb_first
        Whether the first bit of a byte, and of a value, is the most significant one.
    out : (>= count,)
        Filled for the first `count` events.
    """
    for i in range(count):
        at = skip + i * row_bits + first
        value = np.uint64(0)
        done = 0
        while done < width:
            offset = (at + done) & 7
            take = min(8 - offset, width - done)
            byte = np.uint64(block[(at + done) >> 3])
            low = 8 - offset - take if msb_first else offset
            part = (byte >> np.uint64(low)) & np.uint64((1 << take) - 1)
            if msb_first:
                value = (value << np.uint64(take)) | part
            else:
                value |= part << np.uint64(done)
            done += take
        out[i] = value & mask


@kernel
def log_values(values: NDArray[np.float64], decades: float, offset: float, range_: float) -> None:
    """Turn stored values (n,) of a logarithmic channel into data units, in place (FCS-V01).

    ``offset * 10 ** (decades * value / range)``, divided by `$PnR` and not by `$PnR` - 1.
    """
    for i in range(values.shape[0]):
        values[i] = offset * 10.0 ** (decades * values[i] / range_)
