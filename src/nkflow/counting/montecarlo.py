"""Propagation of distributions (JCGM 101) through the counting formula, as a check of the budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nkflow.counting.budget import Budget
from nkflow.counting.concentration import Concentration

if TYPE_CHECKING:
    from nkflow.counting.composition import Composition

__all__ = ["QUANTILES", "Simulated", "simulate_concentrations"]

QUANTILES: tuple[float, ...] = (0.025, 0.5, 0.95, 0.975)


@dataclass(frozen=True)
class Simulated:
    """Mean, relative standard deviation and quantiles (`QUANTILES`) of a simulated concentration, per µL."""

    population: str
    trials: int
    seed: int
    mean: float
    rel_sd: float
    quantiles: tuple[float, ...]
    u_rel: float | None

    def as_dict(self) -> dict[str, object]:
        """Return the figures as plain values, beside the law of propagation's."""
        return {
            "trials": self.trials,
            "seed": self.seed,
            "mean": self.mean,
            "rel_sd": self.rel_sd,
            "u_rel_of_budget": self.u_rel,
            "quantiles": {f"{100 * q:g} %": v for q, v in zip(QUANTILES, self.quantiles, strict=True)},
        }


def simulate_concentrations(
    composition: Composition, populations: Sequence[str], *, trials: int, seed: int
) -> dict[str, Simulated]:
    """Draw `trials` values of each population's concentration.

    Counts are Gamma(N + ½) scaled to variance φ (Jeffreys' posterior of a Poisson mean); every other source
    is normal around 1 and enters the formula itself: volumes that divide, divide, and a dilution step is
    (V1+V2)/V1 of two drawn volumes. All populations share the factors, as they share them in the tubes, but
    not the gates.

    Returns
    -------
    dict
        By population; those that were not counted are left out.
    """
    rng = np.random.default_rng(seed)
    factor = _factor(composition, rng, trials=trials)
    answer: dict[str, Simulated] = {}
    for population in populations:
        amount = composition.concentration(population)
        if not isinstance(amount, Concentration):
            continue
        shape = amount.events + 0.5
        values = rng.standard_gamma(shape / amount.phi, trials)
        values *= amount.phi
        if composition.scale.method == "dual_platform":
            rest = composition.scale.denominator - amount.events
            values *= composition.scale.denominator / (values + rng.standard_gamma(rest + 0.5, trials))
        values *= amount.per_event
        gates = sum(
            (term.u * rng.standard_normal(trials) for term in amount.budget.terms if term.kind == "gate"), 0.0
        )
        values *= factor if isinstance(gates, float) else factor * (1 + gates)
        mean = float(values.mean())
        spread = float(values.std(ddof=1)) / mean
        quantiles = tuple(float(value) for value in np.quantile(values, QUANTILES))
        answer[population] = Simulated(population, trials, seed, mean, spread, quantiles, amount.u_rel)
    return answer


def _factor(composition: Composition, rng: np.random.Generator, *, trials: int) -> np.ndarray:
    """Draw the product of everything but cells and gates, around 1."""
    counting, scale = composition.counting, composition.scale
    factor = np.ones(trials)
    for source, u in Budget(scale.terms).by_source().items():
        kind = next(term.kind for term in scale.terms if term.source == source)
        if kind == "dilution":
            continue
        if kind == "beads":
            factor *= scale.denominator / rng.standard_gamma(scale.denominator + 0.5, trials)
        elif u < 0:
            factor /= 1 - u * rng.standard_normal(trials)
        elif u > 0:
            factor *= 1 + u * rng.standard_normal(trials)
    for step in counting.dilutions if scale.method != "dual_platform" else ():
        sample = 1 + step.u_sample * rng.standard_normal(trials)
        diluent = 1 + step.u_diluent * rng.standard_normal(trials)
        whole = step.sample_ul + step.diluent_ul
        factor *= (step.sample_ul + step.diluent_ul * diluent / sample) / whole
    doublets = composition.doublets
    for term in getattr(doublets, "terms", ()):
        factor *= 1 + term.u * rng.standard_normal(trials)
    return factor
