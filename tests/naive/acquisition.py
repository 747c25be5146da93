"""Slow twin of `nkflow.kernels.acquisition`."""

from __future__ import annotations

__all__ = ["add_levels", "assign_slices", "mark_margin", "track_top"]


def assign_slices(time, first, least, state, starts, out) -> None:
    number, held = state
    for place in range(len(out)):
        event = first + place
        moved = event == 0 or time[event] != time[event - 1]
        if held >= least and moved:
            number, held = number + 1, 0
            starts[number] = event
        held += 1
        out[place] = number
    state[:] = number, held


def add_levels(x, cuts, ranks, slices, sums) -> None:
    for value, place in zip(x, slices, strict=True):
        level = sum(1 for cut in cuts if value >= cut)
        sums[place] += ranks[level]


def mark_margin(x, limit, out) -> int:
    reached = [place for place, value in enumerate(x) if value >= limit]
    for place in reached:
        out[place] = True
    return len(reached)


def track_top(x, top) -> None:
    seen = {top[0]: top[1], top[2]: top[3]} if top[0] != top[2] else {top[0]: top[1]}
    for value in x:
        if value == value:
            seen[value] = seen.get(value, 0) + 1
    ordered = sorted(seen, reverse=True)
    top[0], top[1] = ordered[0], seen[ordered[0]]
    if len(ordered) > 1:
        top[2], top[3] = ordered[1], seen[ordered[1]]
