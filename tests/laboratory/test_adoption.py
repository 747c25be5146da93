"""A shipped template re-based on tubes of another instrument: gains, ranges, names and file names are its own."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from laboratory.own_instrument import CYTOMETER, GAIN, own_folder, write_own, write_single_stains
from nkflow.cli import main
from nkflow.errors import GatingError, InvalidValueError
from nkflow.fcs import read_fcs
from nkflow.gating import gate, load_template, parse_template
from nkflow.laboratory.adoption import Adoption, adopt
from nkflow.laboratory.adoption.own_tubes import own_tubes
from nkflow.laboratory.adoption.windows import own_window, stray, tolerance_factor
from nkflow.release.pipeline import release
from nkflow.simulate.lot import simulate_lot

NAME = "nk_release_7aad_adaptive"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a flat folder of eleven sample tubes, FMOs, unstained tube and single stains; not to be changed."""
    made = own_folder(tmp_path_factory.mktemp("own") / "tubes", range(201, 212), events=34_000)
    (made / "single stains").mkdir()
    write_single_stains(made / "single stains", simulate_lot(201, events=1000).tubes[0].sample)
    return made


@pytest.fixture(scope="module")
def adopted(folder: Path) -> Adoption:
    return adopt(NAME, folder, name="ours")


def test_draft__carries_instrument_settings_names_and_matrix(adopted: Adoption, folder: Path) -> None:
    template = adopted.template
    assert template.document.draft
    assert (template.name, template.reference.instrument) == ("ours", CYTOMETER)
    sample = read_fcs(folder / "donor_203.fcs")
    settings = template.reference.settings
    assert settings["$CYTSN"] == "X-17"
    voltages = {key: value for key, value in settings.items() if key.endswith("V")}
    assert len(voltages) >= 8
    assert all(float(sample.keywords[key]) == value for key, value in voltages.items())
    assert "CD56 tandem" in template.panel["CD56"].aliases
    matrix = template.compensation.matrix
    truth = simulate_lot(201, events=1000).tubes[0].sample.spillover
    order = [matrix.detectors.index(name) for name in truth.detectors]
    rows = np.array(matrix.rows)[np.ix_(order, order)]
    assert np.abs(rows - truth.matrix).max() < 0.003
    assert parse_template(adopted.to_yaml()) == template
    assert adopted.to_yaml().startswith("# DRAFT")


def test_windows__are_the_instruments_own_and_say_their_rule(adopted: Adoption) -> None:
    shipped = {cut.name: cut for cut in load_template(NAME).document.cuts}
    for cut in adopted.cuts:
        written = next(each for each in adopted.template.document.cuts if each.name == cut.name)
        assert tuple(written.window) == cut.after
        assert cut.n == 11
        if cut.name == "CD3 FMO":
            assert "1 FMO control" in written.set_on
            continue
        assert "of 11 tubes" in written.set_on
        middle = np.sqrt(np.prod(cut.after))
        factor = GAIN if cut.channel in ("CD3", "CD56", "CD14", "CD19", "CD45", "7-AAD") else 1.0
        before = np.sqrt(np.prod(shipped[cut.name].window))
        assert middle == pytest.approx(factor * before, rel=0.5), cut.name


@pytest.mark.parametrize("seed", [301, 302, 303])
def test_draft__gates_other_tubes_of_the_instrument_right(
    adopted: Adoption, folder: Path, tmp_path: Path, seed: int
) -> None:
    tube = simulate_lot(seed, events=25_000).tubes[0]
    sample = read_fcs(write_own(tmp_path / "new.fcs", tube.sample))
    controls = {marker: read_fcs(folder / f"FMO_{marker}.fcs") for marker in ("CD3", "CD56")}
    found = gate(sample, adopted.template, controls=controls)
    assert found.resolution.missing == {}
    for population in ("beads", "viable", "NK", "NKT-like"):
        assert found.counts[population] == pytest.approx(tube.truth_counts[population], rel=0.03, abs=10)
    assert [f.code for f in found.findings if f.severity != "info"] == ["template-draft"]


def test_page__shows_before_and_after(adopted: Adoption) -> None:
    page = adopted.page()
    assert page.count("<svg") >= len(adopted.cuts) + 10
    assert "Before: donor_201.fcs" in page
    assert "After: donor_201.fcs by ours" in page
    assert "<script" not in page
    assert page == adopted.page()


