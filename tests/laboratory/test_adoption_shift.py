"""What proves that a tube was stained is measured on the laboratory's own tubes, or the draft does not rely on it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from benchmarks.depleted_lots import depleted_lot

from laboratory.own_instrument import own_folder, write_own
from nkflow.fcs import read_fcs, write_fcs
from nkflow.fcs.sample import Sample
from nkflow.gating import gate, load_template
from nkflow.laboratory.adoption import Adoption, adopt
from nkflow.laboratory.adoption.own_shift import own_shift

NAME = "nk_release_7aad_adaptive"
TRACE = 230.0  # what the antibody leaves on cells without CD3, data units of the instrument's detector
CUT = next(cut for cut in load_template(NAME).document.cuts if cut.name == "CD3")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return own_folder(tmp_path_factory.mktemp("own"), range(401, 406), events=30_000)


@pytest.fixture(scope="module")
def adopted(folder: Path) -> Adoption:
    return adopt(NAME, folder, name="ours", allow=["few-tubes"])


def _raised(sample: Sample, by: float) -> Sample:
    """Return a tube with `by` added to the detector of CD3."""
    values = sample.values().copy()
    values[:, next(k for k, c in enumerate(sample.channels) if (c.marker or "").startswith("CD3 "))] += by
    return Sample.from_arrays(values, list(sample.channels), spillover=sample.spillover)


def test_draft__has_the_window_of_its_own_tubes(adopted: Adoption) -> None:
    (cut,) = (cut for cut in adopted.cuts if cut.name == "CD3")
    assert len(cut.shift.places) == 5
    low, high = cut.shift.after
    assert 0.05 < low < min(cut.shift.places.values()) <= max(cut.shift.places.values()) < high < 0.35
    (written,) = (each for each in adopted.template.document.cuts if each.name == "CD3")
    assert written.otherwise.shift == (low, high)
    assert cut.shift.text in written.set_on
    assert cut.shift.text in adopted.page()
    assert adopted.as_dict()["cuts"][adopted.cuts.index(cut)]["shift"]["after"] == [low, high]
    assert not [f for f in adopted.findings if f.code.startswith("shift")]


def test_places__are_how_far_medians_lie_apart(adopted: Adoption, folder: Path) -> None:
    (cut,) = (cut for cut in adopted.cuts if cut.name == "CD3")
    tube = next(tube for tube in adopted.found if tube.name == "donor_403.fcs")
    template, place = tube.resolution.template, tube.cut("CD3").answer.at
    scale = template.scales["CD3"]
    stained, dark = (
        scale.forward(gate(sample, template).values("lymphoid", "CD3")[:, 0])
        for sample in (tube.sample, read_fcs(folder / "FMO_CD3.fcs"))
    )
    below = np.median(stained[stained < place])
    sd = np.subtract(*np.percentile(dark, [75, 25])) / 1.349
    assert cut.shift.places["donor_403.fcs"] == pytest.approx((below - np.median(dark)) / sd, abs=1e-9)


@pytest.mark.parametrize("seed", [411, 412])
def test_depleted_tube_of_the_instrument__is_gated_by_the_draft(
    adopted: Adoption, tmp_path: Path, seed: int
) -> None:
    lot = depleted_lot(seed, 0.0005, events=60_000)
    tube, *others = (
        read_fcs(write_own(tmp_path / f"{k}.fcs", each.sample))
        for k, each in enumerate(
            [lot.tubes[0], *(c for c in lot.controls if c.role in ("fmo", "process-control"))]
        )
    )
    kept = [c for c in lot.controls if c.role in ("fmo", "process-control")]
    controls = {
        (f"process-control {k}" if c.role == "process-control" else c.marker): sample
        for k, (c, sample) in enumerate(zip(kept, others, strict=True))
    }
    found = gate(tube, adopted.template, controls=controls)
    assert found.resolution["CD3"].source == "FMO CD3"
    assert found.counts["CD56+"] == pytest.approx(lot.tubes[0].truth_counts["CD56+"], rel=0.03)
    assert found.counts["T"] == pytest.approx(lot.tubes[0].truth_counts["T"], abs=3)
    bare = controls | {"CD3": _raised(controls["CD3"], TRACE)}  # the tube is no more stained than its control
    unstained = gate(tube, adopted.template, controls=bare)
    assert "the median lies" in unstained.resolution.missing["CD3"].message


def test_antibody_that_leaves_no_trace__is_no_proof(adopted: Adoption, folder: Path) -> None:
    raised = _raised(read_fcs(folder / "FMO_CD3.fcs"), TRACE)
    tubes = [replace(tube, fmos={"CD3": raised}) for tube in adopted.found]
    found = own_shift(CUT, tubes)
    assert min(found.places.values()) < 0.05
    assert found.after is None
    assert "a tube without antibody can't be told" in found.reason


def test_draft__does_not_take_the_fmo_for_the_tube_where_there_is_no_proof(tmp_path: Path) -> None:
    folder = own_folder(tmp_path / "tubes", range(401, 405), events=20_000)
    fmo = folder / "FMO_CD3.fcs"
    sample = read_fcs(fmo)
    write_fcs(
        fmo, _raised(sample, TRACE).values(), channels=sample.channels, spillover=sample.spillover,
        keywords={k: v for k, v in sample.keywords.items() if k.startswith(("$CYT", "$TIMESTEP")) or k.endswith("V")},
        force=True,
    )  # fmt: skip
    draft = adopt(NAME, folder, name="ours", allow=["few-tubes"])
    (written,) = (each for each in draft.template.document.cuts if each.name == "CD3")
    assert written.otherwise is None
    (said,) = (f for f in draft.findings if f.code == "shift-none")
    assert "can't be told" in said.message


def test_few_tubes__leave_the_shipped_window_and_say_so(
    adopted: Adoption, folder: Path, tmp_path: Path
) -> None:
    assert own_shift(CUT, adopted.found[:2]) is None
    assert own_shift(CUT, [replace(tube, fmos={}) for tube in adopted.found]) is None
    assert own_shift(CUT.model_copy(update={"otherwise": None}), adopted.found) is None
    small = own_folder(tmp_path / "small", range(401, 403), events=20_000)
    draft = adopt(NAME, small, allow=["few-tubes"])
    (kept,) = (finding for finding in draft.findings if finding.code == "shift-kept")
    assert kept.where == "CD3"
    assert "shift 0.1 to 0.25" in kept.message
