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
    target = tmp_path / "out"
    files.write_folder(target, {"old.txt": b"old", "sub/x.txt": b"x"})
    with pytest.raises(OutputError):
        files.write_folder(target, {"old.txt": b"new", "new.txt": b"new"})
    files.write_folder(target, {"old.txt": b"new", "new.txt": b"new"}, force=True)
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
        files.write_folder(target, {"old.txt": b"1", "2": b"2", "3": b"3"}, force=True)
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
        files.write_folder(target, {"old.txt": b"new", "new.txt": b"new"}, force=True)
    assert _left(target) == ["old.txt"]


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil"])
def test_write_folder__refuses_names_that_point_outside(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match="outside"):
        files.write_folder(tmp_path / "out", {name: b"x"})
    assert _left(tmp_path) == []


def test_write_folder__never_replaces_what_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.doc").write_bytes(b"years of work")
    with pytest.raises(OutputError, match="other things"):
        files.write_folder(tmp_path / "home", {"record.json": b"{}"}, force=True)
    assert _left(tmp_path / "home") == ["thesis.doc"]
