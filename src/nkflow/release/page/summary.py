"""The first screen: who, which dose, how much to infuse and why that much."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nkflow.release.page.model import Fact
from nkflow.release.page.numbers import DASH, fixed, interval, like, minute, significant
from nkflow.release.page.reasons import required
from nkflow.release.page.wording import wording

__all__ = ["context", "figures", "formula", "identity", "level_of"]

Record = Mapping[str, Any]


def identity(record: Record) -> tuple[Fact, ...]:
    """Return for whom the product is and from whom, and which dose it is."""
    lot, recipient = record["lot"], record["lot"]["recipient"]
    mass = f"{recipient['mass_kg']:g} kg, {recipient['mass_basis']}, {recipient['mass_measured_on']}"
    return (
        Fact("Recipient", recipient["patient"]),
        Fact("Dose", f"{lot['dose']['number']} of {len(record['protocol']['doses'])}"),
        Fact("Mass", mass),
        Fact("Donor", lot["product"]["donor"]),
    )


def context(record: Record) -> tuple[Fact, ...]:
    """Return what happens when, and by which documents the lot was judged."""
    product, order, protocol = record["lot"]["product"], record["lot"]["dose"], record["protocol"]
    template = record.get("template")
    return (
        Fact("Product", f"{product['state']}, counted {minute(product['counted_at'])}"),
        Fact("Infusion planned", minute(order["infusion_at"])),
        Fact("Expires", minute(product["expires_at"])),
        Fact("Protocol", f"{protocol['name']} {protocol['version']}"),
        *_kir(record.get("dose")),
        *([Fact("Template", f"{template['name']} {template['version']}")] if template else []),
    )


def _kir(dose: Record | None) -> tuple[Fact, ...]:
    """Return the KIR ligands that the donor has and the recipient lacks, where the lot states both."""
    found = dose["kir_ligands"] if dose else None
    if found is None:
        return ()
    if not found["mismatched"]:
        return (Fact("KIR ligands", "no mismatch in GvH direction"),)
    lacking, receptors = ", ".join(found["graft_versus_host"]), ", ".join(found["uninhibited_receptors"])
    return (Fact("KIR ligands", f"mismatch in GvH direction: {lacking} ({receptors})"),)


def figures(record: Record) -> tuple[Fact, ...]:
    """Return volume, delivered dose, residual T and viability with their bounds and limits."""
    words, dose = wording(record["verdict"]), record.get("dose")
    if dose is None:
        return (Fact(words.volume, "none", "no dose could be computed"),)
    return (_volume(dose, words.volume), _delivered(dose), _residual(dose), _viability(dose))


def formula(record: Record) -> tuple[str, ...]:
    """Return the volume's formula, with its numbers in it, step by step."""
    dose = record.get("dose")
    level = level_of(dose) if dose else None
    if dose is None or level is None or level["volume_ml"]["nominal"] is None:
        return ()
    dosed = dose["protocol"]["definitions"]["dosed_population"]
    per_ml = dose["composition"]["concentrations"][dosed]["per_ml"]
    step = f"{record['protocol']['volume']['step_ml']:g} mL"
    return (
        "V = prescribed dose × mass / concentration",
        f"= {fixed(level['prescribed_per_kg'], 0)} /kg × {dose['recipient']['mass_kg']:g} kg"
        f" / {fixed(per_ml, 0)} viable {dosed} per mL",
        f"= {significant(level['volume_ml']['nominal'], 5)} mL,",
        f"rounded half-up to {step}: {_millilitres(level['volume_ml']['rounded'])}",
        *(["– not to be infused"] if record["verdict"] in ("FAIL", "INVALID") else []),
    )


def level_of(dose: Record) -> Record | None:
    """Return the level of the protocol that this dose is."""
    return next((level for level in dose["levels"] if level["number"] == dose["number"]), None)


def _volume(dose: Record, label: str) -> Fact:
    level, bag = level_of(dose), dose["bag"]
    if dose["volume_ml"] is None:
        why = f"{level['reason'] if level else ''}; at most {significant(bag['max_dose_per_kg'])} /kg"
        return Fact(label, "not deliverable", why.removeprefix("; "))
    note = f"of {_millilitres(bag['deliverable_ml'])} deliverable"
    if level and level.get("vials"):
        note += f"; {level['vials']} vials to thaw"
    return Fact(label, _millilitres(dose["volume_ml"]), note)


def _delivered(dose: Record) -> Fact:
    dosed = dose["protocol"]["definitions"]["dosed_population"]
    ends, prescribed = dose["delivered_interval"], significant(dose["prescribed_per_kg"], 3)
    if dose["delivered_per_kg"] is None or ends is None:
        return Fact(f"Delivered, viable {dosed}", DASH, f"prescribed {prescribed} /kg")
    return Fact(
        f"Delivered, viable {dosed}",
        f"{like(dose['delivered_per_kg'], dose['prescribed_per_kg'])} /kg",
        f"95 % interval {interval(ends['low'], ends['high'])}; prescribed {prescribed}",
    )


def _residual(dose: Record) -> Fact:
    found = dose["residual_t"]
    label = f"Residual T ({'CD3+CD56−' if found['population'] == 'T' else found['population']})"
    level = level_of(dose)
    if found["per_kg"] is None or level is None or "rounded" not in level:
        return Fact(label, DASH)
    amount = level["rounded"]["per_kg"][found["population"]]
    parts = [f"95 % upper bound {significant(amount['upper'])}"]
    parts += [
        f"limit {required(limit, unit=False)}"
        for limit in _limits(dose, "per_kg", {"residual T", found["population"]})
    ]
    if found["all_cd3_per_kg"] is not None and found["population"] != "CD3+":
        parts.append(f"all CD3+ {significant(found['all_cd3_per_kg'])}")
    if found["upper_case_per_kg"] is not None:
        parts.append(f"with CD3dim {significant(found['upper_case_per_kg'])}")
    if amount["rung"] in (None, "quantified"):
        return Fact(label, f"{significant(amount['value'])} /kg", "; ".join(parts))
    if amount["rung"] == "not detected":
        return Fact(
            label, "not detected", f"< {significant(amount['poisson_upper'])} /kg; " + "; ".join(parts)
        )
    return Fact(label, f"< LLOQ ({significant(amount['lloq'])} /kg)", "; ".join(parts))


def _viability(dose: Record) -> Fact:
    share = dose["composition"]["frequencies"].get("viable of CD45+") or {"not_evaluable": "not counted"}
    label = f"Viability ({dose['protocol']['definitions']['viable']} of CD45+)"
    if "not_evaluable" in share:
        return Fact(label, "not evaluable", share["not_evaluable"])
    ends = share["interval"]
    parts = [f"95 % interval {fixed(ends['low'], 1)} to {fixed(ends['high'], 1)} %"]
    parts += [f"limit {required(limit)}" for limit in _limits(dose, "viability", {None, "viable"})]
    return Fact(label, f"{fixed(share['percent'], 1)} %", "; ".join(parts))


def _limits(dose: Record, quantity: str, populations: set[str | None]) -> list[Record]:
    """Return the limits on this dose of one quantity."""
    return [
        limit
        for limit in dose["limits"].values()
        if limit["quantity"] == quantity and limit["population"] in populations and limit["scope"] == "dose"
    ]


def _millilitres(value: float | None) -> str:
    return DASH if value is None else f"{value:.12g} mL"
