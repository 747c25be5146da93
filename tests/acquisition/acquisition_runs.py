"""A small generator of runs, independent of the simulated cytometer: Poisson arrivals, two populations, no units."""

from __future__ import annotations

import numpy as np

from nkflow.fcs.channels import Channel
from nkflow.fcs.sample import Sample

__all__ = ["CHANNELS", "a_run", "at_rates", "sample_of"]

CHANNELS = ("FSC-A", "SSC-A", "CD3", "CD56")
TICK = 0.01


def at_rates(rates: list[tuple[float, float]], *, seed: int) -> np.ndarray:
    """Return arrival times, s: `rates` are (seconds, events per second) one after the other."""
    rng = np.random.default_rng(seed)
    times, begin = [], 0.0
    for seconds, rate in rates:
        times.append(begin + np.sort(rng.random(rng.poisson(seconds * rate))) * seconds)
        begin += seconds
    return np.concatenate(times)


def a_run(seconds: np.ndarray, *, seed: int) -> np.ndarray:
    """Return the events (n, 4) that pass at `seconds`: scatter within 10 %, two markers on a half each."""
    rng = np.random.default_rng([seed, 1])
    n = len(seconds)
    scatter = 80_000.0 * np.exp(0.1 * rng.standard_normal((n, 2)))
    stained = rng.random((n, 2)) < 0.5
    dyes = np.where(
        stained, 5000.0 * np.exp(0.4 * rng.standard_normal((n, 2))), 100.0 * rng.standard_normal((n, 2))
    )
    return np.concatenate([scatter, dyes], axis=1)


def sample_of(
    signals: np.ndarray,
    seconds: np.ndarray | None,
    *,
    tick: float | None = TICK,
    keywords: dict[str, str] | None = None,
) -> Sample:
    """Return a sample whose clock ticks every `tick` s (None: the file does not say how long a tick is)."""
    known = dict(keywords or {})
    columns = [*signals.T]
    names: list[Channel | str] = list(CHANNELS[: signals.shape[1]])
    if seconds is not None:
        ticks = np.floor(seconds / TICK)
        columns.append(ticks if tick is None else ticks * tick)
        names.append("Time")
        if tick is not None:
            known["$TIMESTEP"] = str(tick)
    return Sample.from_arrays(columns, names, keywords=known, name="run")
