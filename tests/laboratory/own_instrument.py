"""Tubes of a laboratory that is not the simulator's: other gains, ranges, names, file names; optional single stains."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from nkflow.fcs.sample import Sample
from nkflow.fcs.write import write_fcs
from nkflow.simulate.lot import simulate_lot

GAIN = 8.0  # of all fluorescence
CYTOMETER = "Own Cytometer X"


def own_sample(sample: Sample, *, cytometer: str = CYTOMETER) -> tuple[np.ndarray, list, dict[str, str]]:
    """Return events, channels and keywords of a simulated tube as another instrument would have recorded it."""
    values = sample.values().copy()
    channels = []
    for k, channel in enumerate(sample.channels):
        bright = channel.kind == "fluorescence"
        if bright:
            values[:, k] *= GAIN
        marker = (
            f"{channel.marker} tandem"
            if channel.marker and channel.marker.startswith("CD")
            else channel.marker
        )
        top = (channel.range or 262144.0) * (GAIN if bright else 1.0)
        channels.append(replace(channel, marker=marker, range=top))
    kept = {
        key: sample.keywords[key] for key in sample.keywords if key.endswith("V") and key.startswith("$P")
    }
    kept |= {"$CYT": cytometer, "$CYTSN": "X-17", "$TIMESTEP": sample.keywords.get("$TIMESTEP", "0.01")}
    return values, channels, kept


def write_own(path: Path, sample: Sample, **changes: str) -> Path:
    values, channels, keywords = own_sample(sample, cytometer=changes.pop("cytometer", CYTOMETER))
    path.parent.mkdir(parents=True, exist_ok=True)
    matrix = sample.spillover
    return write_fcs(path, values, channels=channels, keywords=keywords | changes, spillover=matrix)


def own_folder(folder: Path, seeds: range, *, events: int = 25_000) -> Path:
    """Write one sample tube a seed, and the FMOs and the unstained tube of the first."""
    for seed in seeds:
        lot = simulate_lot(seed, events=events)
        write_own(folder / f"donor_{seed}.fcs", lot.tubes[0].sample)
        if seed == seeds[0]:
            for tube in lot.controls:
                write_own(folder / f"{tube.id.replace('-', '_')}.fcs", tube.sample)
    return folder


def write_single_stains(folder: Path, like: Sample, *, seed: int = 1) -> dict[str, np.ndarray]:
    """Write a single stain for each detector and an unstained tube; return detector -> its true row."""
    matrix = like.spillover
    assert matrix is not None
    rng = np.random.default_rng(seed)
    n, names = 6000, list(matrix.detectors)
    keywords = own_sample(like)[2]
    _, channels, _ = own_sample(like)
    index = {channel.name: k for k, channel in enumerate(channels)}

    def tube(bright: np.ndarray) -> np.ndarray:
        values = np.empty((n, len(channels)))
        for name, k in index.items():
            if name.startswith(("FSC", "SSC")):
                values[:, k] = (90_000 if name.startswith("FSC") else 40_000) * np.exp(
                    0.08 * rng.standard_normal(n)
                )
            else:
                values[:, k] = np.arange(n)
        light = bright @ matrix.matrix + GAIN * rng.normal(60, 40, size=(n, len(names)))
        for j, name in enumerate(names):
            values[:, index[name]] = light[:, j]
        return values

    rows = {}
    for i, name in enumerate(names):
        bright = np.zeros((n, len(names)))
        bright[: n // 2, i] = GAIN * 20_000 * np.exp(0.25 * rng.standard_normal(n // 2))
        own = [replace(c, marker=c.marker if c.name in (name,) else "") for c in channels]
        write_fcs(folder / f"single_{name}.fcs", tube(bright), channels=own, keywords=keywords)
        rows[name] = matrix.matrix[i]
    dark = [replace(c, marker="") for c in channels]
    write_fcs(folder / "unstained.fcs", tube(np.zeros((n, len(names)))), channels=dark, keywords=keywords)
    return rows
