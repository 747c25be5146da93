"""A folder of tubes with one template: one tidy table, failures included, nothing lost to one bad file.

The template crosses to a worker as text, the rows come back as plain values; events stay where they are read.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nkflow.fcs.findings import Finding
from nkflow.gating.load import load_template, parse_template
from nkflow.gating.run import at_least_one
from nkflow.gating.table import COLUMNS, frame
from nkflow.gating.tubes import gate_one, tubes_in

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FILES", "Batch", "Outcome", "batch"]

FILES = ("table.csv", "batch.json")


@dataclass(frozen=True)
class Outcome:
    """One tube: its rows and what was odd about it, or the reason why there are none."""

    tube: str
    rows: tuple[Mapping[str, Any], ...]
    error: str = ""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Batch:
    """All tubes of a folder, in the order of their names."""

    template: str
    template_sha256: str
    outcomes: tuple[Outcome, ...]

    @property
    def failures(self) -> tuple[tuple[str, str], ...]:
        """Name and reason of every tube that could not be gated."""
        return tuple((outcome.tube, outcome.error) for outcome in self.outcomes if outcome.error)

    @property
    def n_failed(self) -> int:
        """How many tubes could not be gated."""
        return len(self.failures)

    @property
    def n_done(self) -> int:
        """How many tubes were gated."""
        return len(self.outcomes) - self.n_failed

    @property
    def findings(self) -> tuple[tuple[str, Finding], ...]:
        """The tube and what was odd about it, in the order of the tubes."""
        return tuple((outcome.tube, finding) for outcome in self.outcomes for finding in outcome.findings)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Iterate over a row per tube and population; a failed tube is one row with its reason as the note."""
        for outcome in self.outcomes:
            if outcome.error:
                yield dict.fromkeys(COLUMNS) | {"tube": outcome.tube, "note": f"failed: {outcome.error}"}
            for row in outcome.rows:
                yield {"tube": outcome.tube, **row}

    def table(self) -> pd.DataFrame:
        """Return `rows` as a pandas frame."""
        return frame(self.rows(), ("tube", *COLUMNS))

    def as_dict(self) -> dict[str, Any]:
        """Return the batch as plain values with ``schema`` and ``version``."""
        return {
            "schema": "nkflow.batch",
            "version": 1,
            "template": {"name": self.template, "sha256": self.template_sha256},
            "tubes": len(self.outcomes),
            "failed": [{"tube": tube, "reason": reason} for tube, reason in self.failures],
            "findings": [{"tube": tube, **finding.as_dict()} for tube, finding in self.findings],
            "rows": list(self.rows()),
        }

    def files(self) -> dict[str, bytes]:
        """Return what a batch leaves behind: the table as CSV that a spreadsheet opens safely, and as JSON."""
        from nkflow.exchange.spreadsheet import csv_bytes

        header = ("tube", *COLUMNS)
        table = csv_bytes(header, ([row.get(name) for name in header] for row in self.rows()))
        document = json.dumps(self.as_dict(), indent=2, allow_nan=False) + "\n"
        return dict(zip(FILES, (table, document.encode()), strict=True))


def batch(
    folder: str | Path, template: str, *, workers: int = 1, progress: Callable[[str], None] = lambda _: None
) -> Batch:
    """Gate every FCS file of `folder`.

    Parameters
    ----------
    folder
        Where the files are; those of its folders are not looked at.
    template
        A shipped name, or a path.
    workers
        Local processes; the rows do not depend on it. A file that kills its worker is one failed row.
    progress
        Called with one sentence a tube: how many are done, and the time left.

    Raises
    ------
    TemplateError
        With every mistake of the template; nothing is gated.
    InvalidValueError
        There is no FCS file in `folder`, or `workers` is no whole number from 1.
    """
    workers = at_least_one(workers, "workers")
    plan = load_template(template)
    paths = tubes_in(Path(folder))
    text, start = plan.to_yaml(), time.monotonic()
    found: dict[Path, Outcome] = {}
    for path, outcome in _outcomes(paths, text, workers):
        found[path] = outcome
        left = (time.monotonic() - start) / len(found) * (len(paths) - len(found))
        word = "failed" if outcome.error else "gated"
        progress(f"{len(found)}/{len(paths)} {word} {outcome.tube}, about {left:.0f} s left")
    return Batch(plan.name, plan.sha256, tuple(found[path] for path in paths))


def _outcomes(paths: tuple[Path, ...], template: str, workers: int) -> Iterator[tuple[Path, Outcome]]:
    """Yield outcomes as they come; tubes that a dead worker took along are done again, one process each."""
    if workers == 1:
        yield from ((path, _gate(str(path), template)) for path in paths)
        return
    waiting, suspects = deque(paths), list[Path]()
    while waiting:
        yield from _until_one_dies(waiting, suspects, template, workers)
    for path in suspects:
        with _pool(1) as pool:
            try:
                yield path, pool.submit(_gate, str(path), template).result()
            except BrokenProcessPool:
                yield path, Outcome(path.name, (), "the process that gated it was killed (out of memory?)")


def _until_one_dies(
    waiting: deque[Path], suspects: list[Path], template: str, workers: int
) -> Iterator[tuple[Path, Outcome]]:
    """Gate what is waiting; where a worker dies, the tubes that were in work become suspects, and the rest waits on.

    No more is handed over than there are workers: so the suspects are few.
    """
    running: dict[Future[Outcome], Path] = {}
    with _pool(workers) as pool:
        while waiting or running:
            try:
                while waiting and len(running) < workers:
                    running[pool.submit(_gate, str(waiting[0]), template)] = waiting[0]
                    waiting.popleft()
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    outcome = future.result()
                    yield running.pop(future), outcome
            except BrokenProcessPool:
                suspects += running.values()
                return


def _pool(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_end_with_parent)


def _end_with_parent() -> None:
    """Let this worker end when the process that started it does, however that was ended."""
    parent = parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _gate(path: str, template: str) -> Outcome:
    """Gate one file on one thread; runs in a worker."""
    name = Path(path).name
    try:
        tube = gate_one(path, parse_template(template), threads=1)
        if tube.gating is None:
            return Outcome(name, (), str(tube.error))
        found = (*tube.gating.sample.findings, *tube.gating.findings)
        return Outcome(
            name, tuple(tube.gating.rows()), findings=tuple(f for f in found if f.severity != "info")
        )
    except MemoryError:
        return Outcome(name, (), "there is not enough memory for it")
