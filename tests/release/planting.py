"""Ways to make a lot invalid, and the reason that has to be found: shared by the tests and by the study."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import yaml

from nkflow.compensation import Spillover
from nkflow.fcs import read_fcs, write_fcs
from nkflow.fcs.sample import Sample
from nkflow.gating import gate, load_template
from nkflow.release.inputs import load_inputs
from nkflow.release.judging import Judgement, judge_lot
from nkflow.release.lot_tubes import gate_lot

__all__ = ["PLANTED", "drop", "edit_lot", "judged"]

Tree = dict  # of a YAML document
Keep = Callable[[np.ndarray, Sample], np.ndarray]


def judged(lot: Path) -> Judgement:
    """Return what a release of the lot says, without its margins, its second engine and its page."""
    inputs = load_inputs(lot / "lot.yaml")
    tubes = gate_lot(inputs.files, inputs.template, threads=1, second_engine=False, progress=lambda _: None)
    return judge_lot(inputs, tubes)


def edit_lot(lot: Path, change: Callable[[Tree], object]) -> None:
    """Change the lot document as a tree."""
    path = lot / "lot.yaml"
    tree = yaml.safe_load(path.read_text())
    change(tree)
    path.write_text(yaml.safe_dump(tree, sort_keys=False))


def _tube(tree: Tree, name: str) -> Tree:
    return next(tube for tube in tree["tubes"] if tube["id"] == name)


def drop(lot: Path, *names: str) -> None:
    """Take tubes out of the lot document."""
    edit_lot(lot, lambda tree: tree.update(tubes=[tube for tube in tree["tubes"] if tube["id"] not in names]))


def _rewrite(
    path: Path,
    *,
    keep: Keep | None = None,
    change: Callable[[np.ndarray, Sample], np.ndarray] | None = None,
    matrix: Spillover | None = None,
    **keywords: str,
) -> None:
    """Write `path` again with events left out or changed, or other keywords (``CYTSN`` stands for ``$CYTSN``)."""
    sample = read_fcs(path)
    values = np.array(sample.values())
    if keep is not None:
        values = values[keep(values, sample)]
    if change is not None:
        values = change(values, sample)
    given = {"TUBE NAME" if key == "TUBE_NAME" else f"${key}": value for key, value in keywords.items()}
    # a written file describes its channels anew; voltages are handed over
    voltages = {key: text for key, text in sample.keywords.items() if re.fullmatch(r"\$P\d+V", key)}
    made = Sample.from_arrays(
        values, sample.channels, spillover=matrix or sample.spillover, keywords=dict(sample.keywords)
    )
    write_fcs(path, made, keywords=voltages | given, force=True)


def _some(name: str, share: float) -> Keep:
    """Keep this share of a population, and every other event."""

    def keep(values: np.ndarray, sample: Sample) -> np.ndarray:
        inside = gate(sample, load_template("nk_release_7aad")).mask(name)
        return ~inside | (np.random.default_rng(3).random(len(values)) < share)

    return keep


def _first(count: int) -> Keep:
    return lambda values, sample: np.arange(len(values)) < count


def _stopped(values: np.ndarray, sample: Sample) -> np.ndarray:
    values[:, sample.index("Time")] = 5.0
    return values


def _wrapped(values: np.ndarray, sample: Sample) -> np.ndarray:
    values[:, sample.index("Time")] %= 10.24
    return values


def _voltage(lot: Path, tube: str = "B") -> None:
    """Change one voltage in place: three digits for three."""
    path = lot / f"{tube}.fcs"
    content, count = re.subn(rb"(\$P6V.)450", rb"\g<1>463", path.read_bytes(), count=1)
    assert count == 1
    path.write_bytes(content)


def _swap(lot: Path, one: str, other: str) -> None:
    shutil.move(lot / f"{one}.fcs", lot / "x")
    shutil.move(lot / f"{other}.fcs", lot / f"{one}.fcs")
    shutil.move(lot / "x", lot / f"{other}.fcs")


def _give(lot: Path, source: str, target: str, **changes: object) -> None:
    """Put the events of one tube in the place of another, with the other's keywords."""
    name = read_fcs(lot / f"{target}.fcs").keywords["TUBE NAME"]
    shutil.copy(lot / f"{source}.fcs", lot / f"{target}.fcs")
    _rewrite(lot / f"{target}.fcs", TUBE_NAME=name, **changes)  # type: ignore[arg-type]


