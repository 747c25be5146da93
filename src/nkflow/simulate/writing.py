"""A simulated lot as a folder: all of it, or nothing."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from nkflow import documents
from nkflow.errors import OutputError
from nkflow.fcs.write import write_fcs

if TYPE_CHECKING:
    from nkflow.simulate.lot import SimulatedLot

__all__ = ["write_lot"]

_VOLTAGE = re.compile(r"\$P[0-9]+V")


def write_lot(folder: Path, lot: SimulatedLot, *, force: bool) -> Path:
    """Fill a new folder beside `folder` and rename it; one that is replaced is removed last."""
    if folder.exists() and not force:
        raise OutputError(
            "the output exists already",
            code="output-exists",
            where=str(folder),
            next_step="Choose another place, or replace it with --force.",
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as place:
            new = Path(place) / "new"
            new.mkdir()
            _fill(new, lot)
            if folder.exists():
                folder.rename(Path(place) / "old")
            new.rename(folder)
    except OSError as problem:
        raise OutputError("the lot can't be written", where=str(folder), found=str(problem)) from problem
    return folder


def _fill(folder: Path, lot: SimulatedLot) -> None:
    for tube in (*lot.tubes, *lot.controls):
        # a written file describes its channels anew; what the cytometer says of its detectors is handed over
        settings = {key: value for key, value in tube.sample.keywords.items() if _VOLTAGE.fullmatch(key)}
        place = folder / tube.plan.folder
        place.mkdir(exist_ok=True)
        write_fcs(place / f"{tube.id}.fcs", tube.sample, keywords=settings, byte_order="big")
    stained = {tube.plan.folder for tube in lot.controls} - {""}
    for name in sorted(stained):
        (folder / name / "true_spillover.csv").write_text(lot.spillover.to_csv(), encoding="utf-8")
    about = f"Simulated, with known truth (truth.json): {lot.lot.lot}"
    (folder / "lot.yaml").write_text(documents.dump(lot.lot, comment=about), encoding="utf-8")
    (folder / "truth.json").write_text(json.dumps(lot.truth, indent=1) + "\n", encoding="utf-8")
