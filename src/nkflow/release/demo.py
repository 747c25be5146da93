"""The shipped lot, released and held to its known truth."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nkflow import documents
from nkflow.counting.frequency import Frequency
from nkflow.counting.intervals import Interval
from nkflow.dose.result import Dose
from nkflow.errors import OutputError
from nkflow.release.files import write_file, write_folder
from nkflow.release.pipeline import Release, release

__all__ = ["Demo", "compare", "run_demo"]

_MARKER = ".made-by-nkflow-demo"


@dataclass(frozen=True, eq=False)
class Demo:
    """The release of the shipped lot, with the truth beside it."""

    release: Release
    document: dict[str, Any]
    page: Path
    record_file: Path


def run_demo(folder: str | Path, *, force: bool, progress: Callable[[str], None]) -> Demo:
    """Copy the shipped lot into `folder`, release it there and compare it with its truth.

    Raises
    ------
    OutputError
        `folder` exists, was not made by a demo, and `force` is not set.
    """
    folder = Path(folder)
    if _is_foreign(folder) and not force:
        raise OutputError(
            "the folder exists and no demo made it",
            code="output-exists",
            where=str(folder),
            next_step="Choose another place with --out, or write into it with --force.",
        )
    shipped = documents.shipped("sample_fcs")
    files = {path.name: path.read_bytes() for path in sorted(shipped.iterdir()) if path.is_file()}
    write_folder(folder / "lot", files, force=True)
    write_file(folder / _MARKER, b"", force=True)
    result = release(folder / "lot" / "lot.yaml", progress=progress)
    written = result.write(folder / "release", force=True)
    truth = json.loads((folder / "lot" / "truth.json").read_text(encoding="utf-8"))
    document = result.record | {"truth": [] if result.dose is None else compare(result.dose, truth)}
    return Demo(result, document, written / "page.html", written / "record.json")


def _is_foreign(folder: Path) -> bool:
    """Tell whether something stands at `folder` that no demo made; an empty folder may be filled."""
    if not folder.exists() or (folder / _MARKER).is_file():
        return False
    return not folder.is_dir() or any(folder.iterdir())


def compare(dose: Dose, truth: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a row a quantity: value, 95 % interval, truth, and whether the truth lies inside.

    The true dose is what the rounded volume really holds: true cells per mL times volume, per kg. A dose that
    can't be delivered has only its viability to compare.
    """
    viability = dose.composition.frequency("viable", "CD45+")
    rows = []
    if dose.volume_ml is not None:
        per_kg = dose.volume_ml / dose.case.recipient.mass_kg
        for population, word in (
            (dose.case.dosed, "dose"),
            (dose.case.protocol.definitions.residual_t, "residual T"),
        ):
            amount = dose.amounts[population]
            rows.append(
                _row(f"{word} ({population}), cells/kg", amount.value, amount.interval)
                | {"truth": truth["per_ml"][population] * per_kg}
            )
    if isinstance(viability, Frequency):
        rows.append(
            _row("viability of CD45+, %", viability.percent, viability.interval)
            | {"truth": 100 * truth["viability"]}
        )
    return [row | {"inside": row["low"] <= row["truth"] <= row["high"]} for row in rows]


def _row(quantity: str, value: float, interval: Interval) -> dict[str, Any]:
    return {"quantity": quantity, "value": value, "low": interval.low, "high": interval.high}