def _cells_into_beads(lot: Path) -> None:
    cells = read_fcs(lot / "unstained.fcs").values()[:200]

    def add(values: np.ndarray, sample: Sample) -> np.ndarray:
        both = np.concatenate([values, cells])
        time = sample.index("Time")
        both[len(values) :, time] = np.linspace(0.0, values[-1, time], len(cells))
        return both[np.argsort(both[:, time], kind="stable")]

    _rewrite(lot / "bead-only.fcs", change=add)


def _other_matrix(lot: Path) -> None:
    known = read_fcs(lot / "C.fcs").spillover
    assert known is not None
    matrix = np.array(known.matrix)
    matrix[0, 1] += 0.01
    _rewrite(lot / "C.fcs", matrix=Spillover(known.names, matrix, source="$SPILLOVER"))


def _other_template(lot: Path) -> None:
    text = (
        load_template("nk_release_7aad").to_yaml().replace("nkflow simulated cytometer", "another cytometer")
    )
    (lot / "mine.yaml").write_text(text)
    edit_lot(lot, lambda tree: tree.update(template="mine.yaml"))


def _set(*place: str | int, value: object) -> Callable[[Path], None]:
    def change(tree: Tree) -> None:
        node = tree
        for step in place[:-1]:
            node = _tube(node, str(step)) if "tubes" in node and step not in node else node[step]
        node[place[-1]] = value

    return lambda lot: edit_lot(lot, change)


