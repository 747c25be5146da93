"""What ``nkflow gate --out`` leaves behind."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nkflow.acquisition.quality import Quality
    from nkflow.gating.result import Gating

__all__ = ["ALWAYS", "FORMATS", "SOMETIMES", "write_gated"]

FORMATS = ("csv", "fcs", "h5ad", "parquet")  # those of `nkflow.exchange`, which is slow to import
ALWAYS = ("gating.json", "populations.csv")
SOMETIMES = (
    "plots/[0-9][0-9].svg",
    "plots/[0-9][0-9][0-9].svg",
    "plots/compensation.svg",
    "plots/acquisition.svg",
    *(f"events.{suffix}" for suffix in FORMATS),
)


def write_gated(
    out: Path,
    document: dict[str, Any],
    gating: Gating,
    quality: Quality,
    *,
    events: tuple[str, tuple[str, ...]],
    force: bool,
) -> None:
    """Write counts as JSON and CSV, every drawn gate, fitness and the run over time as SVG, and the events asked for.

    Parameters
    ----------
    events
        A population, and the formats its events are written in.
    """
    from nkflow.exchange.events_write import write_events, write_populations
    from nkflow.release.drawing import drawings
    from nkflow.release.files import write_folder

    files = {"gating.json": (json.dumps(document, indent=2, allow_nan=False) + "\n").encode()}
    for number, svg in enumerate(drawings(gating), start=1):
        files[f"plots/{number:02d}.svg"] = svg.encode()
    if gating.fitness.assessable:
        files["plots/compensation.svg"] = gating.fitness.svg().encode()
    if quality.timeline is not None:
        files["plots/acquisition.svg"] = quality.svg().encode()
    population, formats = events
    with tempfile.TemporaryDirectory() as folder:
        made = [write_populations(Path(folder) / "populations.csv", gating)]
        for suffix in dict.fromkeys(formats):
            made.append(
                write_events(Path(folder) / f"events.{suffix}", gating, population, keep=quality.mask)
            )
        for path in made:
            files[path.name] = path.read_bytes()
    write_folder(out, files, force=force, sometimes=SOMETIMES)
