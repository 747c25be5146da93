"""From each output of the worked example to the path of ours in the one document of a dose.

Each row is a pattern of their dotted path and our path; ``{n}`` is the n-th group, translated into our word where
it is a population. Lists are dotted too: ``C_T_95.0``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from worked.documents import POPULATION

WRONG = "dual_platform_CD56_per_uL_WRONG_live_denominator"
"""The one output that shows a mistake."""

_SHARE = {
    "x": "x",
    "n": "n",
    "pct": "percent",
    "u_counting_pp": "u_counting",
    "upper95_one_sided_pct": "upper",
}
_INTERVAL = {"wilson95": "wilson", "cp95": "clopper_pearson", "wilson95_inflated": "inflated"}
_END = {"0": "low", "1": "high"}
_TEST = {"X2": "x2", "df": "df", "p": "p", "X2_per_df": "x2_per_df", "phi": "phi"}
_LIMIT = {
    "limit": "limit",
    "simple": "simple",
    "guarded": "guarded",
    "p_conf": "p_conform",
    "upper95": "bound",
}
_QUANTILE = {"0": "2.5 %", "1": "50 %", "2": "95 %", "3": "97.5 %"}
_WORDS = {**_SHARE, **_INTERVAL, **_END, **_TEST, **_LIMIT}

TABLE: tuple[tuple[str, str], ...] = (
    (r"pooled\.(\w+)", "composition/pooled/{1}"),
    (r"dilution_factor", "composition/counting/dilution_factor"),
    (r"beads_per_tube", "composition/counting/beads_per_tube"),
    (r"cells_per_uL_per_ratio", "composition/counting/cells_per_ul_per_ratio"),
    (r"ur_DF_steps\.(\d)", "composition/counting/u_dilution_steps/{1}"),
    (r"ur_DF", "composition/counting/u_dilution"),
    (r"C_(\w+)_per_uL", "composition/concentrations/{1}/per_ul"),
    (r"C_(\w+)_per_mL", "composition/concentrations/{1}/per_ml"),
    (r"C_(\w+)_tube([A-J])", "composition/replicates/{1}/per_ul/{2}"),
    (r"mean_of_tubes", "composition/replicates/CD56+/mean_of_tubes"),
    (r"max_dev_from_mean_pct", "composition/replicates/CD56+/max_deviation_pct"),
    (r"chi2_ratio", "composition/replicates/CD56+/ratio_to_beads/x2"),
    (r"chi2_ratio_p", "composition/replicates/CD56+/ratio_to_beads/p"),
    (r"chi2_purity", "composition/frequencies/CD56+ of viable/homogeneity/x2"),
    (r"chi2_T", "composition/frequencies/T of viable/homogeneity/x2"),
    (r"C_(\w+)_counting_only_95\.(\d)", "composition/concentrations/{1}/counting_only/{end2}"),
    (r"C_(\w+)_95\.(\d)", "composition/concentrations/{1}/lognormal/{end2}"),
    (r"ur_C_(\w+)", "composition/concentrations/{1}/u_rel"),
    (
        r"(viability_cd45|\w+_of_\w+)\.homogeneity\.(\w+)",
        "composition/frequencies/{share1}/homogeneity/{word2}",
    ),
    (r"(viability_cd45|\w+_of_\w+)\.(\w+)\.(\d)", "composition/frequencies/{share1}/{word2}/{end3}"),
    (r"(viability_cd45|\w+_of_\w+)\.(\w+)", "composition/frequencies/{share1}/{word2}"),
    (r"total_viable_CD56_bag", "bag/total_cells"),
    (r"V_deliverable_mL", "bag/deliverable_ml"),
    (r"total_viable_CD56_deliverable", "bag/deliverable_cells"),
    (r"max_dose_per_kg", "bag/max_dose_per_kg"),
    (r"ladder\.(\w+)", "composition/ladder/{1}/rung"),
    (r"dose_levels\.(\d+)\.D", "levels/{1}/prescribed_per_kg"),
    (r"dose_levels\.(\d+)\.cells_needed", "levels/{1}/cells_needed"),
    (r"dose_levels\.(\d+)\.V_mL", "levels/{1}/volume_ml/nominal"),
    (r"dose_levels\.(\d+)\.V_rounded", "levels/{1}/volume_ml/rounded"),
    (r"dose_levels\.(\d+)\.status", "levels/{1}/verdict"),
    (r"dose_levels\.(\d+)\.reason", "levels/{1}/reason"),
    (r"dose_levels\.(\d+)\.max_dose_per_kg", "levels/{1}/max_dose_per_kg"),
    (r"dose_levels\.(\d+)\.delivered_per_kg", "levels/{1}/delivered_per_kg"),
    (r"dose_levels\.(\d+)\.delivered_vs_prescribed_pct", "levels/{1}/window/deviation_pct"),
    (r"dose_levels\.(\d+)\.U95_dose\.(\d)", "levels/{1}/delivered_interval/{end2}"),
    (r"dose_levels\.(\d+)\.p_dose_within_10pct", "levels/{1}/window/p_within"),
    (r"dose_levels\.(\d+)\.(nominal|rounded)\.LLOQ_per_kg", "levels/{1}/{2}/per_kg/T/lloq"),
    (r"dose_levels\.(\d+)\.(nominal|rounded)\.endotoxin_EU_per_kg", "levels/{1}/{2}/endotoxin_eu_per_kg"),
    (
        r"dose_levels\.(\d+)\.(nominal|rounded)\.(\w+)_upper95_per_kg",
        "levels/{1}/{2}/per_kg/{3}/poisson_upper",
    ),
    (r"dose_levels\.(\d+)\.(nominal|rounded)\.(\w+)_upper95_one_sided", "levels/{1}/{2}/per_kg/{3}/upper"),
    (r"dose_levels\.(\d+)\.(nominal|rounded)\.(\w+)_per_kg", "levels/{1}/{2}/per_kg/{3}/value"),
    (r"dose_levels\.(\d+)\.(nominal|rounded)\.(\w+)_95\.(\d)", "levels/{1}/{2}/per_kg/{3}/lognormal/{end4}"),
    (
        r"dose_levels\.(\d+)\.(nominal|rounded)\.verdicts_(\w+)\.(\d+)\.(\w+)",
        "levels/{1}/{2}/limits/{3}/kg < {limit}/{word5}",
    ),
    (r"dose_levels\.(\d+)\.cum\.V", "levels/{1}/cumulative/volume_ml/nominal"),
    (r"dose_levels\.(\d+)\.cum\.Vr", "levels/{1}/cumulative/volume_ml/rounded"),
    (r"dose_levels\.(\d+)\.cum\.dose", "levels/{1}/cumulative/prescribed_per_kg"),
    (r"dose_levels\.(\d+)\.cum\.delivered", "levels/{1}/cumulative/rounded/per_kg/CD56+/value"),
    (r"dose_levels\.(\d+)\.cum\.T", "levels/{1}/cumulative/nominal/per_kg/T/value"),
    (r"dose_levels\.(\d+)\.cum\.T_rounded", "levels/{1}/cumulative/rounded/per_kg/T/value"),
    (r"dose_levels\.(\d+)\.cum\.remaining_mL", "levels/{1}/cumulative/remaining_ml"),
    (
        r"cum_T_verdicts_same_measurement\.(\d+)\.(\w+)",
        "levels/{last}/cumulative/nominal/limits/all doses, T/kg < {limit}/{word2}",
    ),
    (
        r"cum_T_verdicts_same_measurement_roundedV\.(\d+)\.(\w+)",
        "levels/{last}/cumulative/rounded/limits/all doses, T/kg < {limit}/{word2}",
    ),
    (r"ur_cumT_same_measurement", "levels/{last}/cumulative/nominal/per_kg/T/u_rel"),
    (
        r"ur_cumT_independent_preps_shared_systematic",
        "levels/{last}/cumulative/nominal/per_kg/T/u_rel_independent_preparations",
    ),
    (r"(\w+)_purity_u_counting_pp", "composition/frequencies/{1} of viable/u_counting"),
    (r"(\w+)_purity_u_total_pp", "composition/frequencies/{1} of viable/u_total"),
    (r"(\w+)_ge([\d.]+)_p_counting", "limits/{1} of viable >= {2}/p_conform_counting"),
    (r"(\w+)_ge([\d.]+)_p_total", "limits/{1} of viable >= {2}/p_conform"),
    (r"(\w+)_ge([\d.]+)_(simple|guarded)", "limits/{1} of viable >= {2}/{3}"),
    (r"dual_platform_(\w+)_per_uL_correct", "composition/cross_checks/dual_platform/per_ul/{1}"),
    (r"volumetric_(\w+)_([A-J])", "composition/cross_checks/volumetric/by_tube/{1}/{tube2}"),
    (r"bead_implied_volume_uL\.(\d)", "composition/bead_recovery/implied_volume_ul/{1}"),
    (r"bead_recovery\.(\d)", "composition/bead_recovery/recovery/{1}"),
    (r"post_thaw_recovery_pct", "product_figures/recovery_pct"),
    (r"final_T_total_bag", "product_figures/residual_t_in_bag"),
    (r"log10_T_depletion", "product_figures/log10_depletion"),
    (r"MC_C_(\w+)\.mean", "monte_carlo/{1}/mean"),
    (r"MC_C_(\w+)\.rel_sd", "monte_carlo/{1}/rel_sd"),
    (r"MC_C_(\w+)\.q\.(\d)", "monte_carlo/{1}/quantiles/{quantile2}"),
)


def leaves(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every leaf of `node` with its dotted path."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else None
    if items is None:
        yield path, node
        return
    for key, value in items:
        yield from leaves(value, f"{path}.{key}" if path else str(key))


def our_path(theirs: str, outputs: dict[str, Any]) -> tuple[str, ...] | None:
    """Return the path of ours for their dotted path, or None where the table has no row."""
    for pattern, ours in TABLE:
        found = re.fullmatch(pattern, theirs)
        if found and not (pattern.startswith(r"C_(\w+)_95") and "counting_only" in theirs):
            return _filled(ours, found, theirs, outputs)
    return None


def _filled(ours: str, found: re.Match[str], theirs: str, outputs: dict[str, Any]) -> tuple[str, ...]:
    words: dict[str, str] = {"last": str(_last(outputs))}
    for number, group in enumerate(found.groups(), start=1):
        words[f"{number}"] = POPULATION.get(group, group)
        words[f"word{number}"] = _WORDS.get(group, group)
        words[f"end{number}"] = _END.get(group, group)
        words[f"quantile{number}"] = _QUANTILE.get(group, group)
        words[f"share{number}"] = _share(group)
        words[f"tube{number}"] = str("ABCDEFGHIJ".find(group[:1]))
    if "{limit}" in ours:
        words["limit"] = f"{_at(outputs, theirs.rpartition('.')[0])['limit']:g}"
    steps: list[str] = []
    for step in re.split(r"/(?!kg)", ours):
        for name, word in words.items():
            step = step.replace(f"{{{name}}}", word)
        steps.append(step)
    return tuple(steps)


def _share(name: str) -> str:
    if name == "viability_cd45":
        return "viable of CD45+"
    population, _, of = name.partition("_of_")
    return f"{POPULATION.get(population, population)} of {'viable' if of == 'live45' else POPULATION.get(of, of)}"


def _last(outputs: dict[str, Any]) -> int:
    """Return the last level that can be delivered; -1 where none can."""
    given = (index for index, level in enumerate(outputs["dose_levels"]) if level["status"] == "OK")
    return max(given, default=-1)


def _at(node: Any, path: str) -> Any:
    for step in path.split("."):
        node = node[int(step)] if isinstance(node, list) else node[step]
    return node


def ours_at(document: Any, path: tuple[str, ...]) -> Any:
    """Return what stands at `path` in our document."""
    node = document
    for step in path:
        node = node[int(step)] if isinstance(node, list) else node[step]
    return node
