"""A spillover matrix as CSV text, as R, FlowJo, FACSDiva and spreadsheets write it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nkflow.compensation import matrix_layouts
from nkflow.errors import CompensationError

__all__ = ["parse", "read", "text"]

MAX_BYTES = 4 * 1024 * 1024


def read(path: Path) -> str:
    """Return the text of the file at `path` (UTF-8, at most 4 MiB)."""
    try:
        data = path.read_bytes() if path.stat().st_size <= MAX_BYTES else None
    except OSError as problem:
        raise _refuse("the file can't be read", path.name, problem.strerror or "an error") from problem
    if data is None:
        raise _refuse("the file is too large for a matrix", path.name, "more than 4 MiB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise _refuse("the file is not UTF-8 text", path.name, f"byte {problem.start}") from problem


def parse(content: str, source: str) -> tuple[tuple[str, ...], tuple[str, ...], list[list[float]]]:
    """Return dye names, detector names and rows of values of the CSV text `content`.

    The first row names the detectors, with or without a corner cell; every other row is a dye, with or
    without its name in front. Comma, semicolon and tab separate cells, a full stop is the decimal sign. FlowJo's
    ``Comp-PE-A :: CD56`` is PE-A; FACSDiva's list of pairs is read too (see `matrix_layouts`).
    """
    rows = _rows(content, source)
    if matrix_layouts.is_diva(rows):
        rows = matrix_layouts.square_of_diva(rows)
    head, body = rows[0], rows[1:]
    labelled = not _is_number(body[0][0])
    cells = head[1:] if labelled and len(head) == len(body[0]) else head
    detectors = tuple(matrix_layouts.detector_name(cell) for cell in cells)
    if any(_is_number(cell) for cell in detectors):
        raise _refuse("the first row must name the detectors", source, f"the number {head[-1]}")
    width = len(detectors) + labelled
    values = []
    for number, row in enumerate(body, start=2):
        if len(row) != width:
            raise _refuse(f"row {number} does not fit the header", source, f"{len(row)} cells", f"{width}")
        values.append([_number(cell, number, source) for cell in row[labelled:]])
    labels = tuple(matrix_layouts.detector_name(row[0]) for row in body) if labelled else ()
    return *_named(labels, detectors, values, source), values


def _named(
    labels: tuple[str, ...], detectors: tuple[str, ...], values: list[list[float]], source: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return dye and detector names; rows of a square matrix are sorted (in place) into detector order."""
    if len(values) != len(detectors):
        if not labels:
            raise _refuse("dyes of a matrix that is not square need names", source, f"{len(values)} rows")
        return labels, detectors
    if labels and set(labels) == set(detectors):
        values[:] = [values[labels.index(name)] for name in detectors]
    if all(abs(values[i][i] - 100.0) < 1.0 for i in range(len(values))):
        raise _refuse("the matrix is in percent", source, "100 on the diagonal", "1 on the diagonal")
    return detectors, detectors


def text(names: Sequence[str], detectors: Sequence[str], matrix: NDArray[np.float64]) -> str:
    """Return CSV text with an empty corner cell, dye names in front and the shortest exact numbers."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["", *detectors])
    for name, row in zip(names, matrix.tolist(), strict=True):
        writer.writerow([name, *map(repr, row)])
    return stream.getvalue()


def _rows(content: str, source: str) -> list[list[str]]:
    """Split `content` into stripped cells, blank lines left out."""
    first = content.lstrip().split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    try:
        rows = [
            [cell.strip() for cell in row] for row in csv.reader(io.StringIO(content), delimiter=delimiter)
        ]
    except csv.Error as problem:
        raise _refuse("the text is not CSV", source, str(problem)) from problem
    rows = [row for row in rows if any(row)]
    if len(rows) < 2:
        raise _refuse("a matrix needs a row of names and a row of numbers", source, f"{len(rows)} rows")
    return rows


def _is_number(cell: str) -> bool:
    """Tell whether `cell` reads as a number."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _number(cell: str, row: int, source: str) -> float:
    """Return the number in `cell`."""
    if not _is_number(cell):
        raise _refuse(
            f"row {row} holds a cell that is not a number", source, ascii(cell), "a number such as 0.02"
        )
    return float(cell)


def _refuse(message: str, source: str, found: str, expected: str = "") -> CompensationError:
    return CompensationError(
        message,
        code="matrix-csv",
        where=source,
        found=found,
        expected=expected,
        next_step="Write a row of detector names, then a row of fractions per dye, 1 for its own detector.",
    )
