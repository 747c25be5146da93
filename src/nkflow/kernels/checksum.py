"""CRC-16/KERMIT, the checksum of an FCS data set (FCS-D18)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nkflow.kernels.jit import kernel

__all__ = ["crc16"]


@kernel
def crc16(data: NDArray[np.uint8], table: NDArray[np.uint16], crc: int) -> int:
    """Return the CRC of `data`, going on from `crc` (0 at the start).

    Parameters
    ----------
    data : (n,)
        The next bytes.
    table : (256,)
        For every byte its remainder by the reflected polynomial 0x8408.
    """
    value = np.uint16(crc)
    for i in range(data.shape[0]):
        value = np.uint16(table[(value ^ data[i]) & 0xFF] ^ (value >> np.uint16(8)))
    return int(value)
