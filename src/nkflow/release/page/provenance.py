"""Where the numbers come from: tubes with their hashes, versions, definitions of the protocol, schedule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nkflow.release.page.model import Section, Table, hashed, number, strong, text
from nkflow.release.page.numbers import count, significant

__all__ = ["definitions", "inputs", "versions"]

Record = Mapping[str, Any]

_WORDS = {
    "dosed_population": "Dosed population (always the viable ones)",
    "viable": "Viable means",
    "residual_t": "Residual T means",
    "purity_denominator": "Purity is a share of",
    "weight_basis": "Mass per which the dose is given",
}
_MEANINGS = {
    ("dosed_population", "CD56+"): "NK (CD3−CD56+) and NKT-like (CD3+CD56+) together",
    ("residual_t", "T"): "CD3+CD56−",
    ("residual_t", "CD3+"): "all CD3+, NKT-like among them",
    ("purity_denominator", "viable"): "live CD45+",
    ("purity_denominator", "CD45+"): "live and dead CD45+",
}


def inputs(record: Record) -> Section:
    """Return every file with its SHA-256, and the documents."""
    markers = {tube["id"]: tube.get("marker") or "" for tube in record["lot"]["tubes"]}
    rows = [
        (
            strong(tube["id"]),
            text(tube["role"], markers.get(tube["id"], "")),
            text(_basename(tube.get("file"))),
            number(count(tube.get("n_events"))),
            hashed(tube.get("sha256")),
        )
        for tube in record["tubes"]
    ]
    template = record.get("template") or {}
    documents = [(strong("Protocol"), _named(record["protocol"]), hashed(record.get("protocol_sha256")))]
    if template:
        documents.insert(0, (strong("Template"), _named(template), hashed(template.get("sha256"))))
    documents += [
        (strong(f"Dose {dose['number']}, record"), text("infused earlier"), hashed(dose["record_sha256"]))
        for dose in record["lot"]["dose"].get("earlier", ())
    ]
    return Section(
        "inputs",
        "Inputs",
        f"{len(rows)} tubes",
        tables=(
            Table(("Tube", "Role", "File", "Events", "SHA-256 of the file"), tuple(rows)),
            Table(("Document", "Name and version", "SHA-256"), tuple(documents)),
        ),
    )


def definitions(record: Record) -> Section:
    """Return what the words mean under this protocol, and its schedule."""
    protocol = record["protocol"]
    meant = tuple(
        (strong(_WORDS.get(key, key)), text(value, _MEANINGS.get((key, str(value)), "")))
        for key, value in protocol["definitions"].items()
    )
    doses = tuple(
        (strong(dose["number"]), number(str(dose["day"])), number(_cells_per_kg(dose["per_kg"])))
        for dose in protocol["doses"]
    )
    return Section(
        "definitions",
        "Definitions of the protocol",
        f"{protocol['name']} {protocol['version']}",
        lead=(protocol["title"],),
        tables=(
            Table(("Word", "Means here"), meant),
            Table(("Dose", "Day", "Prescribed"), doses, caption="Schedule"),
        ),
    )


def versions(record: Record) -> Section:
    """Return the programs that made the record."""
    rows = tuple((strong(name), text(version)) for name, version in record["versions"].items())
    return Section(
        "versions",
        "Versions",
        f"{record['schema']} {record['version']}",
        tables=(Table(("Program", "Version"), rows),),
        open=False,
    )


def _cells_per_kg(value: float) -> str:
    return f"{significant(value, 3)} cells/kg"


def _named(document: Record) -> Any:
    return text(f"{document.get('name', '')} {document.get('version', '')}".strip() or None)


def _basename(path: object) -> str | None:
    """Return the last part of a path: a folder of the machine is none of the reader's business."""
    return None if path is None else str(path).replace("\\", "/").rsplit("/", 1)[-1]
