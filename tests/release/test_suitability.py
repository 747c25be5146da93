"""Preconditions: every planted invalidity is found with its own reason, and a valid lot stays valid."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nkflow.fcs import read_fcs, write_fcs
from nkflow.fcs.sample import Sample
from nkflow.release.pipeline import release


def _rewrite(
    path: Path,
    *,
    keep: Callable[[np.ndarray, Sample], np.ndarray] | None = None,
    **keywords: str,
) -> None:
    """Write `path` again with some events left out, or other keywords (``P6V`` stands for ``$P6V``)."""
    sample = read_fcs(path)
    values = np.array(sample.values())
    if keep is not None:
        values = values[keep(values, sample)]
    given = {"TUBE NAME" if key == "TUBE_NAME" else f"${key}": value for key, value in keywords.items()}
    _write(path, sample, values, given)


def _write(path: Path, sample: Sample, values: np.ndarray, changes: dict[str, str]) -> None:
    """Write other events and keywords in the place of `path`; voltages stay unless changed."""
    voltages = {key: text for key, text in sample.keywords.items() if re.fullmatch(r"\$P\d+V", key)}
    made = Sample.from_arrays(
        values, sample.channels, spillover=sample.spillover, keywords=dict(sample.keywords)
    )
    write_fcs(path, made, keywords=voltages | changes, force=True)


def _edit(lot: Path, old: str, new: str) -> None:
    path = lot / "lot.yaml"
    text = path.read_text()
    assert old in text, old
    path.write_text(text.replace(old, new, 1))


def _line(lot: Path, key: str) -> str:
    return next(line for line in (lot / "lot.yaml").read_text().splitlines() if key in line)


def _few(values: np.ndarray, sample: Sample) -> np.ndarray:
    return np.arange(len(values)) < 3000


def _no_clock(lot: Path) -> None:
    path = lot / "B.fcs"
    sample = read_fcs(path)
    values = np.array(sample.values())
    values[:, sample.index("Time")] = 5.0
    _write(path, sample, values, {})


def _other_voltage(lot: Path) -> None:
    """Change one voltage in place: three digits for three."""
    path = lot / "B.fcs"
    content, count = re.subn(rb"(\$P6V.)450", rb"\g<1>463", path.read_bytes(), count=1)
    assert count == 1
    path.write_bytes(content)


def _drop(lot: Path, tube: str) -> None:
    """Take a tube out of the lot document."""
    lines = (lot / "lot.yaml").read_text().splitlines(keepends=True)
    start = next(i for i, line in enumerate(lines) if line.strip() == f"- id: {tube}")
    stop = next(i for i in range(start + 1, len(lines)) if lines[i].startswith(("  - id:", "counting:")))
    (lot / "lot.yaml").write_text("".join(lines[:start] + lines[stop:]))


PLANTED: dict[str, tuple[Callable[[Path], None], str]] = {
    "expired beads": (lambda lot: _edit(lot, _line(lot, "expires_on"), "    expires_on: '2026-01-01'"), "expired"),
    "missing FMO-CD3": (lambda lot: _drop(lot, "FMO-CD3"), "control fmo CD3"),
    "missing FMO-CD56": (lambda lot: _drop(lot, "FMO-CD56"), "control fmo CD56"),
    "missing unstained": (lambda lot: _drop(lot, "unstained"), "control unstained"),
    "swapped FMO files": (
        lambda lot: (
            shutil.move(lot / "FMO-CD3.fcs", lot / "x"),
            shutil.move(lot / "FMO-CD56.fcs", lot / "FMO-CD3.fcs"),
            shutil.move(lot / "x", lot / "FMO-CD56.fcs"),
            None,
        )[-1],
        "CD3+ of viable",
    ),
    "stained tube as unstained": (
        lambda lot: (shutil.copy(lot / "FMO-CD3.fcs", lot / "unstained.fcs"), None)[-1],
        "CD45+ of singlets",
    ),
    "same file twice": (lambda lot: (shutil.copy(lot / "A.fcs", lot / "B.fcs"), None)[-1], "the same bytes as tube A"),
    "tube of another patient": (lambda lot: _rewrite(lot / "C.fcs", SMNO="another lot"), "identity $SMNO"),
    "two tubes exchanged": (lambda lot: _rewrite(lot / "A.fcs", TUBE_NAME="C"), "identity TUBE NAME"),
    "other voltage": (_other_voltage, "same $PnV"),
    "other cytometer": (lambda lot: _rewrite(lot / "B.fcs", CYTSN="SIM-2"), "same $CYTSN"),
    "few events": (lambda lot: _rewrite(lot / "A.fcs", keep=_few), "events of viable"),
    "no clock": (_no_clock, "steady acquisition"),
    "stained too long ago": (
        lambda lot: _edit(lot, _line(lot, "stained_at"), "    stained_at: '2026-03-17T05:00:00Z'"),
        "stain to acquisition",
    ),
    "stained after acquisition": (
        lambda lot: _edit(lot, _line(lot, "stained_at"), "    stained_at: '2026-03-17T19:00:00Z'"),
        "stain to acquisition",
    ),
    "count too old": (
        lambda lot: _edit(lot, _line(lot, "infusion_at"), "  infusion_at: '2026-03-18T16:00:00Z'"),
        "old",
    ),
    "product expired": (
        lambda lot: _edit(lot, _line(lot, "expires_at"), "  expires_at: '2026-03-17T12:00:00Z'"),
        "expires",
    ),
    "mass of another basis": (lambda lot: _edit(lot, "mass_basis: actual", "mass_basis: ideal"), "mass is ideal"),
    "mass measured long ago": (
        lambda lot: _edit(lot, _line(lot, "mass_measured_on"), "  mass_measured_on: '2026-01-02'"),
        "mass was measured",
    ),
    "mass implausible": (lambda lot: _edit(lot, _line(lot, "mass_kg"), "  mass_kg: 5.1"), "kg"),
    "dose before unaccounted": (lambda lot: _edit(lot, "  number: 1", "  number: 2"), "dose 1 is neither"),
    "codes not stated": (
        lambda lot: _edit(lot, "    codes:\n      $SMNO: SIM-ordinary-5\n      TUBE NAME: A\n", ""),
        "no codes in the lot",
    ),
    "counting method not allowed": (
        lambda lot: _edit(lot, "  method: beads", "  method: volumetric"),
        "which the protocol does not allow",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANTED)
def test_planted_invalidity__is_found_with_its_reason(lot: Path, name: str) -> None:
    plant, reason = PLANTED[name]
    plant(lot)
    result = release(lot / "lot.yaml", second_engine=False)
    assert result.verdict == "INVALID"
    assert any(reason in line for line in result.reasons), result.reasons
    assert reason.split(" of ")[0].split()[0] in result.page()


def test_valid_lot__meets_every_precondition(small_lot: Path) -> None:
    result = release(small_lot / "lot.yaml", second_engine=False)
    assert result.verdict != "INVALID"
    outcomes = {check["outcome"] for check in result.record["suitability"]}
    assert outcomes == {"met"}
    assert "preconditions met" in result.page()


def test_numbers__stay_visible_when_the_run_is_not_valid(lot: Path) -> None:
    _drop(lot, "unstained")
    result = release(lot / "lot.yaml", second_engine=False)
    assert result.verdict == "INVALID"
    assert result.dose is not None
    assert result.record["dose"]["delivered_per_kg"] > 0