def test_release__with_a_draft_is_invalid(tmp_path: Path) -> None:
    folder = simulate_lot(5, events=12_000).write(tmp_path / "lot")
    text = load_template("nk_release_7aad").to_yaml() + "draft: true\n"
    (folder / "mine.yaml").write_text(text)
    lot = (folder / "lot.yaml").read_text()
    (folder / "lot.yaml").write_text(lot.replace("template: nk_release_7aad\n", "template: mine.yaml\n"))
    found = release(folder / "lot.yaml", second_engine=False)
    assert found.verdict == "INVALID"
    assert any("is a draft" in reason for reason in found.reasons)


def copied(folder: Path, target: Path, count: int) -> Path:
    """Return a folder with some of the tubes."""
    target.mkdir()
    for path in (*sorted(folder.glob("FMO*.fcs")), *sorted(folder.glob("donor*.fcs"))[:count]):
        shutil.copy(path, target / path.name)
    return target


def test_few_tubes__are_refused_by_number_unless_allowed(folder: Path, tmp_path: Path) -> None:
    few = copied(folder, tmp_path / "few", 4)
    with pytest.raises(GatingError, match="4 sample tubes can be used, 10 are needed"):
        adopt(NAME, few)
    found = adopt(NAME, few, allow=("few-tubes",))
    assert "few-tubes" in {finding.code for finding in found.findings}
    assert found.template.document.draft


def test_other_instrument_and_other_voltages__are_said_by_name(folder: Path, tmp_path: Path) -> None:
    mixed = copied(folder, tmp_path / "mixed", 4)
    write_own(mixed / "guest.fcs", simulate_lot(300, events=5000).tubes[0].sample, cytometer="Another")
    with pytest.raises(GatingError, match=r"Another X-17: guest\.fcs"):
        adopt(NAME, mixed, allow=("few-tubes",))
    (mixed / "guest.fcs").unlink()
    write_own(mixed / "loud.fcs", simulate_lot(300, events=5000).tubes[0].sample, **{"$P9V": "700"})
    with pytest.raises(GatingError, match=r"other voltages than most \(.+\): loud\.fcs"):
        adopt(NAME, mixed, allow=("few-tubes",))


def test_tubes_that_fail__are_said_by_name(folder: Path, tmp_path: Path) -> None:
    bad = copied(folder, tmp_path / "bad", 4)
    (bad / "broken.fcs").write_bytes(b"FCS3.1 and nothing else")
    sample = simulate_lot(300, events=5000).tubes[0].sample
    lacking = [
        name
        for name in (c.name for c in sample.channels)
        if name != sample.channels[sample.index("CD56")].name
    ]
    from nkflow.fcs import write_fcs

    write_fcs(
        bad / "no_cd56.fcs", sample.values(lacking),
        channels=[c for c in sample.channels if c.name in lacking],
        keywords={"$CYT": CYTOMETER, "$CYTSN": "X-17"},
    )  # fmt: skip
    found = adopt(NAME, bad, allow=("few-tubes", "mixed-settings"))
    text = " ".join(finding.message for finding in found.findings)
    assert "broken.fcs" in text
    assert "no_cd56.fcs" in text
    assert found.n_tubes == 4


def test_lot_documents__say_the_roles(tmp_path: Path) -> None:
    for seed in (1, 2):
        simulate_lot(seed, events=2000).write(tmp_path / "all" / f"lot{seed}")
    tubes = own_tubes(tmp_path / "all", ("CD3", "CD56"))
    assert [tube.role for tube in tubes].count("sample") == 6
    assert {(tube.role, tube.marker, tube.group) for tube in tubes if tube.role == "fmo"} == {
        ("fmo", marker, f"SIM-ordinary-{seed}") for marker in ("CD3", "CD56") for seed in (1, 2)
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("FMO CD3.fcs", ("fmo", "CD3")),
        ("d1_fmo-cd16+56.fcs", ("fmo", "CD16+56")),
        ("CD3FMO_x.fcs", ("fmo", "CD3")),
        ("Unstained_001.fcs", ("unstained", None)),
        ("comp/PE.fcs", ("single-stain", None)),
        ("single CD56.fcs", ("single-stain", None)),
        ("beads only.fcs", ("bead-only", None)),
        ("donor 7.fcs", ("sample", None)),
    ],
)
def test_names__say_the_roles_of_other_files(
    tmp_path: Path, name: str, expected: tuple[str, str | None]
) -> None:
    sample = simulate_lot(1, events=200).tubes[0].sample
    values = sample.values()
    from nkflow.fcs import write_fcs

    (tmp_path / name).parent.mkdir(exist_ok=True)
    write_fcs(tmp_path / name, values, channels=sample.channels)
    (tube,) = own_tubes(tmp_path, ("CD3", "CD16", "CD16+56", "CD56"))
    assert (tube.role, tube.marker) == expected


