"""Every item of the standards brief has a test that carries its id, and a row in the documentation."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ITEMS = [
    f"FCS-{letter}{number:02d}"
    for letter, last in {"H": 12, "T": 14, "D": 18, "V": 9, "C": 6, "M": 7, "W": 5}.items()
    for number in range(1, last + 1)
]


def _tests() -> set[str]:
    names: set[str] = set()
    for path in Path(__file__).parent.glob("test_fcs_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                names.add(node.name)
    return names


def test_items__each_has_a_test_of_its_name() -> None:
    tests = _tests()
    assert [
        item for item in ITEMS if not any(t.startswith(f"test_{item.replace('-', '_')}__") for t in tests)
    ] == []


def test_items__each_stands_in_the_documentation_with_its_tests(project: Path) -> None:
    rows = dict(
        re.findall(r"^\| (FCS-\w\d\d) \|.*\| (.*) \|$", (project / "docs" / "fcs.md").read_text(), re.M)
    )
    assert sorted(rows) == sorted(ITEMS)
    for item, cell in rows.items():
        named = set(re.findall(r"`(test_\w+)`", cell))
        expected = {test for test in _tests() if test.startswith(f"test_{item.replace('-', '_')}__")}
        assert named == expected, item


def test_handlers__name_what_they_catch(project: Path) -> None:
    """`Exception` may only be a base class or the type of an argument of ``__exit__``, never something caught."""
    for path in (project / "src" / "nkflow" / "fcs").glob("*.py"):
        tree = ast.parse(path.read_text())
        allowed: set[ast.AST] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler):
                assert node.type is not None, f"{path.name}:{node.lineno} catches everything"
            if isinstance(node, ast.ClassDef):
                allowed.update(node.bases)
            if isinstance(node, ast.arg) and node.annotation is not None:
                allowed.update(ast.walk(node.annotation))
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id in {"Exception", "BaseException"}:
                assert node in allowed, f"{path.name}:{node.lineno} names {node.id}"
