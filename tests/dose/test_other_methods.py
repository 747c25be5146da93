"""Another lot than the worked example, by all four methods, against exact fractions and scipy.

NK are dosed, all CD3+ are residual T, declared over-dispersion is 2 and more, one pipette draws beads and sample,
there are three dilutions, uncertain gate boundaries, guarded limits, and a pump of 0.25 mL steps.
"""

from __future__ import annotations

import hashlib
import json
import math
from fractions import Fraction
from typing import Any

import pytest
from scipy.stats import chi2, norm

from nkflow import documents
from nkflow.dose.document import dose_of_counts
from nkflow.dose.lot import Lot
from nkflow.dose.protocol import Protocol
from worked.cases import changed, limit, plain

LEAVES = {
    "NK": (12011, 12290, 11745),
    "NKT-like": (2101, 2133, 2077),
    "T": (31, 27, 40),
    "B": (4, 2, 5),
    "monocytes": (102, 99, 110),
    "other": (961, 1004, 923),
}
TUBES = {
    "beads": (8123, 8011, 7950),
    "dead": (902, 877, 933),
    "viable": tuple(map(sum, zip(*LEAVES.values(), strict=True))),
    **LEAVES,
}
PARTS = {"CD56+": ("NK", "NKT-like"), "CD3+": ("T", "NKT-like"), "CD45+": ("viable", "dead")}
TUBES |= {
    name: tuple(map(sum, zip(*(TUBES[part] for part in parts), strict=True))) for name, parts in PARTS.items()
}
POOLED = {name: sum(counts) for name, counts in TUBES.items()}
PHI0 = {"viable": 2.0, "NK": 2.0, "NKT-like": 3.0, "CD56+": 2.0, "T": 2.0, "CD3+": 2.5, "B": 1.0}
PHI0["monocytes"] = 2.0
STEPS = ((50, 450, 0.008, 0.004), (100, 100, 0.006, 0.006), (250, 125, 0.005, 0.007))
DF = math.prod(Fraction(v1 + v2, v1) for v1, v2, _, _ in STEPS)
MOVED = {
    "CD3": (0.03, {"NK": 1500.0, "NKT-like": -1500.0, "T": -60.0, "other": 60.0}),
    "CD56": (0.02, {"NK": -3000.0, "other": 3000.0, "T": 200.0, "NKT-like": -200.0}),
}
MASS = Fraction("71.3")
Z, Z1 = float(norm.ppf(0.975)), float(norm.ppf(0.95))


def the_lot(method: str = "beads") -> dict[str, Any]:
    counted = ("beads", "dead", "viable", *LEAVES)
    tubes = [
        {
            "id": f"T{k}",
            "role": "sample",
            "counts": {name: TUBES[name][k] for name in counted},
            "acquired_volume_ul": 210.5 + k,
        }
        for k in range(3)
    ]
    amount = {"per_tube": 51000.0} if method == "bead_tube" else {"concentration_per_ul": 1043.0}
    counting = {
        "method": method,
        "beads": {"lot": "B9", "expires_on": "2027-01-01", "u_rel": 0.022, **amount},
        "bead_volume_ul": {"value": 50.0, "u_repeatability": 0.011, "u_calibration": 0.006, "pipette": "P50"},
        "sample_volume_ul": {
            "value": 100.0,
            "u_repeatability": 0.009,
            "u_calibration": 0.004,
            "pipette": "P50",
        },
        "tube_volume_ul": 600.0,
        "u_tube_volume": 0.004,
        "u_acquired_volume": 0.006,
        "dilutions": [
            {"sample_ul": v1, "diluent_ul": v2, "u_sample": u1, "u_diluent": u2} for v1, v2, u1, u2 in STEPS
        ],
        "analyser": {"wbc_per_ul": 31000.0, "u_rel": 0.025},
        "boundaries": [
            {"name": name, "u": u, "unit": "display", "events_per_unit": moved}
            for name, (u, moved) in MOVED.items()
        ],
    }
    changes = {
        "recipient.mass_kg": 71.3,
        "product.bag_volume_ml": 120.0,
        "tubes": tubes,
        "counting": counting,
    }
    return changed(plain("lot"), changes)