def test_other_mistakes__are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match="no cuts to find"):
        adopt("nk_release_7aad", tmp_path)
    with pytest.raises(InvalidValueError, match="no such tolerance"):
        adopt(NAME, tmp_path, allow=("anything",))
    with pytest.raises(InvalidValueError, match="no FCS file"):
        adopt(NAME, tmp_path)


class TestRule:
    @pytest.mark.parametrize(("n", "k"), [(10, 4.433), (15, 3.878), (20, 3.615), (30, 3.350), (100, 2.934)])
    def test_factor__is_that_of_the_tables(self, n: int, k: float) -> None:
        # two-sided, 99 % content, 95 % confidence: ISO 16269-6:2014, NIST e-Handbook 7.2.6.3
        assert tolerance_factor(n) == pytest.approx(k, rel=0.01)

    def test_window__holds_99_percent_with_95_percent_confidence(self) -> None:
        rng, holds = np.random.default_rng(3), 0
        from scipy.special import ndtr

        for _ in range(2000):
            window = own_window(rng.standard_normal(12).tolist(), [0.0] * 12, lots=12)
            holds += ndtr(window.high) - ndtr(window.low) >= 0.99
        assert holds / 2000 == pytest.approx(0.95, abs=0.02)

    def test_window__is_no_narrower_than_the_noise_of_one_tube(self) -> None:
        window = own_window([0.5, 0.501, 0.499, 0.5], [0.02] * 4, lots=4)
        assert window.by_uncertainty
        assert (window.low, window.high) == pytest.approx((0.44, 0.56))
        assert "3 standard uncertainties" in window.text

    def test_window__of_replicates_counts_the_lots(self) -> None:
        places = np.random.default_rng(1).normal(0.5, 0.01, 30).tolist()
        assert own_window(places, [0.0] * 30, lots=10).factor == pytest.approx(tolerance_factor(10))
        assert own_window(places, [0.0] * 30, lots=1).factor == pytest.approx(tolerance_factor(30))

    def test_stray__is_far_from_the_others(self) -> None:
        places = [0.5, 0.51, 0.49, 0.5, 0.505, 0.9]
        assert stray(places, [0.01] * 6) == (5,)
        assert stray(places, [0.2] * 6) == ()
        assert stray(places[:4], [0.01] * 4) == ()


def test_verb__writes_draft_and_pictures_and_prints_one_document(folder: Path, tmp_path: Path) -> None:
    words = ["template", "adopt", NAME, "--tubes", str(folder), "--out", str(tmp_path / "lab.yaml")]
    result = CliRunner().invoke(main, [*words, "--json"])
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert (found["schema"], found["template"]["name"], found["n_tubes"]) == ("nkflow.adoption", "lab", 11)
    assert load_template(tmp_path / "lab.yaml").document.draft
    assert "Before" in (tmp_path / "lab.html").read_text()
    assert CliRunner().invoke(main, words).exit_code == 2  # the output exists
    (tmp_path / "none").mkdir()
    few = CliRunner().invoke(
        main, [*words[:4], str(tmp_path / "none"), "--out", str(tmp_path / "x.yaml"), "--json"]
    )
    assert few.exit_code == 4
    assert json.loads(few.stdout)["schema"] == "nkflow.error"
    assert not (tmp_path / "x.yaml").exists()


def test_single_stains_of_several_lots__give_the_matrix_of_one(folder: Path, tmp_path: Path) -> None:
    several = copied(folder, tmp_path / "several", 4)
    sample = simulate_lot(201, events=1000).tubes[0].sample
    for day in ("monday", "tuesday"):
        (several / day / "comp").mkdir(parents=True)
        write_single_stains(several / day / "comp", sample)
    found = adopt(NAME, several, allow=("few-tubes",))
    (said,) = [finding for finding in found.findings if finding.code == "several-single-stains"]
    assert "tuesday" in said.message
    assert found.matrix == f"matrix from {len(sample.spillover.detectors)} single stains"
    assert found.template.compensation.policy == "template"
