"""The steps of a release, put in order: the only place where they are.

lot.yaml -> documents -> tubes (read, gate) -> counts -> composition -> dose -> verdict -> record
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nkflow.counting.composition import Composition
from nkflow.dose.lot import Lot
from nkflow.dose.protocol import Protocol
from nkflow.dose.result import Dose
from nkflow.gating.template import Template
from nkflow.plots.table import html_table
from nkflow.plots.text import escaped
from nkflow.release import record as records
from nkflow.release.drawing import cut_drawings, drawings, timeline
from nkflow.release.files import write_folder
from nkflow.release.inputs import load_inputs
from nkflow.release.judging import judge_lot
from nkflow.release.lot_tubes import gate_lot
from nkflow.release.margin import margins_of_lot
from nkflow.release.page import render
from nkflow.release.tubes import GatedTube

__all__ = ["FILES", "Release", "release"]

FILES = ("record.json", "page.html")


def _silent(_: str) -> None:
    """Say nothing."""


@dataclass(frozen=True, eq=False)
class Release:
    """One lot with its verdict; nkflow never releases, a person signs.

    Attributes
    ----------
    tubes
        Every tube of the lot, failures included.
    composition, dose
        None where the sample tubes do not allow them; the reasons say why.
    verdict
        PASS, FAIL, INCONCLUSIVE, PENDING or INVALID: the worst of the dose and of the tubes.
    reasons
        Why the verdict is not PASS, in plain sentences.
    record
        Plain values, from which the canonical JSON is made.
    """

    lot: Lot
    template: Template
    protocol: Protocol
    tubes: tuple[GatedTube, ...]
    composition: Composition | None
    dose: Dose | None
    verdict: str
    reasons: tuple[str, ...]
    record: dict[str, Any]

    @property
    def unreadable(self) -> bool:
        """Tell whether a tube could not be read or gated, or the tubes give no dose."""
        return self.dose is None or any(tube.error is not None for tube in self.tubes)

    def page(self) -> str:
        """Return the record for people: one self-contained HTML file."""
        drawn = {
            tube.tube.name: drawings(tube.gating) + cut_drawings(tube.gating)
            for tube in self.tubes
            if tube.gating is not None
        }
        runs = {tube.tube.name: svg for tube in self.tubes if (svg := timeline(tube.quality)) is not None}
        return render(self.record, drawn, runs)

    def write(self, folder: str | Path, *, force: bool = False) -> Path:
        """Write ``record.json`` and ``page.html`` into the new `folder`, both or none.

        Raises
        ------
        OutputError
            The folder exists and `force` is not set, or it holds anything but a release, or the disk refuses.
        """
        contents = (records.canonical(self.record), self.page().encode())
        files = dict(zip(FILES, contents, strict=True))
        return write_folder(folder, files, force=force)

    def _repr_html_(self) -> str:
        rows = [] if self.dose is None else self.dose.limits.items()
        table = html_table(
            ("limit", "value", "must be", "verdict", "assurance"),
            [
                (name, judged.reportable, f"{judged.limit.op} {judged.limit.value:g} {judged.limit.unit}",
                 judged.verdict, judged.assurance)
                for name, judged in rows
            ],
            caption=f"Lot {self.lot.lot}: {self.verdict}",
        )  # fmt: skip
        return table + "".join(f"<p>{escaped(reason)}</p>" for reason in self.reasons)

    def __repr__(self) -> str:
        reasons = "".join(f"\n  {reason}" for reason in self.reasons)
        return f"Release of lot {self.lot.lot}: {self.verdict}{reasons}"


def release(
    lot: str | Path,
    *,
    threads: int | None = None,
    second_engine: bool = True,
    margins: bool = True,
    progress: Callable[[str], None] = _silent,
) -> Release:
    """Run the whole job for the lot described by the document at `lot`.

    Parameters
    ----------
    lot
        Path of ``lot.yaml``; files are relative to it.
    threads
        Threads for gating; the results do not depend on it.
    second_engine
        Gate the sample tubes with FlowKit too and compare event for event.
    margins
        Move each boundary until the verdict changes; takes about as long as the rest.
    progress
        Called with one sentence a step.

    Raises
    ------
    DocumentError
        The lot, its template or its protocol has mistakes (all of them are listed); nothing was computed.
    InvalidValueError
        `threads` is no whole number from 1.
    """
    inputs = load_inputs(Path(lot))
    tubes = gate_lot(
        inputs.files,
        inputs.template,
        spillover=inputs.spillover,
        threads=threads,
        second_engine=second_engine,
        progress=progress,
    )
    progress("counting and judging")
    found = judge_lot(inputs, tubes)
    if margins:
        progress("moving boundaries until the verdict changes")
    composition, dose = found.composition, found.dose
    record = {
        "schema": records.SCHEMA,
        "version": records.VERSION,
        "verdict": found.verdict,
        "reasons": list(found.reasons),
        **inputs.as_dict(),
        "dose": None if dose is None else dose.as_dict(),
        # of a dose it is inside, judged by the protocol
        "composition": composition.as_dict() if composition is not None and dose is None else None,
        "margins": margins_of_lot(inputs, tubes, found).as_dict() if margins else None,
        "suitability": [check.as_dict() for check in found.checks],
        "tubes": [tube.as_dict() for tube in tubes],
        "versions": records.versions(),
    }
    return Release(
        inputs.lot,
        inputs.template,
        inputs.protocol,
        tubes,
        composition,
        dose,
        found.verdict,
        found.reasons,
        record,
    )
