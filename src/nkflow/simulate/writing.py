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
from nkflow.simulate.stains import FOLDER

if TYPE_CHECKING:
    from nkflow.simulate.lot import SimulatedLot

__all__ = ["write_lot"]

_TRUTH = "true_spillover.csv"
_LITTER = (".DS_Store", "Thumbs.db", "desktop.ini")  # left in any folder that was looked at
_VOLTAGE = re.compile(r"\$P[0-9]+V")


def write_lot(folder: Path, lot: SimulatedLot, *, force: bool) -> Path:
    """Fill a new folder beside `folder` and rename it; one that is replaced is removed last.

    Only a simulated lot is replaced: a folder that holds anything else is refused even with `force`.
    """
    if folder.exists() and not force:
        raise OutputError(
            "the output exists already",
            code="output-exists",
            where=str(folder),
            next_step="Choose another place, or replace it with --force.",
        )
    _refuse_foreign(folder, lot)
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


def _refuse_foreign(folder: Path, lot: SimulatedLot) -> None:
    """Raise `OutputError` where something else than a simulated lot stands at `folder`."""
    if not folder.exists():
        return
    tubes = {f"{tube.id}.fcs" for tube in (*lot.tubes, *lot.controls)}
    ours = {"lot.yaml", "truth.json", *tubes, *_LITTER}
    there = sorted(path.relative_to(folder) for path in folder.rglob("*"))
    other = [path for path in there if path.as_posix() not in ours and not _is_control(path)]
    lacks = there and not (folder / "truth.json").is_file()
    if other or lacks or not folder.is_dir():
        raise OutputError(
            "what stands there is no simulated lot, or more, and is not replaced",
            code="output-foreign",
            where=str(folder),
            found=", ".join(path.as_posix() for path in other[:5]) or "no truth.json",
            next_step="Choose another place.",
        )


def _is_control(path: Path) -> bool:
    """Tell whether `path`, relative to the lot, is the folder of the compensation controls, or one of its files."""
    if path.parts[0] != FOLDER:
        return False
    return len(path.parts) == 1 or (
        len(path.parts) == 2 and (path.suffix == ".fcs" or path.name in (_TRUTH, *_LITTER))
    )


def _fill(folder: Path, lot: SimulatedLot) -> None:
    for tube in (*lot.tubes, *lot.controls):
        # a written file describes its channels anew; what the cytometer says of its detectors is handed over
        settings = {key: value for key, value in tube.sample.keywords.items() if _VOLTAGE.fullmatch(key)}
        place = folder / tube.plan.folder
        place.mkdir(exist_ok=True)
        write_fcs(place / f"{tube.id}.fcs", tube.sample, keywords=settings, byte_order="big")
    stained = {tube.plan.folder for tube in lot.controls} - {""}
    for name in sorted(stained):
        (folder / name / _TRUTH).write_text(lot.spillover.to_csv(), encoding="utf-8")
    about = f"Simulated, with known truth (truth.json): {lot.lot.lot}"
    (folder / "lot.yaml").write_text(documents.dump(lot.lot, comment=about), encoding="utf-8")
    (folder / "truth.json").write_text(json.dumps(lot.truth, indent=1) + "\n", encoding="utf-8")
