"""Lots with faults of known truth, judged by recorded time; `make evidence` runs it whole, the tests a part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from unittest.mock import patch

import numpy as np

from nkflow.acquisition import Quality, check_acquisition
from nkflow.counting.volume import kept_volume
from nkflow.fcs.sample import Sample
from nkflow.gating import Template, gate
from nkflow.simulate import SimulatedTube, simulate_lot
from nkflow.simulate.acquire import Acquisition
from nkflow.simulate.faults_figures import DRAWN
from nkflow.simulate.faults_flow import clog, flow_step
from nkflow.simulate.faults_signal import drift
from nkflow.simulate.faults_tape import played, recorded
from nkflow.simulate.rows import Between

__all__ = [
    "SINGLE",
    "Judged",
    "by_beads",
    "judged",
    "pooled",
    "seconds_of",
    "share_found",
    "volume_is_refused",
]

SINGLE = ("bubble", "carry_over", "clog", "drift", "flow_step")
TICK = 0.01


@dataclass(frozen=True)
class Judged:
    """One tube: recorded seconds in all, bad by truth, removed, both; and the reasons, longest first."""

    total: float
    bad: float
    removed: float
    both: float
    reasons: tuple[str, ...]


def seconds_of(time: np.ndarray) -> np.ndarray:
    """Return the recorded time of each event: till the next tick with events, shared by those of one tick."""
    ticks, place, count = np.unique(time, return_inverse=True, return_counts=True)
    return (np.append(np.diff(ticks), 0.0) / count)[place]


def judged(tube: SimulatedTube) -> tuple[Judged, Quality]:
    """Hold the QC of one tube to its truth."""
    quality = check_acquisition(tube.sample)
    seconds = seconds_of(tube.sample.values(["Time"])[:, 0])
    removed, bad = ~quality.mask, tube.truth_bad
    reasons = sorted(quality.segments, key=lambda segment: -segment.duration)
    return Judged(
        total=float(seconds.sum()),
        bad=float(seconds[bad].sum()),
        removed=float(seconds[removed].sum()),
        both=float(seconds[bad & removed].sum()),
        reasons=tuple(segment.reason for segment in reasons),
    ), quality


def pooled(tubes: Sequence[Judged]) -> dict[str, float | None]:
    """Return the share of bad seconds that were removed, and of removed seconds that were bad, over all tubes."""
    bad, removed, both = (sum(getattr(tube, name) for tube in tubes) for name in ("bad", "removed", "both"))
    shares = [tube.removed / tube.total for tube in tubes]
    return {
        "tubes": len(tubes),
        "bad seconds": bad,
        "found": both / bad if bad else None,
        "right": both / removed if removed else None,
        "removed, median share": float(np.median(shares)),
        "removed, largest share": float(max(shares)),
    }


def by_beads(
    tubes: Sequence[SimulatedTube], template: Template, *, masks: Sequence[np.ndarray] | None = None
) -> dict[str, float]:
    """Return cells per bead of the gated populations, pooled over tubes, of the events in `masks`."""
    names = ("CD56+", "NK", "NKT-like", "viable")
    counts = dict.fromkeys((*names, "beads"), 0)
    for number, tube in enumerate(tubes):
        gating = gate(tube.sample, template)
        mask = True if masks is None else masks[number]
        for name in counts:
            counts[name] += int(np.count_nonzero(gating.mask(name) & mask))
    return {name: counts[name] / counts["beads"] for name in names}


def volume_is_refused(quality: Quality) -> bool:
    """Whether a volumetric count of this tube, without beads, is not evaluable."""
    kept = 1.0 if quality.kept_time is None else quality.kept_time
    volume = kept_volume(100.0, kept_time=kept, steady_flow=quality.steady_flow)
    return not isinstance(volume, float)


SIZES = {
    "clog": ("clog flow", clog, (0.3, 0.5, 0.6, 0.7, 0.8)),
    "slower flow": ("slower flow", flow_step, (0.3, 0.5, 0.6, 0.7, 0.8)),
    "faster flow": ("faster flow", flow_step, (1.1, 1.2, 1.3, 1.5, 2.0)),
    "drift 405 nm": ("drift loss", drift, (0.05, 0.1, 0.15, 0.2, 0.3)),
    "drift 488 nm": ("drift loss", drift, (0.02, 0.05, 0.1, 0.15, 0.2)),
    "drift 640 nm": ("drift loss", drift, (0.1, 0.15, 0.2, 0.3, 0.5)),
}


def share_found(kind: str, size: float, *, seconds: float, seeds: Sequence[int]) -> float:
    """Return the share of bad seconds found of one fault of fixed size and length in each of some runs."""
    name, fault, _ = SIZES[kind]
    fixed = {name: Between(size, size, "study")}
    fixed |= {f"{of} seconds": Between(seconds, seconds, "study") for of in ("clog", "flow step", "drift")}
    both = bad = 0.0
    for seed in seeds:
        tube = _tube(seed)
        rng = _Chosen(kind, seed)
        acquisition = _acquisition(tube)
        with patch.dict(DRAWN, fixed):
            tape = fault(played(acquisition, rng=rng.drawn), 60.0, last=False, rng=rng)
        spoiled = recorded(tape, acquisition)
        time = np.float64(TICK) * spoiled.events[:, -1].astype(np.float64)
        columns = [*spoiled.events.T[:-1], time]
        quality = check_acquisition(
            Sample.from_arrays(columns, list(tube.sample.channels), keywords={"$TIMESTEP": "0.01"})
        )
        weight = seconds_of(time)
        both += float(weight[spoiled.bad & ~quality.mask].sum())
        bad += float(weight[spoiled.bad].sum())
    return both / bad


@cache
def _tube(seed: int) -> SimulatedTube:
    return simulate_lot(seed).tubes[0]


class _Chosen:
    """A generator whose choices between kinds of a fault are made: which laser, slower or faster."""

    def __init__(self, kind: str, seed: int) -> None:
        self.drawn = np.random.default_rng([seed, 77])
        self._laser = {"405": 0, "488": 1, "640": 2}.get(
            kind.split()[1] if kind.startswith("drift") else "", 0
        )
        self._random = 0.0 if kind == "faster flow" else 0.99

    def random(self) -> float:
        return self._random

    def integers(self, high: int) -> int:
        return self._laser

    def __getattr__(self, name: str) -> object:
        return getattr(self.drawn, name)


def _acquisition(tube: SimulatedTube) -> Acquisition:
    """Return what the cytometer recorded of a tube, as the simulator had it."""
    values = tube.sample.values()
    ticks = np.rint(values[:, -1:] / TICK)
    events = np.concatenate([values[:, :-1], ticks], axis=1).astype(np.float32)
    seconds = float(values[-1, -1]) + TICK
    return Acquisition(events, tube.codes.copy(), tube.truth_bad.copy(), seconds, volume_nl=1000.0 * seconds)
