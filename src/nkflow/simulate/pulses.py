"""From particles to pulses: which cells pass the laser together, and what area, height and width become.

A pulse is a Gaussian in time. Two cells of one event make two pulses whose centres lie a gap apart: areas
add, the height is that of the higher peak of the sum, the width the SD of the sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nkflow.simulate.figures import DOUBLETS, PAIRS, PULSE
from nkflow.simulate.labels import DOUBLET, code
from nkflow.simulate.particles import Particles

__all__ = ["Pulses", "join", "meet", "paired", "single"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Pulses:
    """What the detectors meet, one row an event.

    Attributes
    ----------
    dyes, own
        As in `Particles`, summed over the cells of an event, (n_events, 8).
    scatter
        FSC-A, FSC-H, FSC-W, SSC-A, SSC-H, (n_events, 5), data units, measurement noise included.
    codes
        (n_events,) uint8, see `labels`.
    """

    dyes: Array
    own: Array
    scatter: Array
    codes: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, index: Index) -> Pulses:
        """Return the events at `index`."""
        return Pulses(self.dyes[index], self.own[index], self.scatter[index], self.codes[index])


def meet(codes: npt.NDArray[np.uint8], share: float, *, rng: np.random.Generator) -> tuple[Index, Index]:
    """Return singles, (n,), and pairs, (m, 2), of cells with these `codes`.

    Most pairs are random; besides, live T cells bind live NK cells. Together they make `share` of the events.
    """
    wanted = round(len(codes) * share / (1.0 + share))
    order = rng.permutation(len(codes))
    of = codes[order]
    t_cells = order[np.isin(of, (code("T", alive=True), code("gamma-delta T", alive=True)))]
    bound = min(round(PAIRS["T bound to an NK"].value * len(t_cells)), wanted)
    partners = order[of == code("NK", alive=True)][:bound]
    bound = len(partners)
    conjugates = np.stack([t_cells[:bound], partners], axis=1)
    free = order[~np.isin(order, conjugates)]
    random = free[: 2 * (wanted - bound)].reshape(-1, 2)
    return np.sort(free[random.size :]), np.concatenate([conjugates, random])


def single(particles: Particles, codes: npt.NDArray[np.uint8], *, rng: np.random.Generator) -> Pulses:
    """Let particles pass the laser one by one."""
    fsc = np.stack([particles.forward, particles.forward / particles.width, particles.width])
    ssc = np.stack([particles.side, particles.side / particles.width])
    return Pulses(particles.dyes, particles.own, _measured(fsc, ssc, rng=rng), codes)


def paired(first: Particles, second: Particles, *, rng: np.random.Generator) -> Pulses:
    """Let pairs of cells pass the laser."""
    gap = _gaps(len(first), rng) * 0.5 * (first.width + second.width)
    fsc = _sum_of_pulses((first.forward, second.forward), (first.width, second.width), gap)
    ssc = _sum_of_pulses((first.side, second.side), (first.width, second.width), gap)
    return Pulses(
        dyes=first.dyes + second.dyes,
        own=first.own + second.own,
        scatter=_measured(fsc, ssc[:2], rng=rng),
        codes=np.full(len(first), DOUBLET, dtype=np.uint8),
    )


def join(parts: Sequence[Pulses]) -> Pulses:
    """Return all events of `parts`, one after the other."""
    return Pulses(
        np.concatenate([part.dyes for part in parts]),
        np.concatenate([part.own for part in parts]),
        np.concatenate([part.scatter for part in parts]),
        np.concatenate([part.codes for part in parts]),
    )


def _gaps(count: int, rng: np.random.Generator) -> Array:
    """Return the gap of `count` pairs in pulse SDs: most stick to each other, some pass by chance."""
    mean, sd = PAIRS["gap of sticking cells"].value, PAIRS["gap of sticking cells, SD"].value
    sticking = np.abs(mean + sd * rng.standard_normal(count))
    passing = DOUBLETS["gap of passing cells"]
    by_chance = rng.uniform(passing.low, passing.high, count)
    return np.where(rng.random(count) < PAIRS["sticking"].value, sticking, by_chance)


def _sum_of_pulses(areas: tuple[Array, Array], widths: tuple[Array, Array], gap: Array) -> Array:
    """Return area, height and width, (3, n), of two Gaussian pulses whose centres lie `gap` apart.

    Heights are those of singlets where one pulse is (area over relative width). The peak of the sum is looked
    for at both centres and seven points between; its SD is that of the mixture of both pulses.
    """
    (a, b), (u, v) = areas, widths
    height = np.zeros_like(a)
    for part in np.linspace(0.0, 1.0, 9):
        first = a / u * np.exp(-0.5 * (part * gap / u) ** 2)
        second = b / v * np.exp(-0.5 * ((1.0 - part) * gap / v) ** 2)
        np.maximum(height, first + second, out=height)
    total = a + b
    variance = (a * u**2 + b * v**2) / total + a * b * (gap / total) ** 2
    return np.stack([total, height, np.sqrt(variance)])


def _measured(fsc: Array, ssc: Array, *, rng: np.random.Generator) -> Array:
    """Return FSC-A, FSC-H, FSC-W, SSC-A, SSC-H, (n_events, 5), with the noise of heights and width."""
    n = fsc.shape[1]
    height = PULSE["height noise"].value
    noise = 1.0 + np.array([[0.0, height, PULSE["width noise"].value, 0.0, height]]) * rng.standard_normal(
        (n, 5)
    )
    pulses = np.stack([fsc[0], fsc[1], PULSE["width"].value * fsc[2], ssc[0], ssc[1]], axis=1)
    return np.asarray(pulses * noise)
