"""A 2-D histogram as a small picture: logarithmic colour, white where there is no event."""

from __future__ import annotations

import base64
import struct
import zlib

import numpy as np
import numpy.typing as npt

from nkflow.errors import InvalidValueError

__all__ = ["COLOURS", "LEVELS", "SPARSE", "colour_table", "data_uri", "levels", "png"]

# Anchors of viridis (S. van der Walt and N. Smith, CC0): perceptually uniform, safe for colour-blind readers.
# Few events are dark, so that one event stands out from the white ground.
COLOURS = (
    "#440154", "#482878", "#3e4989", "#31688e", "#26828e",
    "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725",
)  # fmt: skip
LEVELS = 48
SPARSE = 10.0  # the scale ends no lower, so that single events are never drawn in the bright end


def colour_table() -> npt.NDArray[np.uint8]:
    """Return the colours, (LEVELS + 1, 3) uint8; row 0, no event, is white."""
    anchors = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in COLOURS], dtype=float)
    at = np.linspace(0, len(COLOURS) - 1, LEVELS)
    ramp = [np.interp(at, np.arange(len(COLOURS)), anchors[:, k]) for k in range(3)]
    table = np.full((LEVELS + 1, 3), 255, dtype=np.uint8)
    table[1:] = np.rint(np.column_stack(ramp)).astype(np.uint8)
    return table


def levels(counts: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Return the colour level of each bin: 0 for no event, 1 for one, up to LEVELS for the fullest.

    Parameters
    ----------
    counts
        (n_y, n_x) non-negative numbers. NaN and negative numbers are refused.
    """
    counts = np.asarray(counts)
    if counts.ndim != 2 or counts.size == 0 or not bool(np.all(counts >= 0)):
        raise InvalidValueError(
            "a density needs a 2-D array of counts", code="histogram", found=f"shape {counts.shape}",
            expected="(n_y, n_x), no negative and no NaN",
        )  # fmt: skip
    top = max(float(counts.max()), SPARSE)
    steps = top ** (np.arange(LEVELS) / LEVELS)
    return np.searchsorted(steps, counts, side="right").astype(np.uint8)


def png(index: npt.NDArray[np.uint8]) -> bytes:
    """Return a palette PNG of (n_y, n_x) colour levels, row 0 at the top, level 0 transparent."""
    height, width = index.shape
    rows = np.zeros((height, width + 1), dtype=np.uint8)  # a leading 0 on each row: no filter
    rows[:, 1:] = index
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", colour_table().tobytes()),
        (b"tRNS", b"\x00"),
        (b"IDAT", zlib.compress(rows.tobytes(), 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def data_uri(counts: npt.ArrayLike) -> str:
    """Return (n_y, n_x) counts, row 0 the lowest y, as the ``data:`` address of a PNG."""
    return "data:image/png;base64," + base64.b64encode(png(levels(counts)[::-1])).decode("ascii")
