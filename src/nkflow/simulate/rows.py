"""The kinds of row that the table of figures has; each carries where its figure comes from."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

__all__ = ["Between", "Brightness", "Detector", "Scatter", "Value"]


@dataclass(frozen=True)
class Value:
    """One number that holds for every lot."""

    value: float
    source: str


@dataclass(frozen=True)
class Between:
    """A number drawn once for each lot, uniformly from `low` to `high` (in its logarithm where `log`)."""

    low: float
    high: float
    source: str
    log: bool = False

    def draw(self, rng: np.random.Generator) -> float:
        """Return one number for one lot."""
        if self.log:
            return math.exp(rng.uniform(math.log(self.low), math.log(self.high)))
        return float(rng.uniform(self.low, self.high))


@dataclass(frozen=True)
class Brightness:
    """How much dye the cells of a kind carry: log-normal, and only a `share` of them carries it.

    Attributes
    ----------
    median
        In data units of the dye's own detector.
    spread
        Robust SD of the natural logarithm.
    share
        Share of the cells that are stained; the others carry what an unstained cell of the kind carries.
    """

    median: float
    spread: float
    source: str
    share: float = 1.0


@dataclass(frozen=True)
class Scatter:
    """Pulse areas of a kind of particle: log-normal, medians in data units."""

    forward: float
    forward_spread: float
    side: float
    side_spread: float
    source: str


@dataclass(frozen=True)
class Detector:
    """One fluorescence detector of the simulated cytometer.

    Attributes
    ----------
    name
        `$PnN`.
    marker
        `$PnS`: what the dye of this detector shows.
    voltage
        `$PnV`.
    per_photoelectron
        Data units that one photoelectron makes: the photon noise of a signal s has variance s times this.
    electronic
        SD of the electronic noise, data units.
    autofluorescence
        Median of an unstained lymphocyte, data units.
    bead
        Median of a counting bead, data units.
    """

    name: str
    marker: str
    voltage: int
    per_photoelectron: float
    electronic: float
    autofluorescence: float
    bead: float
    source: str
