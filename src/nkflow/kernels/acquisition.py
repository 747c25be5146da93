"""One look at every event for acquisition QC: its slice of time, its level, whether it left the range."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nkflow.kernels.jit import kernel

__all__ = ["add_levels", "assign_slices", "mark_margin", "track_top"]


@kernel
def assign_slices(
    time: NDArray[np.float64],
    first: int,
    least: int,
    state: NDArray[np.int64],
    starts: NDArray[np.int64],
    out: NDArray[np.int64],
) -> None:
    """Write the slice of each event: a slice ends where the clock moves on and it holds `least` events.

    Parameters
    ----------
    time : (n_events,)
        Of the whole run, not decreasing, in any unit.
    first
        The event to begin with; ``out.shape[0]`` events are done.
    state : (2,)
        Slice of the event before `first`, and how many events it holds; start with ``[-1, least]``.
    starts : (n_slices,)
        Receives the first event of each new slice.
    out : (n,)
    """
    for i in range(out.shape[0]):
        event = first + i
        if state[1] >= least and (event == 0 or time[event] != time[event - 1]):
            state[0] += 1
            state[1] = 0
            starts[state[0]] = event
        state[1] += 1
        out[i] = state[0]


@kernel
def add_levels(
    x: NDArray[np.float64],
    cuts: NDArray[np.float64],
    ranks: NDArray[np.float64],
    slices: NDArray[np.int64],
    sums: NDArray[np.float64],
) -> None:
    """Add each event's rank, looked up by its level, to the sum of its slice.

    Parameters
    ----------
    x, slices : (n,)
    cuts : (63,)
        Ascending; the level of a value is how many cuts are at or below it (NaN: none).
    ranks : (64,)
        Of each level.
    sums : (n_slices,)
    """
    for i in range(x.shape[0]):
        level = 0
        step = 32  # a constant: the loop is unrolled and free of branches, 6 ns a value instead of 32
        while step > 0:
            level += step * (x[i] >= cuts[level + step - 1])
            step >>= 1
        sums[slices[i]] += ranks[level]


@kernel
def mark_margin(x: NDArray[np.float64], limit: float, out: NDArray[np.bool_]) -> int:
    """Set ``out`` (n,) where ``x >= limit``; leave it elsewhere; return how many there are."""
    count = 0
    for i in range(x.shape[0]):
        if x[i] >= limit:
            out[i] = True
            count += 1
    return count


@kernel
def track_top(x: NDArray[np.float64], top: NDArray[np.float64]) -> None:
    """Keep in `top` (4,) the highest value so far, its count, the second highest and its count; NaN is passed over.

    Start with ``[-inf, 0, -inf, 0]``.
    """
    for i in range(x.shape[0]):
        if x[i] > top[0]:
            top[2], top[3] = top[0], top[1]
            top[0], top[1] = x[i], 1.0
        elif x[i] == top[0]:
            top[1] += 1.0
        elif x[i] > top[2]:
            top[2], top[3] = x[i], 1.0
        elif x[i] == top[2]:
            top[3] += 1.0
