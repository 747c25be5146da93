"""Twins of `nkflow.kernels.decode`: one Python integer at a time."""

from __future__ import annotations

import struct


def float32_columns(words, columns, count, stride, swap, out):
    for k, column in enumerate(columns):
        for i in range(count):
            raw = int(words[i * stride + column]).to_bytes(4, "little")
            out[k, i] = struct.unpack(">f" if swap else "<f", raw)[0]


def column_bits(block, row_bytes, first, shifts, mask, count, out):
    for i in range(count):
        at = i * row_bytes + first
        value = sum(int(byte) << int(shift) for byte, shift in zip(block[at:], shifts, strict=False))
        out[i] = value & int(mask)


def packed_bits(block, skip, row_bits, first, width, msb_first, mask, count, out):
    octets = [format(int(byte), "08b") for byte in block]
    stream = "".join(octets if msb_first else [octet[::-1] for octet in octets])
    for i in range(count):
        at = skip + i * row_bits + first
        digits = stream[at : at + width]
        out[i] = int(digits if msb_first else digits[::-1], 2) & int(mask)


def log_values(values, decades, offset, range_):
    for i, value in enumerate(values):
        values[i] = offset * 10.0 ** (decades * value / range_)
