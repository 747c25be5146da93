"""The simulated cytometer: what its detectors record of the light, and when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nkflow.simulate.figures import DETECTORS, FLOW, RANGE, SCATTER_CHANNELS, SPEED, SPILLOVER
from nkflow.simulate.pulses import Pulses

__all__ = ["CHANNELS", "Flow", "draw_flow", "record"]

Array = npt.NDArray[np.float64]

CHANNELS = (*SCATTER_CHANNELS, *(detector.name for detector in DETECTORS), "Time")
_S = np.array(SPILLOVER)
_PER_PHOTOELECTRON = np.array([detector.per_photoelectron for detector in DETECTORS])
_ELECTRONIC = np.array([detector.electronic for detector in DETECTORS])


@dataclass(frozen=True)
class Flow:
    """The flow of one tube: mean rate in uL/s, relative drift from end to end, and a slow wave on it."""

    ul_per_s: float
    drift: float
    wave: float
    period_s: float
    phase: float

    def arrivals(self, count: int, *, seconds: float, rng: np.random.Generator) -> Array:
        """Return the sorted times, s, at which `count` events pass: Poisson, at the rate of the flow."""
        grid = np.linspace(0.0, seconds, 2049)
        turns = 2.0 * np.pi * grid / self.period_s + self.phase
        rate = 1.0 + self.drift * (grid / seconds - 0.5) + self.wave * np.sin(turns)
        volume = np.concatenate([[0.0], np.cumsum(0.5 * (rate[1:] + rate[:-1]))])
        return np.asarray(np.interp(np.sort(rng.random(count)) * volume[-1], volume, grid))


def draw_flow(rng: np.random.Generator) -> Flow:
    """Draw how the flow of one tube drifts."""
    return Flow(
        ul_per_s=SPEED["uL per s"].value,
        drift=FLOW["drift"].draw(rng),
        wave=FLOW["wave"].draw(rng),
        period_s=FLOW["wave period s"].draw(rng),
        phase=float(rng.uniform(0.0, 2.0 * np.pi)),
    )


def record(pulses: Pulses, seconds: Array, *, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Return what the file will hold, (n_events, 14) in the order of `CHANNELS`.

    Photons of all dyes fall on all detectors (observed = true @ S); their noise has variance proportional to
    the light (Gaussian in place of Poisson: below some ten photoelectrons the electronic noise is larger),
    and a detector adds electronic noise. Nothing exceeds the range; negative values stay.
    """
    light = pulses.dyes @ _S + pulses.own
    noise = np.sqrt(light * _PER_PHOTOELECTRON + _ELECTRONIC**2)
    fluorescence = light + noise * rng.standard_normal(light.shape)
    ticks = np.floor(seconds / SPEED["time step s"].value)[:, None]
    events = np.concatenate([pulses.scatter, fluorescence], axis=1)
    np.minimum(events, RANGE - 1, out=events)
    return np.concatenate([events, ticks], axis=1).astype(np.float32)
