"""The template ``tbnk`` on simulated clinical tubes of several kinds of cytometer, and on a file of ten bits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmarks.blood_tubes import CYTOMETERS, KINDS, SUBSETS, Cytometer, blood_tube, composition

from nkflow.fcs import read_fcs
from nkflow.gating import gate, load_template
from nkflow.gating.adaptive.ranged import ranged

NAMES = ("lymphocytes", "CD3+", "B", "NK", "NKT-like", "CD4 T", "CD8 T")


@pytest.mark.parametrize("cytometer", CYTOMETERS, ids=lambda each: each.name)
@pytest.mark.parametrize("seed", range(100, 104))
def test_subsets__are_those_of_the_labels(cytometer: Cytometer, seed: int) -> None:
    tube = blood_tube(seed, cytometer)
    gating = gate(tube.sample, load_template("tbnk"), histograms=False)
    assert set(gating.resolution.missing) <= {"singlets"}
    assert ("singlets" in gating.resolution.missing) is not cytometer.height
    for name in SUBSETS:
        inside, true = gating.mask(name), tube.mask(name)
        f1 = 2 * np.count_nonzero(inside & true) / (inside.sum() + true.sum())
        assert f1 >= (0.93 if name == "NKT-like" else 0.97), (name, f1)
    leukocytes, found = tube.kind != KINDS.index("debris"), gating.mask("CD45+")
    assert 2 * np.count_nonzero(found & leukocytes) / (found.sum() + leukocytes.sum()) >= 0.97


@pytest.mark.parametrize("cytometer", CYTOMETERS, ids=lambda each: each.name)
@pytest.mark.parametrize("debris", [0.0, 0.005, 0.02, 0.03, 0.05])
def test_granulocytes__are_leukocytes_however_little_debris_there_is(
    cytometer: Cytometer, debris: float
) -> None:
    shares = composition(np.random.default_rng(17)) | {"debris": debris}
    tube = blood_tube(17, cytometer, shares=shares)
    gating = gate(tube.sample, load_template("tbnk"), histograms=False)
    granulocytes, found = tube.kind == KINDS.index("granulocytes"), gating.mask("CD45+")
    assert np.mean(found[granulocytes]) >= 0.98
    assert np.mean(found[tube.kind == KINDS.index("debris")]) <= 0.03 if debris else True
    assert np.mean(gating.mask("lymphocytes")[granulocytes]) <= 0.005


def test_mononuclear_cells_without_granulocytes__keep_the_valley_above_the_debris() -> None:
    shares = composition(np.random.default_rng(18)) | {"granulocytes": 0.0, "debris": 0.3}
    tube = blood_tube(18, CYTOMETERS[0], shares=shares)
    gating = gate(tube.sample, load_template("tbnk"), histograms=False)
    assert gating.resolution["CD45"].answer.method == "valley"
    leukocytes, found = tube.kind != KINDS.index("debris"), gating.mask("CD45+")
    assert 2 * np.count_nonzero(found & leukocytes) / (found.sum() + leukocytes.sum()) >= 0.97


def test_lymphosum__is_t_b_and_nk() -> None:
    gating = gate(blood_tube(7, CYTOMETERS[0]).sample, load_template("tbnk"))
    counts = gating.counts
    assert set(NAMES) <= set(counts)
    assert counts["lymphosum"] == counts["CD3+"] + counts["B"] + counts["NK"]
    assert 0.97 <= counts["lymphosum"] / counts["lymphocytes"] <= 1.0
    assert counts["CD4 T"] + counts["CD8 T"] + counts["CD4+CD8+"] + counts["CD4-CD8-"] == counts["CD3+"]


def test_patient_without_b_cells__gets_no_gate_with_its_reason_and_keeps_the_rest() -> None:
    shares = composition(np.random.default_rng(3))
    shares["B"] = 0.0
    gating = gate(blood_tube(3, CYTOMETERS[1], shares=shares).sample, load_template("tbnk"))
    assert gating.resolution.missing["CD19"].reason in ("one-peak", "no-valley", "outside-window")
    assert "CD3+" in gating.counts
    assert "B" not in gating.counts
    assert any(f.severity == "error" and "CD19" in f.message for f in gating.findings)


def test_unstained_blood__is_not_guessed() -> None:
    tube = blood_tube(5, CYTOMETERS[0])
    rng = np.random.default_rng(5)
    values = np.array(tube.sample.values())
    values[:, 3:] = rng.normal(0, 60, values[:, 3:].shape)
    sample = type(tube.sample).from_arrays(values.astype(np.float32), tube.sample.channels, name="unstained")
    gating = gate(sample, load_template("tbnk"))
    assert not {"CD3+", "B", "NK", "CD4 T"} & set(gating.counts)


def test_tube_without_cd4_and_cd8__keeps_t_b_and_nk() -> None:
    sample = blood_tube(2, CYTOMETERS[0]).sample
    keep = [c.index for c in sample.channels if c.marker not in ("CD4 PE-Cy7", "CD8 APC-Cy7")]
    kept = type(sample).from_arrays(
        np.array(sample.values()[:, keep], dtype=np.float32), [sample.channels[k].name for k in keep],
        markers=[sample.channels[k].marker for k in keep],
    )  # fmt: skip
    gating = gate(kept, load_template("tbnk"))
    assert {"CD3+", "B", "NK", "NKT-like"} <= set(gating.counts)
    assert "CD4 T" not in gating.counts
    assert gating.resolution.missing["CD4"].reason == "no-channel"


def test_ranged__takes_decades_gain_and_values_beyond_a_wrong_range_for_the_top() -> None:
    template = load_template("tbnk")
    old, wide = (
        ranged(template, blood_tube(1, cytometer).sample) for cytometer in (CYTOMETERS[2], CYTOMETERS[3])
    )
    assert (old.scales["CD3"].parameters["T"], old.scales["SSC-A"].parameters["T"]) == (1e4, 1024.0)
    assert wide.scales["CD3"].parameters["T"] == 16777216.0
    low, high = (float(old.scales["CD3"].forward(end)) for end in next(
        cut.window for cut in old.document.cuts if cut.name == "CD3"
    ))  # fmt: skip
    assert (low, high) == pytest.approx((0.2, 0.85), abs=1e-6)
    sample = blood_tube(1, CYTOMETERS[0]).sample
    bare = type(sample).from_arrays(
        np.array(sample.values(), dtype=np.float32), [c.name for c in sample.channels],
        markers=[c.marker for c in sample.channels],
    )  # fmt: skip
    top = ranged(template, bare).scales["CD3"].parameters["T"]
    assert top == pytest.approx(float(sample.values("CD3").max()), rel=0.2)


def test_file_of_ten_bits__is_gated_like_its_decoded_values(tmp_path: Path) -> None:
    """FCS 2.0 as cytometers of the nineties write it: 16-bit words, four decades, heights only."""
    tube = blood_tube(11, CYTOMETERS[2])
    names = ("FSC-H", "SSC-H", "FL1-H", "FL2-H", "FL3-H", "FL4-H", "FL5-H", "FL6-H")
    values = tube.sample.values()
    stored = np.column_stack([values[:, :2], np.rint(256 * np.log10(values[:, 2:]))]).astype("<u2")
    text = {
        "$MODE": "L", "$DATATYPE": "I", "$BYTEORD": "1,2,3,4", "$PAR": "8", "$TOT": str(len(stored)),
        "$CYT": "FACSCalibur", "$NEXTDATA": "0",
    }  # fmt: skip
    for n, name in enumerate(names, 1):
        text |= {f"$P{n}N": name, f"$P{n}B": "16", f"$P{n}R": "1024", f"$P{n}E": "4,0" if n > 2 else "0,0"}
        text |= {f"$P{n}S": tube.sample.channels[n - 1].marker} if n > 2 else {}
    segment = "\\" + "\\".join(part for pair in text.items() for part in pair) + "\\"
    start = 58 + len(segment)
    stop = start + stored.nbytes - 1
    head = "FCS2.0    " + "".join(f"{number:>8}" for number in (58, start - 1, start, stop, 0, 0))
    path = tmp_path / "old.fcs"
    path.write_bytes(head.encode() + segment.encode() + stored.tobytes())
    gating = gate(read_fcs(path), load_template("tbnk"))
    assert gating.resolution.template.scales["CD3"].parameters["T"] == 1e4
    for name in NAMES:
        inside, true = gating.mask(name), tube.mask(name)
        assert 2 * np.count_nonzero(inside & true) / (inside.sum() + true.sum()) >= 0.95