PLANTED: dict[str, tuple[Callable[[Path], object], str]] = {
    # materials
    "expired beads": (_set("counting", "beads", "expires_on", value="2026-01-01"), "bead lot in date not met"),
    "expired process control": (
        _set("process-control", "sheet", "expires_on", value="2026-03-01"), "process-control in date not met",
    ),
    "expired antibody": (_set("reagents", 0, "expires_on", value="2026-03-01"), "reagents in date not met: CD3"),
    "antibody not stated": (lambda lot: edit_lot(lot, lambda tree: tree["reagents"].pop(1)), "reagent CD45"),
    "process control without its sheet": (
        lambda lot: edit_lot(lot, lambda tree: _tube(tree, "process-control").pop("sheet")), "process-control sheet",
    ),
    # controls that are missing, or are not what they are said to be
    "missing FMO-CD3": (lambda lot: drop(lot, "FMO-CD3"), "fmo CD3 is missing"),
    "missing FMO-CD56": (lambda lot: drop(lot, "FMO-CD56"), "fmo CD56 is missing"),
    "missing unstained": (lambda lot: drop(lot, "unstained"), "unstained is missing"),
    "missing bead-only": (lambda lot: drop(lot, "bead-only"), "bead-only is missing"),
    "missing process control": (lambda lot: drop(lot, "process-control"), "process-control is missing"),
    "FMO of another marker": (_set("FMO-CD56", "marker", value="CD14"), "fmo CD56 is missing"),
    "swapped FMO files": (lambda lot: _swap(lot, "FMO-CD3", "FMO-CD56"), "fmo CD3 CD3+ of viable not met"),
    "FMO that holds the marker": (
        lambda lot: _give(lot, "A", "FMO-CD3", keep=_first(9000)), "fmo CD3 CD3+ of viable not met",
    ),
    "FMO that is not stained": (
        lambda lot: _give(lot, "unstained", "FMO-CD56", keep=_first(5000)), "fmo CD56 CD56+ of viable",
    ),
    "FMO of few events": (lambda lot: _rewrite(lot / "FMO-CD3.fcs", keep=_first(800)), "0 to 0.5 %, of 1,000"),
    "stained tube as unstained": (
        lambda lot: _give(lot, "FMO-CD3", "unstained", keep=_first(5000)), "unstained CD45+ of singlets not met",
    ),
    "process control out of range": (
        lambda lot: _rewrite(lot / "process-control.fcs", keep=_some("T", 0.4)), "process-control T of viable not met",
    ),
    "process control that died": (
        lambda lot: _rewrite(lot / "process-control.fcs", keep=_some("viable", 0.3)),
        "process-control viable of CD45+ not met",
    ),
    "product as process control": (
        lambda lot: _give(lot, "B", "process-control", keep=_first(6000)), "process-control T of viable not met",
    ),
    "cells among the beads alone": (_cells_into_beads, "bead-only tube, cells not met"),
    "sample as bead-only": (
        lambda lot: _give(lot, "B", "bead-only", keep=_first(6000)), "bead-only tube, cells not met",
    ),
    "beads alone too few": (
        lambda lot: _rewrite(lot / "bead-only.fcs", keep=_some("beads", 0.7)), "bead-only tube, recovery not met",
    ),
    # counting
    "beads lost from one tube": (
        lambda lot: _rewrite(lot / "B.fcs", keep=_some("beads", 0.6)), "tube B: bead recovery not met",
    ),
    "beads of another concentration": (
        _set("counting", "beads", "concentration_per_ul", value=1500.0), "bead recovery not met",
    ),
    "few beads": (
        lambda lot: [_rewrite(lot / f"{tube}.fcs", keep=_some("beads", 0.1)) for tube in "ABC"], "bead events not met",
    ),
    "replicate that disagrees": (
        lambda lot: _rewrite(lot / "B.fcs", keep=_some("cells", 0.6)), "tube B: replicates agree not met",
    ),
    "one tube only": (lambda lot: drop(lot, "B", "C"), "sample tubes not met: 1"),
    "few events": (lambda lot: _rewrite(lot / "A.fcs", keep=_first(3000)), "tube A: events of viable not met"),
    "counting method not allowed": (
        _set("counting", "method", value="volumetric"), "which the protocol does not allow",
    ),
    # identity
    "same file twice": (lambda lot: shutil.copy(lot / "A.fcs", lot / "B.fcs"), "the same bytes as tube A"),
    "same run exported twice": (lambda lot: _give(lot, "A", "B"), "the same events as tube A"),
    "tube of another patient": (lambda lot: _rewrite(lot / "C.fcs", SMNO="other lot"), "tube C: identity $SMNO"),
    "two tubes exchanged": (lambda lot: _swap(lot, "A", "C"), "tube A: identity TUBE NAME not met: C"),
    "codes not stated": (
        lambda lot: edit_lot(lot, lambda tree: _tube(tree, "A").pop("codes")), "no codes in the lot",
    ),
    "file that is cut off": (
        lambda lot: (lot / "C.fcs").write_bytes((lot / "C.fcs").read_bytes()[:200_000]), "tube C: ",
    ),
    # cytometer
    "other voltage": (_voltage, "tube B: same detector voltages ($PnV) not met"),
    "other voltage of a control": (
        lambda lot: _voltage(lot, "unstained"), "tube unstained: same detector voltages ($PnV) not met",
    ),
    "other voltage of the first tube": (
        lambda lot: _voltage(lot, "A"), "tube A: same detector voltages ($PnV) not met",
    ),
    "other serial number": (lambda lot: _rewrite(lot / "B.fcs", CYTSN="SIM-2"), "same cytometer serial number"),
    "other cytometer": (lambda lot: _rewrite(lot / "B.fcs", CYT="Other"), "tube B: same cytometer ($CYT) not met"),
    "cytometer not of the lot": (_set("instrument", "serial", value="SIM-9"), "cytometer of the lot not met"),
    "template of another cytometer": (_other_template, "another cytometer"),
    "other matrix": (_other_matrix, "tube C: same spillover matrix not met"),
    "old matrix": (_set("instrument", "matrix_made_on", value="2025-11-02"), "age of the matrix not met"),
    "cytometer QC failed": (_set("instrument", "qc", value="failed"), "cytometer QC of the day not met"),
    "cytometer QC of another day": (
        _set("instrument", "qc_at", value="2026-03-14T07:30:00Z"), "age of the cytometer QC not met",
    ),
    # time
    "no clock": (lambda lot: _rewrite(lot / "B.fcs", change=_stopped), "tube B: steady acquisition not assessable"),
    "clock that wraps": (lambda lot: _rewrite(lot / "B.fcs", change=_wrapped), "tube B: steady acquisition"),
    "stained too long ago": (_set("A", "stained_at", value="2026-03-17T05:00:00Z"), "tube A: stain to acquisition"),
    "stained after acquisition": (_set("A", "stained_at", value="2026-03-17T19:00:00Z"), "stain to acquisition"),
    "acquired late": (
        lambda lot: _rewrite(lot / "C.fcs", BTIM="14:05:00.00", ETIM="14:06:00.00"), "tube C: stain to acquisition",
    ),
    "control of another day": (
        lambda lot: _rewrite(lot / "unstained.fcs", DATE="10-MAR-2026"), "tube unstained: one session",
    ),
    "count too old": (_set("dose", "infusion_at", value="2026-03-18T16:00:00Z"), "the count is 30.5 h old"),
    "product expired": (_set("product", "expires_at", value="2026-03-17T12:00:00Z"), "the product expires"),
    # recipient
    "mass of another basis": (_set("recipient", "mass_basis", value="ideal"), "mass is ideal"),
    "mass measured long ago": (_set("recipient", "mass_measured_on", value="2026-01-02"), "mass was measured"),
    "mass implausible": (_set("recipient", "mass_kg", value=5.1), "5.1 kg"),
    "dose before unaccounted": (_set("dose", "number", value=2), "dose 1 is neither"),
}  # fmt: skip
