"""``nkflow demo``: the shipped lot, twice into one folder, and never over another's files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nkflow.cli import main


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that a demo has filled."""
    out = tmp_path_factory.mktemp("demo") / "nkflow-demo"
    first = run("demo", "--out", out)
    assert first.exit_code == 0, first.output
    assert first.stdout.startswith("PASS\n")
    for name in ("page.html", "record.json"):
        assert str(out / "release" / name) in first.stdout
    return out


def test_demo__again_gives_one_document_whose_intervals_hold_the_truth(folder: Path) -> None:
    before = (folder / "release" / "record.json").read_bytes()
    again = run("demo", "--out", folder, "--json")
    assert again.exit_code == 0
    found = json.loads(again.stdout)
    assert (found["schema"], found["verdict"]) == ("nkflow.release", "PASS")
    assert [row["inside"] for row in found["truth"]] == [True, True, True]
    for row in found["truth"]:
        assert row["low"] <= row["truth"] <= row["high"]
    assert (folder / "release" / "record.json").read_bytes() == before


def test_demo__fills_an_empty_folder_and_leaves_another_one_alone(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    refused = run("demo", "--out", mine)
    assert refused.exit_code == 2
    assert [path.name for path in mine.iterdir()] == ["thesis.txt"]
    empty = tmp_path / "empty"
    empty.mkdir()
    assert run("demo", "--out", empty).exit_code == 0
