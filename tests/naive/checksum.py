"""Twin of `nkflow.kernels.checksum`: bit by bit, without a table."""

from __future__ import annotations


def crc16(data, crc):
    for byte in data:
        crc ^= int(byte)
        for _ in range(8):
            crc = (crc >> 1) ^ (0x8408 if crc & 1 else 0)
    return crc
