"""``nkflow gate`` with events and a second engine, ``nkflow template convert`` and ``compare``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from nkflow.cli import main
from nkflow.exchange import cross_check
from nkflow.fcs import read_fcs
from nkflow.gating import gate, load_template


def run(*arguments: object, code: int = 0):
    result = CliRunner().invoke(main, [str(a) for a in arguments])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture(scope="module")
def tube(project: Path) -> Path:
    return project / "sample_fcs" / "A.fcs"


def test_gate__writes_events_and_cross_checks(tube, tmp_path) -> None:
    import pyarrow.parquet as pq

    more = ["--events", "parquet", "--events", "fcs", "--population", "NK", "--cross-check", "--json"]
    result = run("gate", tube, "-t", "nk_release_7aad", "--out", tmp_path / "g", *more)
    document = json.loads(result.stdout)
    assert document["second_engine"]["identical"] is True
    assert document["second_engine"]["n_events"] == document["n_events"]
    count = document["counts"]["NK"]
    assert pq.read_table(tmp_path / "g" / "events.parquet").num_rows == count
    assert read_fcs(tmp_path / "g" / "events.fcs").n_events == count
    assert (tmp_path / "g" / "populations.csv").read_text().startswith("population,path,count")


def test_gate__needs_a_folder_for_events(tube) -> None:
    assert "--out" in run("gate", tube, "-t", "nk_release_7aad", "--events", "csv", code=2).output


def test_gate__says_with_its_exit_code_that_engines_disagree(tube, monkeypatch) -> None:
    import nkflow.exchange.second_engine as second

    def wrong(sample, gating, *, keep):
        other = load_template("nk_release_7aad").with_gate("viable", high=900)
        found = cross_check(sample, gate(sample, other))
        return second.replace(found, differences=(second.Difference("NK", 5, 5, 0, 0, 0, 0, (1,)),))

    monkeypatch.setattr(second, "cross_check", wrong)
    result = run("gate", tube, "-t", "nk_release_7aad", "--cross-check", code=5)
    assert "disagrees: 5 events of NK" in result.output


@pytest.mark.parametrize("suffix", ["yaml", "xml", "wsp"])
def test_convert__writes_what_gate_counts_alike(tube, tmp_path, suffix: str) -> None:
    target = tmp_path / f"t.{suffix}"
    document = json.loads(
        run("template", "convert", "nk_release_7aad", target, "--file", tube, "--json").stdout
    )
    assert document["schema"] == "nkflow.converted"
    run("template", "convert", "nk_release_7aad", target, "--file", tube, code=2)
    first, again = (
        json.loads(run("gate", tube, "-t", name, "--json").stdout)["counts"]
        for name in ("nk_release_7aad", target)
    )
    assert {name: again[name] for name in first} == first
    back = tmp_path / "back.yaml"
    run("template", "convert", target, back)
    assert json.loads(run("gate", tube, "-t", back, "--json").stdout)["counts"]["NK"] == first["NK"]


def test_convert__refuses_another_ending_and_an_unknown_sample(tube, tmp_path) -> None:
    assert "written" not in run("template", "convert", "nk_release_7aad", tmp_path / "t.docx", code=4).stdout
    run("template", "convert", "nk_release_7aad", tmp_path / "t.wsp", "--file", tube)
    result = run(
        "template", "convert", tmp_path / "t.wsp", tmp_path / "x.yaml", "--sample", "other.fcs", code=4
    )
    assert "A.fcs" in result.output


def test_compare__sets_counts_side_by_side(reference) -> None:
    folder = reference / "gating" / "flowsom_mouse_nk"
    document = json.loads(run("template", "compare", folder / "gating.wsp", folder, "--json").stdout)
    assert document["schema"] == "nkflow.compare"
    assert document["explained"] is True
    rows = {row["population"]: row for row in document["samples"][0]["populations"]}
    assert rows["Lymphocytes"]["difference"] == 13
    assert rows["Lymphocytes"]["verdict"] == "grid"
    assert len(rows["Lymphocytes"]["first"]) == 13
    assert {finding["code"] for finding in document["findings"]} >= {
        "tables-not-carried",
        "layouts-not-carried",
    }
    text = run("template", "compare", folder / "gating.wsp", folder / "68983.fcs").output
    assert "NK T cells" in text
    assert "+13" in text


def test_compare__names_files_that_the_workspace_does_not_know(reference, tube) -> None:
    workspace = reference / "gating" / "flowsom_mouse_nk" / "gating.wsp"
    assert "knows none" in run("template", "compare", workspace, tube, code=4).output