def the_protocol() -> dict[str, Any]:
    per_kg = {"quantity": "per_kg", "unit": "cells/kg", "rule": "guarded"}
    limits = [
        limit(**per_kg, name="T", population="T", op="<=", value=7000.0),
        limit(**per_kg, name="sum", population="residual T", scope="cumulative", value=1.5e6),
        limit(
            "frequency",
            name="purity",
            population="dosed",
            of="purity denominator",
            op=">=",
            value=75.0,
            decimals=1,
            unit="%",
            rule="guarded",
        ),
    ]
    changes = {
        "doses": [
            {"number": 1, "day": 0, "per_kg": 2e6},
            {"number": 2, "day": 7, "per_kg": 6e6},
            {"number": 3, "day": 14, "per_kg": 5e7},
        ],
        "definitions.dosed_population": "NK",
        "definitions.residual_t": "CD3+",
        "definitions.purity_denominator": "CD45+",
        "volume.step_ml": 0.25,
        "counting.methods": ["beads", "bead_tube", "volumetric", "dual_platform"],
        "counting.overdispersion.phi0": PHI0,
        "counting.overdispersion.test_level": 0.01,
        "counting.gating.purity_sd_points": 0.0,
        "counting.cross_platform_pct": 500.0,
        "limits": limits,
        "monte_carlo": {"trials": 10_000},
    }
    return changed(plain("protocol"), changes)


def judged(lot: dict[str, Any]) -> dict[str, Any]:
    protocol = documents.validate(the_protocol(), Protocol, name="protocol")
    return dose_of_counts(documents.validate(lot, Lot, name="lot"), protocol).as_dict()


def moved(name: str, population: str) -> float:
    changes = MOVED[name][1]
    return sum(changes.get(part, 0.0) for part in PARTS.get(population, (population,)))


def phi(population: str) -> float:
    x, n = TUBES[population], TUBES["CD45+" if population == "viable" else "viable"]
    p = Fraction(sum(x), sum(n))
    x2 = float(sum((a - b * p) ** 2 / (b * p * (1 - p)) for a, b in zip(x, n, strict=True)))
    declared = PHI0[population]
    return max(declared, x2 / 2) if chi2.sf(x2 / declared, 2) < 0.01 else declared


def expected(method: str, population: str) -> tuple[Fraction, float]:
    """Cells per uL and their relative standard uncertainty, from the formulas alone."""
    n, share, u2 = POOLED[population], 0.0, 0.0
    dilution = sum((v2 / (v1 + v2)) ** 2 * (u1**2 + u2_**2) for v1, v2, u1, u2_ in STEPS)
    match method:
        case "beads":
            per_ul = Fraction(n, POOLED["beads"]) * 1043 * 50 / 100 * DF
            # one pipette: 0.6 % of the beads and 0.4 % of the sample are one error
            u2 = 1 / POOLED["beads"] + (0.011**2 + 0.009**2) / 3 + (0.006 - 0.004) ** 2 + 0.022**2 + dilution
        case "bead_tube":
            per_ul = Fraction(n, POOLED["beads"]) * 51000 / 100 * DF
            u2 = 1 / POOLED["beads"] + 0.009**2 / 3 + 0.004**2 + 0.022**2 + dilution
        case "volumetric":
            per_ul = Fraction(n) / (3 * Fraction("211.5")) * 600 / 100 * DF
            u2 = 0.009**2 / 3 + 0.004**2 + 0.006**2 + 0.004**2 + dilution
        case _:
            per_ul = 31000 * Fraction(n, POOLED["CD45+"])
            u2, share = 0.025**2, n / POOLED["CD45+"]
    u2 += phi(population) * (1 - share) / n
    return per_ul, math.sqrt(
        u2 + sum((u * moved(name, population) / n) ** 2 for name, (u, _) in MOVED.items())
    )


@pytest.mark.parametrize("method", ["beads", "bead_tube", "volumetric", "dual_platform"])
def test_every_method__value_uncertainty_plan_and_verdicts(method: str) -> None:
    found = judged(the_lot(method))
    for population in PHI0:
        per_ul, u = expected(method, population)
        ours = found["composition"]["concentrations"][population]
        assert ours["per_ul"] == pytest.approx(float(per_ul), rel=1e-12)
        assert ours["u_rel"] == pytest.approx(u, rel=1e-9)
    nk, u_nk = expected(method, "NK")
    volume = 2_000_000 * MASS / (1000 * nk)
    rounded = Fraction(math.floor(4 * volume + Fraction(1, 2)), 4)
    level = found["levels"][0]
    assert level["volume_ml"]["nominal"] == pytest.approx(float(volume), rel=1e-12)
    assert level["volume_ml"]["rounded"] == float(rounded)
    delivered = float(1000 * nk * rounded / MASS)
    assert level["delivered_interval"]["low"] == pytest.approx(delivered * math.exp(-Z * u_nk), rel=1e-9)
    t_cells, u_t = expected(method, "T")
    t_per_kg = float(1000 * t_cells * rounded / MASS)
    ours = found["limits"]["T"]
    p = float(norm.cdf(math.log(7000 / t_per_kg) / u_t))
    assert ours["p_conform"] == pytest.approx(p, abs=1e-9)
    assert ours["bound"] == pytest.approx(t_per_kg * math.exp(Z1 * u_t), rel=1e-9)
    assert ours["simple"] == ("PASS" if round(t_per_kg) <= 7000 else "FAIL")
    assert ours["guarded"] == ("PASS" if p >= 0.95 else "FAIL" if p <= 0.05 else "INCONCLUSIVE")
    assert level["deliverable"]
    most = float(1000 * nk * (Fraction("120") - Fraction("1.2") - Fraction("0.8")) / MASS)
    assert found["bag"]["max_dose_per_kg"] == pytest.approx(most, rel=1e-12)
    assert found["levels"][2]["deliverable"] == (most >= 5e7)


