"""How one event lies in DATA: the place, width, order and mask of every value (STANDARDS.md §1.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from typing import Literal

import numpy as np

from nkflow.errors import FCSFormatError
from nkflow.fcs.byte_order import ByteOrder
from nkflow.fcs.tolerance import Tolerance

__all__ = ["Column", "DataType", "Layout", "mask_of", "possible_layouts"]

DataType = Literal["I", "F", "D", "A"]
_FLOAT_BITS: dict[str, int] = {"F": 32, "D": 64}


@dataclass(frozen=True)
class Column:
    """One value of an event.

    Attributes
    ----------
    data_type
        ``I``, ``F``, ``D`` or ``A``.
    bits
        Width in the stream.
    first_bit
        Where it begins within the event.
    ranks
        Rank of every stored byte, 1 for the least significant; empty where the value is not in whole bytes.
    mask
        What integers are and-ed with; 0 for no mask.
    """

    data_type: DataType
    bits: int
    first_bit: int
    ranks: tuple[int, ...] = ()
    mask: int = 0

    @cached_property
    def in_file(self) -> np.dtype[np.generic] | None:
        """The numpy type of the value as it lies in the file, None where numpy has none for it."""
        direction = ByteOrder(self.ranks).direction if self.ranks else "mixed"
        if direction == "mixed" or self.dtype.itemsize * 8 != self.bits:
            return None
        return self.dtype.newbyteorder("<" if direction == "little" else ">")

    @cached_property
    def dtype(self) -> np.dtype[np.generic]:
        """The smallest native type that holds every value."""
        if self.data_type == "F":
            return np.dtype(np.float32)
        if self.data_type == "D":
            return np.dtype(np.float64)
        if self.data_type == "A":
            return np.dtype(np.uint64)
        return np.dtype(f"u{next(size for size in (1, 2, 4, 8) if size * 8 >= self.bits)}")


@dataclass(frozen=True)
class Layout:
    """All values of an event.

    Attributes
    ----------
    columns
        One per channel.
    row_bits
        Bits of one event; 0 for free-format ASCII.
    packed
        Values do not begin on byte boundaries: DATA is one stream of bits.
    msb_first
        Order of the bits of a packed stream.
    as_declared
        Types and `$PnB` agree; else the length of DATA has to settle which of them is right.
    """

    columns: tuple[Column, ...]
    row_bits: int
    packed: bool = False
    msb_first: bool = False
    as_declared: bool = True

    @property
    def ascii(self) -> bool:
        """Whether DATA is text."""
        return self.columns[0].data_type == "A"

    @property
    def row_bytes(self) -> int:
        """Bytes of one event, where events are in whole bytes."""
        return self.row_bits // 8

    @cached_property
    def uniform(self) -> np.dtype[np.generic] | None:
        """The type of every value in file order, where DATA is a plain matrix of one numpy type; else None."""
        kinds = {column.in_file for column in self.columns}  # not by ==: numpy takes None for float64
        return kinds.pop() if len(kinds) == 1 else None

    def dtype(self, columns: Sequence[int]) -> np.dtype[np.generic]:
        """Return the smallest native type that holds the stored values of `columns`.

        64-bit integers beside floats become float64, which holds them exactly up to 2^53.
        """
        kinds = [self.columns[index].dtype for index in columns]
        return np.result_type(*kinds) if kinds else np.dtype(np.float64)

    def bytes_for(self, events: int) -> int:
        """Return the bytes that `events` events take, a last incomplete byte counted as one."""
        return (events * self.row_bits + 7) // 8

    def events_in(self, length: int) -> int:
        """Return how many complete events `length` bytes hold."""
        return length * 8 // self.row_bits

    def with_masks(self, masks: Sequence[int]) -> Layout:
        """Return the layout with one mask per column."""
        return replace(
            self, columns=tuple(replace(c, mask=mask) for c, mask in zip(self.columns, masks, strict=True))
        )


def possible_layouts(
    types: Sequence[DataType], widths: Sequence[int], order: ByteOrder, tolerance: Tolerance
) -> tuple[Layout, ...]:
    """Return the layouts that types and widths (bits) allow, the likeliest first; the length of DATA decides.

    Floats of another width than their type's (FCS-D03) go by the type, then by the width; integers whose width
    is not in whole bytes are packed, or stand in whole words (FCS-D09).

    Raises
    ------
    FCSFormatError
        ``byteord-width``: a mixed order such as ``3,4,1,2`` says nothing about words of another width.
    """
    by_type = [_FLOAT_BITS.get(data_type, width) for data_type, width in zip(types, widths, strict=True)]
    declared = by_type == list(widths)
    layouts = [replace(_build(types, by_type, order, tolerance), as_declared=declared)]
    if not declared:
        by_width = [_float_of(data_type, width) for data_type, width in zip(types, widths, strict=True)]
        if all(_FLOAT_BITS.get(t, w) == w for t, w in zip(by_width, widths, strict=True)):
            layouts.append(_build(by_width, widths, order, tolerance))
    if layouts[0].packed:
        words = [next(word for word in (8, 16, 32, 64) if word >= width) for width in by_type]
        whole = [-(-width // 8) * 8 for width in by_type]
        layouts.append(_build(types, words, order, tolerance))
        if whole != words:
            layouts.append(_build(types, whole, order, tolerance))
    return tuple(layouts)


def mask_of(range_: int | float | None, bits: int) -> int:
    """Return the mask of integers: the next power of two >= `$PnR`, minus 1; 0 for none (FCS-D10)."""
    if range_ is None or range_ <= 1 or range_ != int(range_):
        return 0
    mask = (1 << (int(range_) - 1).bit_length()) - 1
    return mask if mask < (1 << bits) - 1 else 0


def _build(
    types: Sequence[DataType], widths: Sequence[int], order: ByteOrder, tolerance: Tolerance
) -> Layout:
    """Return the layout of values that follow one another without a gap."""
    starts = [0, *accumulate(widths)]
    packed = "A" not in types and any(width % 8 for width in widths)
    columns = []
    for data_type, width, first in zip(types, widths, starts, strict=False):
        ranks = () if packed or data_type == "A" else order.for_width(width // 8)
        if ranks is None:
            raise FCSFormatError(
                f"$BYTEORD says nothing about words of {width} bits",
                code="byteord-width",
                where=f"{tolerance.where}: $BYTEORD",
                found=",".join(map(str, order.ranks)),
                expected=f"a list of {width // 8} bytes, or 1,2,3,4 or 4,3,2,1",
            )
        columns.append(Column(data_type, width, first, ranks))
    free = "A" in types and 0 in widths
    return Layout(tuple(columns), 0 if free else starts[-1], packed, packed and order.direction == "big")


def _float_of(data_type: DataType, width: int) -> DataType:
    """Return the float type of `width` bits in place of another one."""
    if data_type not in _FLOAT_BITS:
        return data_type
    return "F" if width == 32 else "D" if width == 64 else data_type
