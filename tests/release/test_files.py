"""Outputs are whole or not there: existing ones, full disks, names that point elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nkflow.errors import OutputError
from nkflow.release import files


def _left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_write_file__replaces_only_with_force(tmp_path: Path) -> None:
    target = tmp_path / "a" / "record.json"
    files.write_file(target, b"one")
    with pytest.raises(OutputError, match="exists already"):
        files.write_file(target, b"two")
    assert target.read_bytes() == b"one"
    files.write_file(target, b"two", force=True)
    assert target.read_bytes() == b"two"
    assert _left(target.parent) == ["record.json"]


def test_write_folder__replaces_the_whole_folder(tmp_path: Path) -> None:
    target, sometimes = tmp_path / "out", ("sub/[a-z].txt", "new.txt")
    files.write_folder(target, {"old.txt": b"old", "sub/x.txt": b"x"})
    (target / ".DS_Store").write_bytes(b"a desktop looked at it")
    with pytest.raises(OutputError):
        files.write_folder(target, {"old.txt": b"new", "new.txt": b"new"}, sometimes=sometimes)
    files.write_folder(target, {"old.txt": b"new", "new.txt": b"new"}, force=True, sometimes=sometimes)
    assert _left(target) == ["new.txt", "old.txt"]
    assert (target / "old.txt").read_bytes() == b"new"
    assert not (target / "sub").exists()
    assert _left(tmp_path) == ["out"]


@pytest.mark.parametrize("call", [1, 2, 3])
def test_write_folder__leaves_the_old_one_when_the_disk_is_full(
    tmp_path: Path, monkeypatch, call: int
) -> None:
    target = tmp_path / "out"
    files.write_folder(target, {"old.txt": b"old"})
    calls = []

    def full(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == call:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left") as caught:
        files.write_folder(target, {"old.txt": b"1", "2": b"2", "3": b"3"}, force=True, sometimes="23")
    assert caught.value.where == str(target / ("old.txt", "2", "3")[call - 1])
    assert _left(target) == ["old.txt"]
    assert _left(tmp_path) == ["out"]


def test_write_folder__restores_the_old_one_when_the_rename_fails(tmp_path: Path, monkeypatch) -> None:
    target = tmp_path / "out"
    files.write_folder(target, {"old.txt": b"old"})
    rename = Path.rename

    def refuse(self: Path, to: Path) -> Path:
        if Path(to).name == "out" and ".old." not in str(self):
            raise OSError(13, "Permission denied")
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OutputError, match="Permission denied"):
        files.write_folder(target, {"old.txt": b"new"}, force=True)
    assert _left(target) == ["old.txt"]


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil"])
def test_write_folder__refuses_names_that_point_outside(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match="outside"):
        files.write_folder(tmp_path / "out", {name: b"x"})
    assert _left(tmp_path) == []


@pytest.mark.parametrize(
    "theirs",
    [
        ("thesis.doc",),
        ("record.json", "thesis.doc"),
        ("record.json", "page.html", "thesis.doc"),
        ("record.json", "page.html", "plots/thesis.svg"),
        ("record.json", "page.html", "plots/01.svg/thesis.doc"),
        ("record.json", "page.html", "years/"),
        ("record.json", "page.html/thesis.doc"),
        ("record.json",),  # a name is easily shared; what is always written together isn't
        ("plots/01.svg",),
    ],
)
def test_write_folder__never_replaces_what_is_not_ours(tmp_path: Path, theirs: tuple[str, ...]) -> None:
    home = tmp_path / "home"
    for name in theirs:
        path = home / name
        (path if name.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
        if not name.endswith("/"):
            path.write_bytes(b"years of work")
    before = sorted(path.relative_to(home) for path in home.rglob("*"))
    ours, sometimes = {"record.json": b"{}", "page.html": b"", "plots/01.svg": b""}, ("plots/[0-9][0-9].svg",)
    with pytest.raises(OutputError, match="is not replaced") as caught:
        files.write_folder(home, ours, force=True, sometimes=sometimes)
    assert caught.value.code == "output-foreign"
    assert str(caught.value.where) == str(home)
    with pytest.raises(OutputError, match="is not replaced"):  # and that is known before the work
        files.refuse_existing(home, force=True, names=("record.json", "page.html"), sometimes=sometimes)
    assert sorted(path.relative_to(home) for path in home.rglob("*")) == before
    assert all(path.read_bytes() == b"years of work" for path in home.rglob("*") if path.is_file())


def test_write_folder__says_what_stands_in_its_way(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_bytes(b"theirs")
    with pytest.raises(OutputError) as caught:
        files.write_folder(tmp_path, {"table.csv": b"", "batch.json": b""}, force=True)
    assert caught.value.found == "no batch.json"
    (tmp_path / "batch.json").write_bytes(b"theirs")
    (tmp_path / "plan.doc").write_bytes(b"theirs")
    with pytest.raises(OutputError) as caught:
        files.write_folder(tmp_path, {"table.csv": b"", "batch.json": b""}, force=True)
    assert caught.value.found == "plan.doc"


def test_write_folder__fills_an_empty_folder_with_force(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    files.write_folder(tmp_path / "out", {"table.csv": b"1"}, force=True)
    assert (tmp_path / "out" / "table.csv").read_bytes() == b"1"
