"""Packed integers: which bit of a byte comes first (FCS-D08).

No version of the standard says so. The rule is: most significant first where `$BYTEORD` is big-endian, else least
significant first. Real big-endian files break it (FACS, 1993: least significant first), so the events are asked:
read in the wrong order the bits of a channel mix with those of its neighbours, and its values scatter more.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nkflow.fcs.layout import Layout
from nkflow.fcs.tolerance import Tolerance

__all__ = ["EVIDENCE_EVENTS", "settle_bit_order"]

EVIDENCE_EVENTS = 20_000  # how many events are looked at
_FEWEST = 500
_MARGIN = 0.25  # bits of entropy per channel; the eight files of 1993 differ by 0.9 to 1.3


def settle_bit_order(layout: Layout, block: bytes, count: int, tolerance: Tolerance) -> Layout:
    """Return `layout` with the bit order that the first `count` events in `block` speak for.

    Without clear evidence the rule holds. Either way there is a finding: the order is not in the file.
    """
    orders = {msb: replace(layout, msb_first=msb) for msb in (True, False)}
    by_rule = "most" if layout.msb_first else "least"
    chosen, reason = layout, "by the rule for $BYTEORD"
    if count >= _FEWEST:
        scatter = {msb: _scatter(order, block, count) for msb, order in orders.items()}
        if scatter[layout.msb_first] - scatter[not layout.msb_first] > _MARGIN:
            chosen = orders[not layout.msb_first]
            reason = (
                f"the events say so, against the rule for $BYTEORD, which is {by_rule} significant bit first"
            )
        elif scatter[not layout.msb_first] - scatter[layout.msb_first] > _MARGIN:
            reason += ", and the events agree"
    tolerance.note(
        "packed-bit-order",
        "integers are packed without regard to bytes, in an order that the standard leaves open",
        where="$PnB",
        consequence=f"read with the {'most' if chosen.msb_first else 'least'} significant bit first: {reason}",
    )
    return chosen


def _scatter(layout: Layout, block: bytes, count: int) -> float:
    """Return the mean entropy (bits) of the channels' values."""
    from nkflow.fcs.decode import Decoder

    data = np.frombuffer(block, np.uint8)
    decoder = Decoder(layout, ())
    return float(
        np.mean([_entropy(decoder.stored(data, 0, count, index)) for index in range(len(layout.columns))])
    )


def _entropy(values: NDArray[np.generic]) -> float:
    counts = np.unique(values, return_counts=True)[1]
    shares = counts / counts.sum()
    return float(-(shares * np.log2(shares)).sum())
