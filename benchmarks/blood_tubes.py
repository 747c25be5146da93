"""Simulated clinical tubes: lysed blood with CD3, CD16+56, CD45, CD4, CD8, CD19, on cytometers of several kinds.

Positions are those of textbook plots, in parts of the cytometer's full scale; nothing is fitted to a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nkflow.compensation import Spillover
from nkflow.fcs.channels import Channel, feature_of, kind_of
from nkflow.fcs.sample import Sample

__all__ = ["CYTOMETERS", "MARKERS", "BloodTube", "Cytometer", "blood_tube"]

MARKERS = ("CD3", "CD16+56", "CD45", "CD4", "CD19", "CD8")
Spelling = Literal["plain", "dyes", "pairs", "names"]
_SPELLED: Mapping[str, tuple[str, ...]] = {
    "plain": MARKERS,
    "dyes": ("CD3 FITC", "CD16+CD56 PE", "CD45 PerCP-Cy5.5", "CD4 PE-Cy7", "CD19 APC", "CD8 APC-Cy7"),
    "pairs": ("CD3-FITC", "CD16/56-PE", "CD45-PerCP", "CD4-PC7", "CD19-APC", "CD8-APC-H7"),
    "names": ("CD3 FITC-A", "CD16CD56 PE-A", "CD45 PerCP-A", "CD4 PE-Cy7-A", "CD19 APC-A", "CD8 APC-Cy7-A"),
}
_DETECTORS = ("FITC-A", "PE-A", "PerCP-Cy5-5-A", "PE-Cy7-A", "APC-A", "APC-Cy7-A")

# Median brightness in parts of full scale, by kind of cell; absent: background. Spread is the SD of ln.
_BRIGHT: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "CD4 T": {"CD3": (0.030, 0.25), "CD45": (0.10, 0.20), "CD4": (0.040, 0.25)},
    "CD8 T": {"CD3": (0.027, 0.25), "CD45": (0.11, 0.20), "CD8": (0.080, 0.30)},
    "DP T": {"CD3": (0.028, 0.25), "CD45": (0.10, 0.20), "CD4": (0.035, 0.30), "CD8": (0.030, 0.50)},
    "DN T": {"CD3": (0.035, 0.30), "CD45": (0.11, 0.20)},
    "NKT-like": {"CD3": (0.025, 0.30), "CD45": (0.11, 0.20), "CD8": (0.06, 0.4), "CD16+56": (0.012, 0.45)},
    "NK": {"CD45": (0.10, 0.20), "CD16+56": (0.030, 0.60), "CD8": (0.004, 1.0)},
    "B": {"CD45": (0.08, 0.22), "CD19": (0.025, 0.30)},
    "monocytes": {"CD45": (0.06, 0.20), "CD4": (0.006, 0.35), "CD16+56": (0.002, 0.9)},
    "granulocytes": {"CD45": (0.022, 0.25), "CD16+56": (0.030, 0.6)},
    "debris": {"CD45": (0.0006, 0.9)},
}
_SCATTER = {
    "monocytes": (0.40, 0.30, 0.16, 0.18),
    "granulocytes": (0.38, 0.48, 0.14, 0.20),
    "debris": (0.06, 0.03, 0.45, 0.5),
}
_SPILLS = ((0, 1, 0.15), (1, 0, 0.01), (1, 2, 0.2), (2, 3, 0.15), (3, 2, 0.03), (4, 5, 0.1), (5, 3, 0.06))
_LYMPHOCYTE = (0.25, 0.085, 0.10, 0.17)  # forward, side, and the SDs of their ln
KINDS = tuple(_BRIGHT)
SUBSETS: Mapping[str, tuple[str, ...]] = {
    "lymphocytes": KINDS[:7], "CD3+": KINDS[:5], "NKT-like": ("NKT-like",), "NK": ("NK",), "B": ("B",),
    "CD4 T": ("CD4 T",), "CD8 T": ("CD8 T", "NKT-like"),
}  # fmt: skip


@dataclass(frozen=True)
class Cytometer:
    """How a cytometer writes its files.

    `top` is its full scale in data units, `log` the decades of integer channels (0: linear), `noise` the SD of its
    zero in parts of full scale; hardware compensation leaves no matrix.
    """

    name: str
    top: float
    noise: float
    log: int = 0
    bits: int = 0
    spelling: Spelling = "dyes"
    height: bool = True
    matrix: bool = True
    gain: float = 1.0


CYTOMETERS = (
    Cytometer("digital, 18 bits", 262144.0, 2.5e-4),
    Cytometer("digital, areas only", 262144.0, 2.0e-4, spelling="names", height=False),
    Cytometer(
        "logarithmic, 10 bits", 1e4, 4e-5, log=4, bits=10, spelling="pairs", height=False, matrix=False
    ),
    Cytometer("24 bits", 16777216.0, 3e-5, spelling="plain"),
    Cytometer("20 bits, high gain", 1048576.0, 6e-4, spelling="pairs", height=False, matrix=False, gain=2.5),
)


@dataclass(frozen=True, eq=False)
class BloodTube:
    """A sample and what each event is: the position of its kind in `KINDS`, or -1 for two cells in one event."""

    sample: Sample
    kind: np.ndarray
    cytometer: Cytometer

    def mask(self, population: str) -> np.ndarray:
        """Return the events of a population of the template ``tbnk``."""
        return np.isin(self.kind, [KINDS.index(kind) for kind in SUBSETS[population]])


def composition(rng: np.random.Generator) -> dict[str, float]:
    """Return shares of events: leukocytes of blood, lymphocytes as in health and beyond."""
    lymphocytes = rng.uniform(0.12, 0.55)
    t = rng.uniform(0.5, 0.85)
    nk = rng.uniform(0.25, 0.75) * (1 - t)
    cd4, double, none = rng.uniform(0.3, 0.75), rng.uniform(0.003, 0.03), rng.uniform(0.01, 0.08)
    nkt = rng.uniform(0.01, 0.12)
    cd8 = 1 - cd4 - double - none - nkt
    parts = {
        "CD4 T": t * cd4,
        "CD8 T": t * max(cd8, 0.05),
        "DP T": t * double,
        "DN T": t * none,
        "NKT-like": t * nkt,
    }
    parts |= {"NK": nk, "B": 1 - t - nk}
    monocytes = rng.uniform(0.04, 0.10)
    rest = {
        "monocytes": monocytes,
        "granulocytes": 1 - lymphocytes - monocytes,
        "debris": rng.uniform(0.02, 0.4),
    }
    return {kind: lymphocytes * share for kind, share in parts.items()} | rest


def blood_tube(
    seed: int, cytometer: Cytometer, *, events: int = 20_000, shares: Mapping[str, float] | None = None
) -> BloodTube:
    """Return one simulated clinical tube."""
    rng = np.random.default_rng([seed, 0x7B])
    shares = shares or composition(rng)
    p = np.array([shares.get(kind, 0.0) for kind in KINDS])
    kind = rng.choice(len(KINDS), size=events, p=p / p.sum())
    factors = np.exp(rng.normal(0, 0.15, len(MARKERS))) * cytometer.gain
    dyes = np.exp(np.log(3e-4) + 0.5 * rng.standard_normal((events, len(MARKERS))))
    for code, name in enumerate(KINDS):
        own = kind == code
        for marker, (median, spread) in _BRIGHT[name].items():
            dyes[own, MARKERS.index(marker)] += median * np.exp(spread * rng.standard_normal(int(own.sum())))
    forward, side = _scatter(kind, rng)
    pairs = np.flatnonzero(rng.random(events) < 0.02)
    other = rng.integers(0, events, len(pairs))
    dyes[pairs] += dyes[other]
    height = forward * np.exp(0.03 * rng.standard_normal(events))
    height[pairs] *= 1.05
    forward[pairs] += forward[other]
    side[pairs] += side[other]
    kind[pairs] = -1
    light = dyes * factors
    matrix = _matrix(rng)
    seen = light @ matrix if cytometer.matrix else light
    seen = (
        seen
        + np.sqrt(2e-5 * np.abs(seen)) * rng.standard_normal(seen.shape)
        + cytometer.noise * rng.standard_normal(seen.shape)
    )
    scatter = [np.clip(values, 0, 0.9999) for values in (forward, height, side)]
    return BloodTube(_sample(cytometer, scatter, seen, matrix), kind, cytometer)


def _scatter(kind: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    rows = np.array([_SCATTER.get(name, _LYMPHOCYTE) for name in KINDS])[kind]
    noise = rng.standard_normal((2, len(kind)))
    return rows[:, 0] * np.exp(rows[:, 2] * noise[0]), rows[:, 1] * np.exp(rows[:, 3] * noise[1])


def _matrix(rng: np.random.Generator) -> np.ndarray:
    usual = np.eye(6)
    for row, column, value in (
        (0, 1, 0.15),
        (1, 0, 0.01),
        (1, 2, 0.2),
        (2, 3, 0.15),
        (3, 2, 0.03),
        (4, 5, 0.1),
        (5, 3, 0.06),
    ):
        usual[row, column] = value * np.exp(0.1 * rng.standard_normal())
    return usual


def _sample(cytometer: Cytometer, scatter: list[np.ndarray], seen: np.ndarray, matrix: np.ndarray) -> Sample:
    spelled = cytometer.spelling == "names"
    names = _SPELLED["names"] if spelled else _DETECTORS
    markers = ("",) * 6 if spelled else _SPELLED[cytometer.spelling]
    forward, height, side = scatter
    pulses = {"FSC-A": forward, "FSC-H": height, "SSC-A": side}
    if not cytometer.height:
        del pulses["FSC-H"]
    top = 1024.0 if cytometer.log else cytometer.top
    values = [np.floor(column * top) for column in pulses.values()]
    values += [_written(column, cytometer) for column in seen.T]
    channels = [
        Channel(index, name, marker, range=top if index < len(pulses) else cytometer.top, kind=kind_of(name),
                feature=feature_of(name), original_name=name)
        for index, (name, marker) in enumerate(zip((*pulses, *names), (*("",) * len(pulses), *markers), strict=True))
    ]  # fmt: skip
    spill = Spillover(tuple(names), matrix, source="file") if cytometer.matrix else None
    columns = [column.astype(np.float32) for column in values]
    return Sample.from_arrays(columns, channels, spillover=spill, name=f"{cytometer.name}.fcs")


def _written(column: np.ndarray, cytometer: Cytometer) -> np.ndarray:
    """Return data units as they are read back: of a logarithmic amplifier 10^(decades channel / 1024)."""
    if not cytometer.log:
        return np.minimum(column, 0.9999) * cytometer.top
    clipped = np.clip(column * cytometer.top, 1, cytometer.top * 0.9999)
    channel = np.floor(1024 / cytometer.log * np.log10(clipped))
    return np.asarray(10 ** (cytometer.log * channel / 1024))
