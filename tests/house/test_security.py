"""What the core never does: run foreign code, or reach for the network (STANDARDS 7)."""

from __future__ import annotations

import ast
import socket
from pathlib import Path

import pytest

from nkflow.release.pipeline import release
from nkflow.simulate.lot import simulate_lot

SOURCE = Path(__file__).parents[2] / "src" / "nkflow"
NETWORK = {"aiohttp", "asyncio", "ftplib", "http", "httpx", "poplib", "requests", "smtplib", "socket", "socketserver",
           "ssl", "telnetlib", "urllib.request", "urllib3", "webbrowser", "xmlrpc"}  # fmt: skip
CODE = {"cloudpickle", "dill", "joblib", "marshal", "pickle", "runpy", "shelve", "subprocess"}
CALLS = {"eval", "exec", "compile"}
FACES = {"review", "laboratory", "cli"}  # may open a port of this machine, or talk to a scheduler


def imported(tree: ast.AST) -> set[str]:
    """Return all modules that are imported, with their packages."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names | {name.partition(".")[0] for name in names}


@pytest.mark.parametrize(
    "room", sorted({p.relative_to(SOURCE).parts[0] for p in SOURCE.rglob("*.py")} - FACES)
)
def test_room__imports_no_network_and_nothing_that_runs_code(room: str) -> None:
    place = SOURCE / room
    for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert not imported(tree) & (NETWORK | CODE), path.name
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in CALLS, f"{path.name}:{node.lineno}"
            if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                assert isinstance(node.value, ast.Constant), f"{path.name}:{node.lineno}"
                assert node.value.value is False, f"{path.name}:{node.lineno}"


def test_release__needs_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # SEC-03
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    lot = simulate_lot(3, events=8000).write(tmp_path / "lot")
    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    found = release(lot / "lot.yaml", second_engine=False)
    found.write(tmp_path / "out")
    assert (tmp_path / "out" / "record.json").exists()
