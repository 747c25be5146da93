"""A small lot on disk, made once, and copies of it that a test may spoil."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from nkflow.simulate.lot import simulate_lot


@pytest.fixture(scope="session")
def small_lot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a simulated lot with small tubes; not to be changed."""
    return simulate_lot(5, events=12_000).write(tmp_path_factory.mktemp("lots") / "small")


@pytest.fixture
def lot(small_lot: Path, tmp_path: Path) -> Path:
    """Return a copy of the small lot that the test may change."""
    return Path(shutil.copytree(small_lot, tmp_path / "lot"))


@pytest.fixture
def edit() -> Callable[[Path, str, str], None]:
    """Return a function that replaces text in a file, which must be there."""

    def replace(path: Path, old: str, new: str) -> None:
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {path.name}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return replace
