"""Bytes of a block into stored values and data units, column by column (STANDARDS.md §1.4, §1.5)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nkflow.fcs.channels import Channel
from nkflow.fcs.layout import Column, Layout

__all__ = ["Decoder", "convert", "converts"]

_ALL = np.uint64(0xFFFF_FFFF_FFFF_FFFF)


class Decoder:
    """Decodes blocks of one layout; holds scratch buffers, so one per thread."""

    def __init__(self, layout: Layout, channels: Sequence[Channel], time_step: float = 1.0) -> None:
        # a kernel is loaded when events are decoded, not when a header is looked at
        from nkflow.kernels import decode as kernels

        self._kernels = kernels
        self._layout = layout
        self._channels = channels
        self._time_step = time_step
        self._scratch = np.empty(0, np.uint64)
        uniform = layout.uniform
        self._float32 = uniform is not None and uniform.kind == "f" and uniform.itemsize == 4
        self._swap = uniform is not None and not uniform.isnative
        self._converts = any(converts(channel, time_step) for channel in channels)

    def values(
        self,
        block: NDArray[np.uint8],
        skip: int,
        count: int,
        columns: NDArray[np.int64],
        out: NDArray[np.float64],
    ) -> None:
        """Fill ``out[k, :count]`` with data units of ``columns[k]``: mask, then log or gain, then time step.

        `skip` is how many bits into `block` the first event begins.
        """
        if self._float32:
            words = block.view(np.uint32)
            stride = len(self._layout.columns)
            self._kernels.float32_columns(words, columns, count, stride, self._swap, out)
        else:
            for row, column in enumerate(columns):
                out[row, :count] = self.stored(block, skip, count, int(column))
        if self._converts:
            for row, column in enumerate(columns):
                convert(out[row, :count], self._channels[int(column)], self._time_step)

    def stored(self, block: NDArray[np.uint8], skip: int, count: int, column: int) -> NDArray[np.generic]:
        """Return the masked stored values (count,) of one column, good until `block` or this is used again."""
        spec = self._layout.columns[column]
        if spec.in_file is None:
            return self._odd(block, skip, count, spec)
        row = self._layout.row_bytes
        values: NDArray[np.generic] = np.ndarray(
            (count,), spec.in_file, block.data, spec.first_bit // 8, (row,)
        )
        return np.bitwise_and(values, spec.dtype.type(spec.mask)) if spec.mask else values

    def _odd(self, block: NDArray[np.uint8], skip: int, count: int, spec: Column) -> NDArray[np.generic]:
        """Return values of widths, orders or places that numpy has no type for."""
        if self._scratch.size < count:
            self._scratch = np.empty(count, np.uint64)
        bits = self._scratch[:count]
        mask = np.uint64(spec.mask) if spec.mask else _ALL
        if self._layout.packed:
            layout = self._layout
            self._kernels.packed_bits(
                block, skip, layout.row_bits, spec.first_bit, spec.bits, layout.msb_first, mask, count, bits
            )
        else:
            row = self._layout.row_bytes
            self._kernels.column_bits(block, row, spec.first_bit // 8, _shifts(spec), mask, count, bits)
        if spec.data_type == "F":
            return bits.astype(np.uint32).view(np.float32)
        return bits.view(np.float64) if spec.data_type == "D" else bits


def converts(channel: Channel, time_step: float) -> bool:
    """Tell whether `convert` changes the values of `channel`."""
    logarithm = channel.log is not None and bool(channel.range)
    return logarithm or channel.gain != 1.0 or (channel.kind == "time" and time_step != 1.0)


def convert(values: NDArray[np.float64], channel: Channel, time_step: float) -> None:
    """Turn stored values (n,) of `channel` into data units, in place: log or gain, then time step (§1.5)."""
    if channel.log is not None and channel.range:
        from nkflow.kernels import decode as kernels

        decades, offset = channel.log
        kernels.log_values(values, decades, offset, float(channel.range))
    elif channel.gain != 1.0:
        values /= channel.gain
    if channel.kind == "time" and time_step != 1.0:
        values *= time_step


def _shifts(column: Column) -> NDArray[np.uint64]:
    return np.array([8 * (rank - 1) for rank in column.ranks], dtype=np.uint64)
