"""What happens at the bench: the product is diluted, pipetted, stained and partly acquired; nobody is exact.

The *nominal* volumes and concentrations are what the lot document states; the *true* ones are drawn around
them with the relative standard uncertainties stated beside them, so that the interval of a dose can be held
to the truth from end to end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from nkflow.simulate.figures import BENCH
from nkflow.simulate.labels import KINDS
from nkflow.simulate.product import TrueProduct

__all__ = ["Bench", "Stained", "prepare"]


@dataclass(frozen=True)
class Stained:
    """The part of one stained tube that the cytometer draws.

    Attributes
    ----------
    live, dead
        Number of cells of each kind, in the order of `labels.KINDS`.
    beads, debris
        Number of particles.
    acquired_ul
        True volume drawn from the tube.
    """

    live: tuple[int, ...]
    dead: tuple[int, ...]
    beads: int
    debris: int
    acquired_ul: float


@dataclass(frozen=True)
class Bench:
    """The nominal steps of one lot, and how far its common errors went.

    Attributes
    ----------
    size
        All volumes of a stained tube are this multiple of their usual ones (for very long acquisitions).
    diluent_ul
        Nominal buffer added to ``BENCH["dilution sample"]`` of product.
    acquired_ul
        Volume drawn from a sample tube.
    dilution, beads_per_ul, bead_calibration, sample_calibration
        True dilution factor, true bead concentration, true over nominal of the two pipettes.
    """

    product: TrueProduct
    size: int
    diluent_ul: float
    acquired_ul: float
    dilution: float
    beads_per_ul: float
    bead_calibration: float
    sample_calibration: float

    def stain(self, *, beads: bool, share: float = 1.0, rng: np.random.Generator) -> Stained:
        """Pipette one tube and draw `share` of the planned volume; particles come in Poisson numbers."""
        acquired = self.acquired_ul * share
        sample_ul = BENCH["sample volume"].value * self.size * self.sample_calibration
        sample_ul *= _factor(rng, "sample volume u repeatability")
        bead_ul = BENCH["bead volume"].value * self.size * self.bead_calibration
        bead_ul *= _factor(rng, "bead volume u repeatability")
        drawn = acquired / (BENCH["tube volume"].value * self.size)
        cells = sample_ul / self.dilution * drawn
        live = rng.poisson([self.product.live_per_ul[kind] * cells for kind in KINDS])
        dead = rng.poisson([self.product.dead_per_ul[kind] * cells for kind in KINDS])
        debris = rng.poisson(self.product.cells_per_ul * self.product.debris_per_cell * cells)
        seen = rng.poisson(self.beads_per_ul * bead_ul * drawn)
        return Stained(
            live=tuple(map(int, live)),
            dead=tuple(map(int, dead)),
            beads=int(seen) if beads else 0,
            debris=int(debris),
            acquired_ul=acquired,
        )


def prepare(product: TrueProduct, *, events: int, rng: np.random.Generator) -> Bench:
    """Dilute the product and plan the acquisition so that a sample tube gives about `events` events."""
    sample = BENCH["dilution sample"].value
    diluent = sample * max(1.0, round(product.cells_per_ul / BENCH["cells per uL aimed at"].value - 1.0))
    diluted = product.cells_per_ul * sample / (sample + diluent)
    seen = 1.0 / (1.0 + product.doublet_share) + product.debris_per_cell
    cells = BENCH["sample volume"].value * diluted * seen
    beads = BENCH["bead volume"].value * BENCH["bead concentration per uL"].value
    share = events / (cells + beads)
    size = max(1, math.ceil(share / BENCH["cells of a tube acquired at most"].value))
    true_sample = sample * _factor(rng, "dilution sample u")
    true_diluent = diluent * _factor(rng, "dilution diluent u")
    return Bench(
        product=product,
        size=size,
        diluent_ul=diluent,
        acquired_ul=round(share * BENCH["tube volume"].value, 1),
        dilution=(true_sample + true_diluent) / true_sample,
        beads_per_ul=BENCH["bead concentration per uL"].value * _factor(rng, "bead lot u"),
        bead_calibration=_factor(rng, "bead volume u calibration"),
        sample_calibration=_factor(rng, "sample volume u calibration"),
    )


def _factor(rng: np.random.Generator, name: str) -> float:
    """Return true over nominal, log-normal with the relative standard uncertainty ``BENCH[name]``."""
    return math.exp(BENCH[name].value * rng.standard_normal())
