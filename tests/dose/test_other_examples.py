"""Any lot of the worked example's kind, not only the one: ours against `worked.reference`, an independent route."""

from __future__ import annotations

import json
import math
import random
from typing import Any

import pytest

from nkflow import documents
from nkflow.dose.document import dose_document
from nkflow.dose.lot import Lot
from nkflow.dose.protocol import Protocol
from worked.documents import EXAMPLE, lot, protocol
from worked.paths import WRONG, leaves, our_path, ours_at
from worked.reference import outputs


def compared(inputs: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """Return every output where ours differs from the reference."""
    expected = outputs(inputs)
    short = {"monte_carlo": {"trials": 10_000}}
    document = dose_document(
        documents.validate(lot(inputs), Lot, name="lot"),
        documents.validate(protocol(inputs) | short, Protocol, name="protocol"),
    )
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    wrong = []
    for theirs, wanted in leaves(expected):
        path = our_path(theirs, expected)
        assert path is not None, theirs
        found = ours_at(document, path)
        if theirs.endswith(".status"):
            same = (found == "FAIL") or wanted == "OK"
        elif isinstance(wanted, str):
            same = str(found).startswith(wanted)
        else:
            same = math.isclose(
                wanted, found, rel_tol=1e-9, abs_tol=1e-9 if is_probability(theirs) else 1e-15
            )
        if not same:
            wrong.append((theirs, wanted, found))
    return wrong


def is_probability(theirs: str) -> bool:
    return theirs.split(".")[-1].startswith(("p", "p_")) or "_p_" in theirs or theirs.endswith("_p")


def test_reference__is_the_worked_example() -> None:
    """The independent route has every output of the example itself, so that it can stand for others."""
    if not EXAMPLE.is_file():
        pytest.skip(f"the worked example is not at {EXAMPLE}")
    example = json.loads(EXAMPLE.read_text())
    mine = dict(leaves(outputs(example["inputs"])))
    for theirs, expected in leaves(example["outputs"]):
        if theirs == WRONG or theirs.startswith(("MC_", "chi2_purity", "chi2_T")):
            continue
        if isinstance(expected, str):
            assert mine[theirs] == expected
        else:
            tolerance = 1e-9 if is_probability(theirs) else 1e-15
            assert math.isclose(mine[theirs], expected, rel_tol=1e-9, abs_tol=tolerance), theirs


def other_lot(seed: int) -> dict[str, Any]:
    """Inputs of another lot: two to five tubes, no to three dilutions, few or many T cells, uneven tubes."""
    rng = random.Random(seed)
    k, scale = rng.randint(2, 5), rng.choice([0.02, 0.3, 1.0, 4.0])

    def counted(low: int, high: int) -> list[int]:
        return [rng.randint(round(low * scale), round(high * scale)) for _ in range(k)]

    def few() -> list[int]:
        most = rng.choice([0, 2, 20, 150])
        return [rng.randint(0, most) for _ in range(k)]

    def u() -> float:
        return rng.uniform(0.001, 0.05)

    leaf = {"NK": counted(3000, 6000), "NKT": counted(300, 1500), "other": counted(100, 900)}
    leaf |= {"T": few(), "B": few(), "mono": few()}
    steps = [(rng.randint(50, 500), rng.randint(0, 900)) for _ in range(rng.randint(0, 3))]
    return {
        "tubes": {
            "beads": [rng.randint(500, 30_000) for _ in range(k)],
            "cd45_live": [sum(column) for column in zip(*leaf.values(), strict=True)],
            "cd45_dead": counted(100, 3000),
            **leaf,
        },
        "bead_conc_per_uL": str(rng.randint(300, 1500)),
        "V_bead_uL": str(rng.choice([10, 25, 50])),
        "V_sample_uL": str(rng.choice([20, 50, 100])),
        "dilutions_uL": [[str(v1), str(v2)] for v1, v2 in steps],
        "V_tube_uL": "500",
        "V_acquired_uL": [f"{rng.randint(2000, 4500) / 10}" for _ in range(k)],
        "WBC_per_uL": str(rng.randint(1000, 20_000)),
        "weight_kg": f"{rng.randint(80, 1400) / 10}",
        "V_bag_mL": f"{rng.randint(200, 9000) / 10}",
        "V_qc_mL": "1.2",
        "V_dead_mL": "0.8",
        "volume_decimals": rng.choice([0, 1, 2]),
        "u_bead_conc": u(),
        "u_V_bead": u(),
        "u_V_sample": u(),
        "u_dilutions": [[u(), u()] for _ in steps],
        "u_gate_pp": rng.choice([0.3, 1.2, 3.0]),
        "doses_per_kg": ["1000000", "10000000", "3000000"],
        "T_limits_per_kg": [5000, 10000, 100000],
        "B_limits_per_kg": [10000, 300],
        "purity_specs_ge": [["NK", "70"], ["CD56", "88.5"], ["NKT", "10"]],
        "LoB_events": rng.choice([0, 3, 25]),
        "LLOQ_events": 50,
        "endotoxin_EU_per_mL": "0.25",
        "pre_freeze_viable_CD56": "231000000",
        "apheresis_T": "1860000000",
    }


@pytest.mark.parametrize("seed", range(24))
def test_other_lots__agree_in_every_output(seed: int) -> None:
    assert compared(other_lot(seed)) == []