def test_purity__has_the_boundaries_that_cross_it() -> None:
    p, n = POOLED["NK"] / POOLED["CD45+"], POOLED["CD45+"]
    x2 = sum((x - m * p) ** 2 / (m * p * (1 - p)) for x, m in zip(TUBES["NK"], TUBES["CD45+"], strict=True))
    used = max(2.0, x2 / 2) if chi2.sf(x2 / 2.0, 2) < 0.01 else 2.0
    counting = 100 * math.sqrt(used * p * (1 - p) / n)
    gates = 100 * math.hypot(*(u * moved(name, "NK") / n for name, (u, _) in MOVED.items()))
    ours = judged(the_lot())["limits"]["purity"]
    assert ours["value"] == pytest.approx(100 * p, rel=1e-12)
    assert ours["u"] == pytest.approx(math.hypot(counting, gates), rel=1e-9)
    assert ours["p_conform"] == pytest.approx(
        float(norm.cdf((100 * p - 75) / math.hypot(counting, gates))), abs=1e-9
    )


def test_second_dose_of_another_product__shares_beads_pipette_dilutions_and_gates() -> None:
    """u(sum)² = own parts in quadrature + shared parts linearly, gates with their signs in each product."""
    first = judged(the_lot())
    content = json.dumps(first, sort_keys=True)
    digest = hashlib.sha256(content.encode()).hexdigest()
    tree = the_lot()
    for tube in tree["tubes"]:  # half as many NKT-like cells
        tube["counts"]["NKT-like"] //= 2
        tube["counts"]["viable"] = sum(tube["counts"][leaf] for leaf in LEAVES)
    earlier = {
        "number": 1,
        "record": "record.json",
        "record_sha256": digest,
        "volume_infused_ml": 5.8,
        "infused_at": "2026-03-10T12:00:00Z",
    }
    tree = changed(tree, {"lot": "SECOND", "dose.number": 2, "dose.earlier": [earlier]})
    lot = documents.validate(tree, Lot, name="lot").with_records({digest: json.loads(content)})
    protocol = documents.validate(the_protocol(), Protocol, name="protocol")
    found = dose_of_counts(lot, protocol).as_dict()
    ours = found["levels"][1]["cumulative"]["rounded"]
    then_events = POOLED["CD3+"]
    now_events = sum(tube["counts"]["NKT-like"] + tube["counts"]["T"] for tube in tree["tubes"])
    then = float(expected("beads", "CD3+")[0] * Fraction("5.8") * 1000 / MASS)
    now = found["levels"][1]["rounded"]["per_kg"]["CD3+"]["value"]
    dilution = sum((v2 / (v1 + v2)) ** 2 * (a**2 + b**2) for v1, v2, a, b in STEPS)
    shared = ((then + now) ** 2) * (0.022**2 + 0.002**2 + dilution)
    shared += sum(
        (u * moved(name, "CD3+") * (then / then_events + now / now_events)) ** 2
        for name, (u, _) in MOVED.items()
    )
    phi_now = found["composition"]["concentrations"]["CD3+"]["phi"]
    own = 1 / POOLED["beads"] + (0.011**2 + 0.009**2) / 3
    alone = then**2 * (phi("CD3+") / then_events + own) + now**2 * (phi_now / now_events + own)
    assert ours["per_kg"]["CD3+"]["value"] == pytest.approx(then + now, rel=1e-12)
    u = math.sqrt(shared + alone) / (then + now)
    assert ours["per_kg"]["CD3+"]["u_rel"] == pytest.approx(u, rel=1e-9)
    p = float(norm.cdf(math.log(1.5e6 / (then + now)) / u))
    assert ours["limits"]["sum"]["p_conform"] == pytest.approx(p, abs=1e-9)
