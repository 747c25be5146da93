"""The true product: what each microlitre of the undiluted bag holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nkflow.simulate.figures import COMPOSITION, DOUBLETS, PRODUCT
from nkflow.simulate.labels import KINDS, LEAVES, leaf_of

__all__ = ["TrueProduct", "draw_product"]


@dataclass(frozen=True)
class TrueProduct:
    """The truth of one product.

    Attributes
    ----------
    live_per_ul, dead_per_ul
        Cells of each kind per uL of undiluted product.
    leaking_share
        Share of all cells that live and yet took up some 7-AAD.
    early_dead_share
        Share of all cells that are dead and took up only some.
    debris_per_cell
        Debris events for each cell.
    doublet_share
        Share of the events with cells that hold two of them.
    """

    live_per_ul: Mapping[str, float]
    dead_per_ul: Mapping[str, float]
    leaking_share: float
    early_dead_share: float
    debris_per_cell: float
    doublet_share: float

    @property
    def cells_per_ul(self) -> float:
        """Live and dead CD45+ cells per uL."""
        return sum(self.live_per_ul.values()) + sum(self.dead_per_ul.values())

    @property
    def viability(self) -> float:
        """Share of the CD45+ cells that live, 0 to 1."""
        return sum(self.live_per_ul.values()) / self.cells_per_ul

    def per_ml(self) -> dict[str, float]:
        """Return the true cells per mL of undiluted product of every population, live unless named dead."""
        live = dict.fromkeys(LEAVES, 0.0)
        dead = dict.fromkeys(LEAVES, 0.0)
        for kind in KINDS:
            live[leaf_of(kind)] += 1000.0 * self.live_per_ul[kind]
            dead[leaf_of(kind)] += 1000.0 * self.dead_per_ul[kind]
        viable, gone = sum(live.values()), sum(dead.values())
        return {
            **live,
            **{f"dead {leaf}": value for leaf, value in dead.items()},
            "CD3+": live["T"] + live["NKT-like"],
            "CD45+": viable + gone,
            "CD56+": live["NK"] + live["NKT-like"],
            "dead": gone,
            "gamma-delta T": 1000.0 * self.live_per_ul["gamma-delta T"],
            "viable": viable,
        }


def draw_product(*, rng: np.random.Generator) -> TrueProduct:
    """Draw the composition, concentration and viability of one product."""
    share = {leaf: COMPOSITION[leaf].draw(rng) for leaf in LEAVES if leaf != "NK"}
    gamma_delta = share["T"] * COMPOSITION["gamma-delta share of T"].draw(rng)
    share |= {"NK": 1.0 - sum(share.values()), "gamma-delta T": gamma_delta}
    share["T"] -= gamma_delta
    live = PRODUCT["live per uL"].draw(rng)
    dead = live * (1.0 / COMPOSITION["viability"].draw(rng) - 1.0)
    dying = {kind: share[kind] * COMPOSITION["relative death"].draw(rng) for kind in KINDS}
    return TrueProduct(
        live_per_ul={kind: live * share[kind] for kind in KINDS},
        dead_per_ul={kind: dead * dying[kind] / sum(dying.values()) for kind in KINDS},
        leaking_share=COMPOSITION["leaking share of cells"].draw(rng),
        early_dead_share=COMPOSITION["early dead share of cells"].draw(rng),
        debris_per_cell=COMPOSITION["debris per cell"].draw(rng),
        doublet_share=DOUBLETS["share of cell events"].draw(rng),
    )
