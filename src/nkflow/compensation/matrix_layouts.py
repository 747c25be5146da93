"""How FlowJo and FACSDiva write a spillover matrix as a table."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["detector_name", "diva_text", "is_diva", "square_of_diva"]

_RECEIVER = re.compile(r"fluorochrome", re.IGNORECASE)
_SOURCE = re.compile(r"-\s*%\s*fluorochrome", re.IGNORECASE)


def detector_name(cell: str) -> str:
    """Return `$PnN` of a name as FlowJo writes it: ``Comp-PE-A :: CD56`` is ``PE-A``."""
    name = cell.split("::", 1)[0].strip() or cell
    stripped = name[1:-1] if name.startswith("<") and name.endswith(">") else name
    return stripped[len("Comp-") :] if stripped.lower().startswith("comp-") else stripped


def is_diva(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether the table is FACSDiva's list: ``Fluorochrome, -% Fluorochrome, Spectral Overlap``."""
    head = rows[0]
    return len(head) == 3 and bool(_RECEIVER.fullmatch(head[0]) and _SOURCE.fullmatch(head[1]))


def square_of_diva(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return FACSDiva's list as a square table with fractions.

    ``PE, FITC, 18.0`` says that 18 % of the FITC signal is subtracted from PE: FITC into PE is 0.18. Pairs that
    are not listed are 0. Percent is divided by 100, as this layout knows no other unit.
    """
    body = [row for row in rows[1:] if len(row) == 3]
    names = list(dict.fromkeys(name for row in body for name in (row[0], row[1])))
    cells = [["1" if i == j else "0" for j in range(len(names))] for i in range(len(names))]
    for receiver, source, percent in body:
        i, j = names.index(source), names.index(receiver)
        if i != j:
            cells[i][j] = _fraction(percent)
    return [names, *([name, *row] for name, row in zip(names, cells, strict=True))]


def diva_text(names: Sequence[str], matrix: NDArray[np.float64]) -> str:
    """Return a square matrix (n, n) as FACSDiva lists it, in percent, every pair."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["Fluorochrome", "-% Fluorochrome", "Spectral Overlap"])
    for j, receiver in enumerate(names):
        for i, source in enumerate(names):
            if i != j:
                writer.writerow([receiver, source, repr(100.0 * float(matrix[i, j]))])
    return stream.getvalue()


def _fraction(percent: str) -> str:
    """Return a percentage as a fraction; what is no number stays for the reader to refuse."""
    try:
        return repr(float(percent.rstrip("% ")) / 100.0)
    except ValueError:
        return percent
