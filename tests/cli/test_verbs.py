"""The command line as its users meet it: words, documents, exit codes, nothing half done."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nkflow.cli import main
from nkflow.counting.intervals import poisson_upper
from nkflow.simulate.lot import simulate_lot
from worked.cases import FOLDER


@pytest.fixture(scope="module")
def lot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a small simulated lot."""
    return simulate_lot(11, events=12_000).write(tmp_path_factory.mktemp("lots") / "lot")


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)


def document(result: Result) -> dict:
    """Return the one JSON document on stdout."""
    found = json.loads(result.stdout)
    assert {"schema", "version"} <= set(found)
    return found


def test_help__shows_verbs_in_the_order_of_the_day_and_exit_codes() -> None:
    text = run("--help").stdout
    assert text.index("demo") < text.index("gate ") < text.index("release ")
    assert "5    any verdict but PASS" in text


@pytest.mark.parametrize("verb", sorted(main.commands))
def test_every_verb__explains_itself_with_an_example_or_is_plain(verb: str) -> None:
    result = run(verb, "--help")
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) > 4


def test_usage__error_is_2_on_stderr() -> None:
    result = run("gate", "--no-such-option")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "no-such-option" in result.stderr


def test_gate__prints_a_table_or_one_document(lot: Path) -> None:
    table = run("gate", lot / "A.fcs", "--template", "nk_release_7aad")
    assert table.exit_code == 0
    assert "NKT-like" in table.stdout
    found = document(run("gate", lot / "A.fcs", "--template", "nk_release_7aad", "--json"))
    truth = json.loads((lot / "truth.json").read_text())["tubes"]["A"]
    assert found["counts"]["NK"] == pytest.approx(truth["NK"], rel=0.02)


@pytest.mark.parametrize(
    "words",
    [
        ("gate", "A.fcs", "-t", "nk_release_7aad", "--threads"),
        ("release", "lot.yaml", "--out", "o", "--threads"),
        ("batch", ".", "-t", "nk_release_7aad", "--out", "o", "--workers"),
    ],
)
@pytest.mark.parametrize("count", [0, -1])
def test_threads_and_workers__are_at_least_1(words: tuple[str, ...], count: int) -> None:
    refused = run(*words, count)
    assert refused.exit_code == 2
    assert f"{count} is not in the range" in refused.stderr


def test_gate__writes_counts_table_and_plots_once(lot: Path, tmp_path: Path) -> None:
    words = ("gate", lot / "A.fcs", "-t", "nk_release_7aad", "--out", tmp_path / "gated")
    assert run(*words).exit_code == 0
    names = {path.name for path in (tmp_path / "gated").iterdir()}
    assert {"gating.json", "populations.csv", "plots"} <= names
    assert (tmp_path / "gated" / "plots" / "01.svg").read_text().startswith("<svg")
    again = run(*words)
    assert again.exit_code == 2
    assert "exists already" in again.stderr
    assert run(*words, "--force").exit_code == 0


