"""How much the populations of simulated tubes overlap, measured from their labels alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from nkflow.simulate import SimulatedLot, SimulatedTube

# marker, labels that lie below the cut, labels that lie above it
BOUNDARIES = (
    ("CD45", ("debris",), ("NK", "NKT-like", "T", "B", "monocytes", "other", "dead")),
    ("7-AAD", ("viable",), ("dead",)),
    ("CD14", ("NK", "NKT-like", "T", "B", "other"), ("monocytes",)),
    ("CD19", ("NK", "NKT-like", "T", "other"), ("B",)),
    ("CD3", ("NK", "other"), ("NKT-like", "T", "gamma-delta T")),
    ("CD56", ("T", "other"), ("NK", "NKT-like")),
)


def compensated(tube: SimulatedTube, marker: str) -> np.ndarray:
    """Return one marker's column after compensation with the tube's own matrix."""
    sample = tube.sample
    assert sample.spillover is not None
    names = sample.spillover.names
    of = next(channel.name for channel in sample.channels if channel.marker == marker)
    return sample.values(list(names)) @ np.linalg.inv(sample.spillover.matrix)[:, names.index(of)]


@dataclass(frozen=True)
class Overlap:
    """The best cut at one boundary, and the share of each label on its wrong side.

    `gap` is the 0.1 % point of the closest label above over the 99.9 % point of the closest label below.
    """

    cut: float
    wrong: dict[str, float]
    gap: float

    @property
    def worst(self) -> float:
        return max(self.wrong.values())


def overlap(lots: Sequence[SimulatedLot], marker: str, below: Iterable[str], above: Iterable[str]) -> Overlap:
    """Find the cut whose largest share on the wrong side, over all labels, is smallest."""
    tubes = [tube for lot in lots for tube in lot.tubes]
    columns = [compensated(tube, marker) for tube in tubes]

    def values(label: str) -> np.ndarray:
        return np.sort(np.concatenate([c[t.truth_mask(label)] for c, t in zip(columns, tubes, strict=True)]))

    low, high = {name: values(name) for name in below}, {name: values(name) for name in above}
    start = max(np.median(v) for v in low.values())
    stop = min(np.median(v) for v in high.values())
    cuts = np.linspace(start, stop, 4001)
    wrong = {name: 1.0 - np.searchsorted(v, cuts) / len(v) for name, v in low.items()}
    wrong |= {name: np.searchsorted(v, cuts) / len(v) for name, v in high.items()}
    best = int(np.argmin(np.max(list(wrong.values()), axis=0)))
    gap = min(np.quantile(v, 0.001) for v in high.values()) / max(np.quantile(v, 0.999) for v in low.values())
    return Overlap(float(cuts[best]), {name: float(w[best]) for name, w in wrong.items()}, float(gap))
