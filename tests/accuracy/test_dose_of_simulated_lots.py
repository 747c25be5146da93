"""From simulated files to a dose: the stated intervals hold the lot's truth, which shares none of the formulas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from nkflow.counting.quantify import quantify
from nkflow.dose.assess import assess_dose
from nkflow.dose.protocol import load_protocol
from nkflow.gating import gate, load_template
from nkflow.simulate import simulate_lot


@dataclass(frozen=True)
class Row:
    """One population of one lot: error relative to the truth, and whether the 95 % interval holds it."""

    error: float
    covered: bool


@pytest.fixture(scope="module")
def doses() -> dict[str, list[Row]]:
    protocol, template = load_protocol("cd56_nk_aml_phase1"), load_template("nk_release_7aad")
    rows: dict[str, list[Row]] = {"CD56+": [], "T": [], "NKT-like": []}
    for seed in range(200, 230):
        lot = simulate_lot(seed, events=10_000)
        gatings = [gate(tube.sample, template) for tube in lot.tubes]
        composition = quantify(gatings, counting=lot.counting, rules=protocol.counting)
        dose = assess_dose(composition, product=lot.lot, protocol=protocol)
        table = dose.table().set_index("population")
        for population, found in rows.items():
            volume_ml, mass_kg = dose.volume_ml, lot.lot.recipient.mass_kg
            true = lot.true_per_ml[population] * volume_ml / mass_kg
            row = table.loc[population]
            found.append(Row(row["per_kg"] / true - 1, bool(row["low"] <= true <= row["high"])))
    return rows


@pytest.mark.parametrize("population", ["CD56+", "T", "NKT-like"])
def test_interval__holds_the_truth_in_nine_lots_of_ten(doses: dict[str, list[Row]], population: str) -> None:
    share = np.mean([row.covered for row in doses[population]])
    errors = np.array([row.error for row in doses[population]])
    print(f"{population}: covered {share:.2f}, error {errors.mean():+.3f}, SD {errors.std():.3f}")
    assert share >= 0.9


def test_dose__has_no_bias_beyond_its_scatter(doses: dict[str, list[Row]]) -> None:
    errors = np.array([row.error for row in doses["CD56+"]])
    assert abs(errors.mean()) < 3 * errors.std() / np.sqrt(len(errors))
