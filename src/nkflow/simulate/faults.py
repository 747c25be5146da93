"""Faults of an acquisition, with the truth: which events were recorded while one was at work.

Each fault is there once in a tube, at a place and of a size drawn from the lot's seed; carry-over at the
beginning, the others apart from each other. A tube without faults is untouched, byte for byte.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Protocol

import numpy as np

from nkflow.simulate.acquire import Acquisition
from nkflow.simulate.faults_clock import wrapped
from nkflow.simulate.faults_figures import FIXED
from nkflow.simulate.faults_flow import bubble, clog, flow_step
from nkflow.simulate.faults_signal import carry_over, drift
from nkflow.simulate.faults_tape import Tape, played, recorded

__all__ = ["FAULTS", "spoil"]


class Fault(Protocol):
    """Something that happens to a run at a time."""

    def __call__(self, tape: Tape, begin: float, *, last: bool, rng: np.random.Generator) -> Tape:
        """Return the run with the fault in it from `begin` on; `last` says that no other one follows."""


_PLACED: Mapping[str, Fault] = MappingProxyType(
    {"bubble": bubble, "clog": clog, "drift": drift, "flow_step": flow_step}
)
FAULTS: tuple[str, ...] = (
    "bubble",
    "carry_over",
    "clog",
    "drift",
    "flow_step",
    "missing_time",
    "wrapped_time",
)


def spoil(acquisition: Acquisition, faults: Collection[str], *, seed: np.random.SeedSequence) -> Acquisition:
    """Return `acquisition` with `faults` in it; ``missing_time`` is for the sample, see `faults_clock`."""
    rng = np.random.default_rng(seed)
    placed = [name for name in _PLACED if name in faults]
    if placed or "carry_over" in faults:
        tape = played(acquisition, rng=rng)
        rng.shuffle(placed)
        # the last one first: what it stretches comes after all others
        for number in reversed(range(len(placed))):
            begin = _place(acquisition.seconds, number, count=len(placed), rng=rng)
            last = number == len(placed) - 1
            tape = _PLACED[placed[number]](tape, begin, last=last, rng=rng)
        if "carry_over" in faults:
            tape = carry_over(tape, rng=rng)
        acquisition = recorded(tape, acquisition)
    return wrapped(acquisition) if "wrapped_time" in faults else acquisition


def _place(seconds: float, number: int, *, count: int, rng: np.random.Generator) -> float:
    """Return when the fault of this `number` begins: each has a slot of the run to itself."""
    first, last = FIXED["first fault"].value * seconds, FIXED["last fault"].value * seconds
    slot = (last - first) / count
    free = slot - FIXED["room"].value - FIXED["apart"].value
    return first + number * slot + float(rng.uniform(0.0, max(free, 0.0)))
