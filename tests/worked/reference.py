"""The worked example's outputs by another route: exact fractions, scipy's distributions, no line of nkflow.

`outputs(inputs)` has the layout of the example's own ``outputs``, so that `worked.paths` compares any lot, not
only the one example.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from scipy.stats import beta, binomtest, chi2, norm

Z, Z1 = 1.959963984540054, 1.6448536269514722
POPULATIONS = ("NK", "NKT", "CD56", "T", "CD3tot", "B", "mono")


def half_up(value: float | Fraction, decimals: int) -> Decimal:
    """Round the decimal number that 12 significant digits give."""
    return Decimal(f"{float(value):.12g}").quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def outputs(inputs: dict[str, Any]) -> dict[str, Any]:
    """Return every figure and word but Monte Carlo, which no exact route has."""
    tubes = dict(inputs["tubes"])
    tubes["CD56"] = [a + b for a, b in zip(tubes["NK"], tubes["NKT"], strict=True)]
    tubes["CD3tot"] = [a + b for a, b in zip(tubes["T"], tubes["NKT"], strict=True)]
    tubes["cd45"] = [a + b for a, b in zip(tubes["cd45_live"], tubes["cd45_dead"], strict=True)]
    pooled = {name: sum(counted) for name, counted in tubes.items()}
    k = len(tubes["beads"])
    df = math.prod((Fraction(v1) + Fraction(v2)) / Fraction(v1) for v1, v2 in inputs["dilutions_uL"])
    added = Fraction(inputs["bead_conc_per_uL"]) * Fraction(inputs["V_bead_uL"])
    per_ratio = added / Fraction(inputs["V_sample_uL"]) * Fraction(df)
    steps = [
        float(Fraction(v2) / (Fraction(v1) + Fraction(v2))) * math.hypot(u1, u2)
        for (v1, v2), (u1, u2) in zip(inputs["dilutions_uL"], inputs["u_dilutions"], strict=True)
    ]
    c = {name: per_ratio * pooled[name] / pooled["beads"] for name in (*POPULATIONS, "cd45_live")}
    shares = {"viability_cd45": share(tubes["cd45_live"], tubes["cd45"])}
    for name in POPULATIONS:
        shares[f"{name}_of_live45"] = share(tubes[name], tubes["cd45_live"])
    shares["NKT_of_CD56"] = share(tubes["NKT"], tubes["CD56"])
    phi = {name: shares[f"{name}_of_live45"]["homogeneity"]["phi"] for name in POPULATIONS}
    other = (
        1 / pooled["beads"]
        + (inputs["u_V_bead"] ** 2 + inputs["u_V_sample"] ** 2) / k
        + inputs["u_bead_conc"] ** 2
        + sum(step**2 for step in steps)
    )
    u = {name: math.sqrt(phi[name] / pooled[name] + other) for name in POPULATIONS if pooled[name]}
    by_tube = [per_ratio * x / b for x, b in zip(tubes["CD56"], tubes["beads"], strict=True)]
    mean = sum(by_tube) / k
    bag, lost = Fraction(inputs["V_bag_mL"]), Fraction(inputs["V_qc_mL"]) + Fraction(inputs["V_dead_mL"])
    weight = Fraction(inputs["weight_kg"])
    answer: dict[str, Any] = {
        "pooled": pooled,
        "dilution_factor": float(df),
        "beads_per_tube": float(added),
        "cells_per_uL_per_ratio": float(per_ratio),
        "C_CD56_per_mL": float(1000 * c["CD56"]),
        "mean_of_tubes": float(mean),
        "max_dev_from_mean_pct": float(max(abs(x - mean) for x in by_tube) / mean * 100),
        "chi2_ratio": ratio_test(tubes)[0],
        "chi2_ratio_p": ratio_test(tubes)[1],
        **shares,
        "ur_DF_steps": steps,
        "ur_DF": math.sqrt(sum(step**2 for step in steps)),
        "total_viable_CD56_bag": float(1000 * c["CD56"] * bag),
        "V_deliverable_mL": float(bag - lost),
        "total_viable_CD56_deliverable": float(1000 * c["CD56"] * (bag - lost)),
        "max_dose_per_kg": float(1000 * c["CD56"] * (bag - lost) / weight),
        "ladder": {name: rung(pooled[name], inputs) for name in ("T", "B", "mono")},
    }
    for name, value in c.items():
        answer[f"C_{name}_per_uL"] = float(value)
    for name, value in u.items():
        answer[f"ur_C_{name}"] = value
        answer[f"C_{name}_95"] = [float(c[name]) * math.exp(sign * Z * value) for sign in (-1, 1)]
    for index, value in enumerate(by_tube):
        letter = "ABCDEFGHIJ"[index]
        answer[f"C_CD56_tube{letter}"] = float(value)
        volume = Fraction(inputs["V_acquired_uL"][index])
        tube = Fraction(inputs["V_tube_uL"]) / Fraction(inputs["V_sample_uL"])
        answer[f"volumetric_CD56_{letter}"] = float(tubes["CD56"][index] / volume * tube * df)
    for name in ("CD56", "T"):
        n = pooled[name] + pooled["beads"]
        ends = exact_interval(pooled[name], n)
        answer[f"C_{name}_counting_only_95"] = [float(per_ratio) * p / (1 - p) for p in ends]
    answer |= purities(inputs, shares) | cross_checks(inputs, tubes, pooled, c)
    answer["dose_levels"] = [level(inputs, dose, c, u, pooled, per_ratio) for dose in inputs["doses_per_kg"]]
    return answer | cumulative(inputs, answer["dose_levels"], c, u, other, pooled, phi)


def share(x: list[int], n: list[int]) -> dict[str, Any]:
    """Return one percentage with its intervals and the homogeneity of its tubes."""
    k, p = len(x), Fraction(sum(x), sum(n))
    exact = sum((a - b * p) ** 2 / (b * p * (1 - p)) for a, b in zip(x, n, strict=True)) if 0 < p < 1 else 0
    x2 = float(exact)
    value = float(chi2.sf(x2, k - 1))
    phi = max(1.0, x2 / (k - 1)) if value < 0.05 else 1.0
    wilson = binomtest(sum(x), sum(n)).proportion_ci(method="wilson")
    found = {
        "x": sum(x),
        "n": sum(n),
        "pct": float(100 * p),
        "wilson95": [100 * end for end in wilson],
        "cp95": [100 * end for end in exact_interval(sum(x), sum(n))],
        "u_counting_pp": 100 * math.sqrt(phi * float(p * (1 - p)) / sum(n)),
        "homogeneity": {"X2": x2, "df": k - 1, "p": value, "X2_per_df": x2 / (k - 1), "phi": phi},
    }
    if phi > 1:
        m, q = sum(n) / phi, float(p)
        half = Z * math.sqrt(q * (1 - q) / m + Z * Z / (4 * m * m))
        scale = 1 + Z * Z / m
        found["wilson95_inflated"] = [100 * (q + Z * Z / (2 * m) + sign * half) / scale for sign in (-1, 1)]
    if sum(x) == 0:
        found["upper95_one_sided_pct"] = 100 * (1 - 0.05 ** (1 / sum(n)))
    return found


def exact_interval(x: int, n: int) -> tuple[float, float]:
    """Return Clopper and Pearson's interval; scipy's own searches a root and is good to some 1e-8 only."""
    low = 0.0 if x == 0 else float(beta.ppf(0.025, x, n - x + 1))
    return low, 1.0 if x == n else float(beta.ppf(0.975, x + 1, n - x))


def ratio_test(tubes: dict[str, list[int]]) -> tuple[float, float]:
    """Return X² and p of cells against beads over the tubes."""
    x, y = tubes["CD56"], tubes["beads"]
    total = sum(x) + sum(y)
    x2 = Fraction(0)
    for a, b in zip(x, y, strict=True):
        for seen, row in ((a, sum(x)), (b, sum(y))):
            expected = Fraction((a + b) * row, total)
            x2 += (seen - expected) ** 2 / expected
    return float(x2), float(chi2.sf(float(x2), len(x) - 1))


def rung(events: int, inputs: dict[str, Any]) -> str:
    if events <= inputs["LoB_events"]:
        return "not detected"
    if events < 20:
        return "trace"
    return "detected, < LLOQ" if events < inputs["LLOQ_events"] else "quantified"


def purities(inputs: dict[str, Any], shares: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    for name, text in inputs["purity_specs_ge"]:
        found, edge = shares[f"{name}_of_live45"], float(text)
        counting = found["u_counting_pp"]
        total = math.hypot(counting, inputs["u_gate_pp"])
        p = float(norm.cdf((found["pct"] - edge) / total))
        rounded = half_up(found["pct"], len(text.partition(".")[2]))
        answer |= {
            f"{name}_purity_u_counting_pp": counting,
            f"{name}_purity_u_total_pp": total,
            f"{name}_ge{text}_p_counting": float(norm.cdf((found["pct"] - edge) / counting)),
            f"{name}_ge{text}_p_total": p,
            f"{name}_ge{text}_simple": "PASS" if rounded >= Decimal(text) else "FAIL",
            f"{name}_ge{text}_guarded": guarded(p),
        }
    return answer


def cross_checks(
    inputs: dict[str, Any], tubes: dict[str, list[int]], pooled: dict[str, int], c: dict[str, Fraction]
) -> dict[str, Any]:
    added = Fraction(inputs["bead_conc_per_uL"]) * Fraction(inputs["V_bead_uL"])
    implied = [beads / added * Fraction(inputs["V_tube_uL"]) for beads in tubes["beads"]]
    read = [Fraction(volume) for volume in inputs["V_acquired_uL"]]
    bag = Fraction(inputs["V_bag_mL"])
    answer: dict[str, Any] = {
        "dual_platform_CD56_per_uL_correct": float(
            Fraction(inputs["WBC_per_uL"]) * pooled["CD56"] / pooled["cd45"]
        ),
        "bead_implied_volume_uL": [float(volume) for volume in implied],
        "bead_recovery": [float(a / b) for a, b in zip(implied, read, strict=True)],
        "post_thaw_recovery_pct": float(
            1000 * c["CD56"] * bag / Fraction(inputs["pre_freeze_viable_CD56"]) * 100
        ),
        "final_T_total_bag": float(1000 * c["T"] * bag),
    }
    if pooled["T"]:
        answer["log10_T_depletion"] = math.log10(
            float(Fraction(inputs["apheresis_T"]) / (1000 * c["T"] * bag))
        )
    return answer


def guarded(p: float) -> str:
    if p >= 0.95:
        return "PASS"
    return "FAIL" if p <= 0.05 else "INCONCLUSIVE"


def verdict(y: float, u: float | None, bound: float, limit: float) -> dict[str, Any]:
    simple = "PASS" if half_up(y, 0) < Decimal(limit) else "FAIL"
    if u is None:
        word = "PASS" if bound < limit else "INCONCLUSIVE"
        return {"limit": limit, "simple": simple, "upper95": bound, "guarded": word}
    p = float(norm.cdf(math.log(limit / y) / u))
    return {"limit": limit, "simple": simple, "p_conf": p, "guarded": guarded(p)}


def level(
    inputs: dict[str, Any],
    dose: str,
    c: dict[str, Fraction],
    u: dict[str, float],
    pooled: dict[str, int],
    per_ratio: Fraction,
) -> dict[str, Any]:
    """Return one dose level at the nominal and at the rounded volume."""
    weight, wanted = Fraction(inputs["weight_kg"]), Fraction(dose)
    lost = Fraction(inputs["V_qc_mL"]) + Fraction(inputs["V_dead_mL"])
    deliverable = Fraction(inputs["V_bag_mL"]) - lost
    volume = wanted * weight / (1000 * c["CD56"])
    rounded = Fraction(half_up(volume, inputs["volume_decimals"]))
    answer: dict[str, Any] = {
        "D": float(wanted),
        "cells_needed": float(wanted * weight),
        "V_mL": float(volume),
        "V_rounded": float(rounded),
        "status": "REJECT" if max(volume, rounded) > deliverable else "OK",
    }
    if answer["status"] == "REJECT":
        reason = "volume needed exceeds the deliverable volume"
        return answer | {"reason": reason, "max_dose_per_kg": float(1000 * c["CD56"] * deliverable / weight)}
    for side, drawn in (("nominal", volume), ("rounded", rounded)):
        one = 1000 * per_ratio / pooled["beads"] * drawn / weight
        per_kg = {name: float(one * pooled[name]) for name in POPULATIONS}
        bounds = {
            n: float(one) * float(chi2.ppf(0.95, 2 * pooled[n] + 2)) / 2 for n in ("T", "CD3tot", "B", "mono")
        }
        here: dict[str, Any] = {f"{name}_per_kg": value for name, value in per_kg.items()}
        here |= {f"{name}_upper95_per_kg": bounds[name] for name in ("B", "mono")}
        here["LLOQ_per_kg"] = float(one * inputs["LLOQ_events"])
        here["endotoxin_EU_per_kg"] = float(Fraction(inputs["endotoxin_EU_per_mL"]) * drawn / weight)
        if "T" in u:
            here["T_upper95_one_sided"] = per_kg["T"] * math.exp(Z1 * u["T"])
            here["T_95"] = [per_kg["T"] * math.exp(sign * Z * u["T"]) for sign in (-1, 1)]
        for name, limits in (("T", "T_limits"), ("CD3tot", "T_limits"), ("B", "B_limits")):
            here[f"verdicts_{name}"] = [
                verdict(per_kg[name], u.get(name), bounds[name], limit)
                for limit in inputs[f"{limits}_per_kg"]
            ]
        answer[side] = here
    delivered = answer["rounded"]["CD56_per_kg"]
    d = math.log(delivered / float(wanted))
    inside = norm.cdf((math.log(1.1) - d) / u["CD56"]) - norm.cdf((math.log(0.9) - d) / u["CD56"])
    return answer | {
        "delivered_per_kg": delivered,
        "delivered_vs_prescribed_pct": 100 * (delivered / float(wanted) - 1),
        "U95_dose": [delivered * math.exp(sign * Z * u["CD56"]) for sign in (-1, 1)],
        "p_dose_within_10pct": float(inside),
    }


def cumulative(
    inputs: dict[str, Any],
    levels: list[dict[str, Any]],
    c: dict[str, Fraction],
    u: dict[str, float],
    other: float,
    pooled: dict[str, int],
    phi: dict[str, float],
) -> dict[str, Any]:
    """Add the sums after each delivered level to `levels`, and return the verdicts after the last."""
    lost = Fraction(inputs["V_qc_mL"]) + Fraction(inputs["V_dead_mL"])
    deliverable = Fraction(inputs["V_bag_mL"]) - lost
    given = [one for one in levels if one["status"] == "OK"]
    for index, one in enumerate(given, start=1):
        so_far = given[:index]
        drawn = sum(Fraction(Decimal(f"{x['V_rounded']:.12g}")) for x in so_far)
        one["cum"] = {
            "V": math.fsum(x["V_mL"] for x in so_far),
            "Vr": float(drawn),
            "dose": math.fsum(x["D"] for x in so_far),
            "delivered": math.fsum(x["delivered_per_kg"] for x in so_far),
            "T": math.fsum(x["nominal"]["T_per_kg"] for x in so_far),
            "T_rounded": math.fsum(x["rounded"]["T_per_kg"] for x in so_far),
            "remaining_mL": float(deliverable - drawn),
        }
    if not given or "T" not in u:
        return {}
    last = given[-1]["cum"]
    values = [one["nominal"]["T_per_kg"] for one in given]
    systematic = inputs["u_bead_conc"] ** 2 + sum(
        (float(Fraction(v2) / (Fraction(v1) + Fraction(v2))) * math.hypot(u1, u2)) ** 2
        for (v1, v2), (u1, u2) in zip(inputs["dilutions_uL"], inputs["u_dilutions"], strict=True)
    )
    random = phi["T"] / pooled["T"] + other - systematic
    variance = sum(y * y for y in values) * random + sum(values) ** 2 * systematic
    return {
        "cum_T_verdicts_same_measurement": [
            verdict(last["T"], u["T"], 0.0, limit) for limit in inputs["T_limits_per_kg"]
        ],
        "cum_T_verdicts_same_measurement_roundedV": [
            verdict(last["T_rounded"], u["T"], 0.0, limit) for limit in inputs["T_limits_per_kg"]
        ],
        "ur_cumT_same_measurement": u["T"],
        "ur_cumT_independent_preps_shared_systematic": math.sqrt(variance) / sum(values),
    }