@pytest.mark.parametrize(
    ("name", "content"), [("not.fcs", b"GIF89a" * 50), ("empty.fcs", b""), ("header.fcs", b"FCS3.1    ")]
)
def test_bad_data__is_exit_3_for_gate_and_inspect(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    gated = run("gate", path, "--template", "nk_release_7aad", "--out", tmp_path / "out")
    assert gated.exit_code == 3
    assert not (tmp_path / "out").exists()
    assert run("inspect", path).exit_code == 3
    found = document(run("gate", path, "--template", "nk_release_7aad", "--json"))
    assert found["schema"] == "nkflow.error"
    inspected = run("inspect", path, "--json")
    assert inspected.exit_code == 3
    assert document(inspected)["trusted"] is False


def test_truncated__is_exit_3(lot: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.fcs"
    path.write_bytes((lot / "A.fcs").read_bytes()[:-1000])
    assert run("gate", path, "--template", "nk_release_7aad").exit_code == 3
    assert run("inspect", path).exit_code == 3


def test_missing_file__is_a_clear_error(tmp_path: Path) -> None:
    result = run("gate", tmp_path / "gone.fcs", "--template", "nk_release_7aad")
    assert result.exit_code == 3
    assert "gone.fcs" in result.stderr


def test_bad_template__is_exit_4_with_all_mistakes(lot: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("nkflow: template/1\nname: mine\nshade: 1\nhue: 2\npopulations: []\n")
    result = run("gate", lot / "A.fcs", "--template", path)
    assert result.exit_code == 4
    for word in ("shade", "hue", "compensation", "populations"):
        assert word in result.stderr
    assert run("gate", lot / "A.fcs", "--template", "no_such_name").exit_code == 4


def test_inspect__shows_channels_and_trusts_a_good_file(lot: Path) -> None:
    result = run("inspect", lot / "A.fcs")
    assert result.exit_code == 0
    assert "CD56" in result.stdout
    assert document(run("inspect", lot / "A.fcs", "--json"))["trusted"] is True


def test_release__writes_page_and_record_and_says_the_verdict(lot: Path, tmp_path: Path) -> None:
    result = run("release", lot / "lot.yaml", "--out", tmp_path / "out", "--json")
    record = document(result)
    assert result.exit_code == (0 if record["verdict"] == "PASS" else 5)
    assert json.loads((tmp_path / "out" / "record.json").read_bytes()) == record
    assert record["verdict"] in (tmp_path / "out" / "page.html").read_text()


def test_release__bad_documents_are_exit_4_and_nothing_is_written(lot: Path, tmp_path: Path) -> None:
    text = (lot / "lot.yaml").read_text()
    broken = shutil.copytree(lot, tmp_path / "lot") / "lot.yaml"
    broken.write_text(text.replace("file: A.fcs", "file: gone.fcs").replace("mass_kg:", "mass_kg: 0 #"))
    result = run("release", broken, "--out", tmp_path / "out")
    assert result.exit_code == 4
    assert "mass_kg" in result.stderr
    assert not (tmp_path / "out").exists()


def test_release__bad_data_is_exit_3_with_a_record(lot: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(lot, tmp_path / "lot")
    (folder / "C.fcs").write_bytes(b"no")
    words = (
        "release",
        folder / "lot.yaml",
        "--out",
        tmp_path / "out",
        "--verdict-is-data",
        "--no-second-engine",
    )
    assert run(*words).exit_code == 3
    assert json.loads((tmp_path / "out" / "record.json").read_bytes())["verdict"] == "INVALID"


def test_release__no_beads_is_invalid_with_its_reason(lot: Path, tmp_path: Path) -> None:
    from nkflow.fcs import read_fcs, write_fcs
    from nkflow.fcs.sample import Sample

    folder = shutil.copytree(lot, tmp_path / "lot")
    for name in ("A.fcs", "B.fcs", "C.fcs"):
        sample = read_fcs(folder / name)
        values = sample.values()
        kept = values[values[:, sample.index("SSC-A")] < 100_000]
        changed = Sample.from_arrays(
            kept, sample.channels, spillover=sample.spillover, keywords=dict(sample.keywords)
        )
        write_fcs(folder / name, changed, force=True)
    result = run("release", folder / "lot.yaml", "--out", tmp_path / "out", "--json")
    record = document(result)
    assert record["verdict"] == "INVALID"
    assert any("bead" in reason for reason in record["reasons"])
    assert result.exit_code == 3


def test_simulate__same_seed_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        result = run("simulate", "--seed", 4, "--events", 500, "--out", tmp_path / name)
        assert result.exit_code == 0
    for path in sorted((tmp_path / "one").iterdir()):
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


@pytest.mark.parametrize("workers", [1, 2])
def test_batch__one_bad_file_fails_by_itself(lot: Path, tmp_path: Path, workers: int) -> None:
    folder = tmp_path / "tubes"
    folder.mkdir()
    for name in ("A.fcs", "B.fcs"):
        shutil.copy(lot / name, folder / name)
    (folder / "=bad.fcs").write_bytes(b"nothing")
    words = (
        "batch",
        folder,
        "-t",
        "nk_release_7aad",
        "--out",
        tmp_path / "out",
        "--workers",
        workers,
        "--json",
    )
    result = run(*words)
    assert result.exit_code == 3
    found = document(result)
    assert [failure["tube"] for failure in found["failed"]] == ["=bad.fcs"]
    assert {row["tube"] for row in found["rows"]} == {"A.fcs", "B.fcs", "=bad.fcs"}
    lines = (tmp_path / "out" / "table.csv").read_text().splitlines()
    assert sum(line.startswith("'=bad.fcs") for line in lines) == 1
    assert "3/3" in result.stderr


def test_batch__refuses_a_place_that_can_not_be_written_before_it_begins(lot: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.doc").write_text("not ours")
    (tmp_path / "shared").mkdir()
    for name in ("table.csv", "batch.json", "thesis.doc"):
        (tmp_path / "shared" / name).write_text("not ours")
    for out, reason in (
        (tmp_path / "file" / "out", "Not a directory"),
        (tmp_path / "other", "other things"),
        (tmp_path / "shared", "thesis.doc"),
    ):
        result = run("batch", lot, "-t", "nk_release_7aad", "--out", out, "--force")
        assert result.exit_code == 2
        assert reason in result.stderr
        assert "gated" not in result.stderr
    assert {path.read_text() for path in (tmp_path / "shared").iterdir()} == {"not ours"}
    assert len(list((tmp_path / "shared").iterdir())) == 3


@pytest.mark.parametrize("theirs", ["notes.txt", "plots/mine.svg"])
def test_gate_and_release__force_replaces_only_what_they_wrote(
    lot: Path, tmp_path: Path, theirs: str
) -> None:
    out = tmp_path / "gated"
    words = ("gate", lot / "A.fcs", "-t", "nk_release_7aad", "--out", out)
    assert run(*words, "--events", "fcs").exit_code == 0
    assert run(*words, "--force").exit_code == 0
    assert not (out / "events.fcs").exists()  # with other options: theirs alone are left
    (out / theirs).write_text("theirs")
    for again in (words, ("release", lot / "lot.yaml", "--out", out)):
        refused = run(*again, "--force")
        assert refused.exit_code == 2
        assert theirs.split("/")[0] in refused.stderr
    assert (out / theirs).read_text() == "theirs"


def test_template__lists_shows_and_explains(lot: Path) -> None:
    assert "nk_release_7aad" in run("template", "list").stdout
    assert "nkflow: template/1" in run("template", "show", "nk_release_7aad").stdout
    explained = run("template", "explain", "nk_release_7aad", "-f", lot / "A.fcs").stdout
    assert "compensate" in explained
    assert "NK in lymphoid" in explained
    shown = document(run("template", "show", "nk_release_7aad", "--json"))
    assert "NKT-like" in shown["populations"]
    assert shown["template"]["name"] == "nk_release_7aad"


def test_template_explain__shows_cuts_with_and_without_a_tube(lot: Path, tmp_path: Path) -> None:
    name = "nk_release_7aad_adaptive"
    assert "7-AAD: valley of 7-AAD in CD45+" in run("template", "explain", name).stdout
    assert document(run("template", "explain", name, "--json"))["cuts"][0]["name"] == "beads CD14"
    words = (
        "template",
        "explain",
        name,
        lot / "A.fcs",
        "--fmo",
        f"CD3={lot / 'FMO-CD3.fcs'}",
        "-p",
        "CD3dim",
    )
    (found,) = document(run(*words, "--json"))["populations"]
    of_fmo = next(cut for cut in found["cuts"] if cut["name"] == "CD3 FMO")
    assert of_fmo["first"]["reason"] == "too-few-events"  # the control was looked at; it is small
    assert run(*words, "--out", tmp_path / "why.html").exit_code == 0
    assert (tmp_path / "why.html").read_text().count("<svg") == len(found["cuts"])
    assert run(*words, "--out", tmp_path / "why.html").exit_code == 2
    assert run("template", "explain", name, lot / "A.fcs", "--fmo", "CD3").exit_code == 2
    for wrong in (("--out", tmp_path / "no.html"), ("-p", "NK"), (lot / "A.fcs", "-f", lot / "B.fcs")):
        assert run("template", "explain", name, *wrong).exit_code == 2
    assert not (tmp_path / "no.html").exists()


def test_events_needed__is_the_table_of_the_domain() -> None:
    # DOMAIN.md 3.2: D 5e6, L 5e4, 20 events seen -> 2,907
    assert "2,907" in run("events-needed", "--dose", "5e6", "--limit", "5e4", "--expected", 20).stdout


def test_events_needed__for_a_product_whose_t_cells_are_known_in_advance() -> None:
    words = ("events-needed", "--dose", "5e6", "--limit", "5e4", "--ratio")
    found = document(run(*words, "0.005", "--json"))
    # with N events 0.005 N are T: U(0.005 N) * 5e6 / N <= 5e4 for the first time
    assert poisson_upper(0.005 * found["events"]) * 100 <= found["events"]
    assert poisson_upper(0.005 * (found["events"] - 1)) * 100 > found["events"] - 1
    assert document(run(*words, "0.005", "--phi", 2, "--json"))["events"] > found["events"]
    hopeless = document(run(*words, "0.01", "--json"))
    assert hopeless["events"] is None
    assert "not below the limit" in hopeless["reason"]
    assert "no number of events is enough" in run(*words, "0.01").stdout
    assert run(*words, "0.01", "--expected", 3).exit_code == 2


def test_dose__says_definitions_residual_t_and_what_may_be_reported(tmp_path: Path) -> None:
    for name in ("lot.yaml", "protocol.yaml"):
        shutil.copy(FOLDER / name, tmp_path)
    result = run("dose", tmp_path / "lot.yaml")
    assert result.exit_code == 5
    assert "dosed population = CD56+, viable = 7-AAD-negative, residual T = T" in result.stdout
    assert "residual T (T): 1.005e+04 cells/kg; all CD3+ 2.33e+05" in result.stdout
    assert run("dose", tmp_path / "lot.yaml", "--verdict-is-data").exit_code == 0


def test_dose__counts_that_can_not_be_are_bad_data(tmp_path: Path) -> None:
    shutil.copy(FOLDER / "protocol.yaml", tmp_path)
    text = (FOLDER / "lot.yaml").read_text()
    (tmp_path / "lot.yaml").write_text(text.replace("T: 55", "T: 56"))
    result = run("dose", tmp_path / "lot.yaml", "--json")
    assert result.exit_code == 3
    assert document(result)["expected"].startswith("6981, the sum of")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion__prints_a_script(shell: str) -> None:
    assert "nkflow" in run("completion", shell).stdout


def test_names__that_a_terminal_would_obey_are_escaped(tmp_path: Path) -> None:
    path = tmp_path / "evil\x1b]0;owned\x07.fcs"
    path.write_bytes(b"nothing")
    result = run("inspect", path)
    assert "\x1b" not in result.stdout + result.stderr
