"""Every item of the standards brief stands in the documentation, with tests that exist."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

LAST = {"TR": 26, "CO": 25, "GM": 16, "WS": 11, "AG": 12, "QC": 5, "AD": 11, "SEC": 4}
ITEMS = [f"{chapter}-{number:02d}" for chapter, last in LAST.items() for number in range(1, last + 1)]
WITHOUT = ("not done", "optional, not done", "a caution", "not read")
THREATS = [
    "`$TOT` too large",
    "`$PAR` too large",
    "numbers of many digits",
    "negative offsets",
    "overlapping segments",
    "loops of `$NEXTDATA`",
    "TEXT of many delimiters",
    "`$PnR` that overflows",
    "large `$SPILLOVER`",
    "large `$BYTEORD`",
    "truncated DATA",
    "a file that shrinks",
    "NaN and infinities",
    "no event, one event, a constant channel",
    "doubled and similar names",
    "document types and external entities",
    "entities that multiply",
    "patterns from names",
    "zip bombs",
    "YAML that runs code or multiplies",
    "pickled models",
    "code in gate arguments",
    "addresses in a workspace",
    "names that become paths",
    "HTML in keywords",
    "formulas in CSV",
    "control characters on a terminal",
    "names of people",
    "inputs that change",
    "half an output",
    "one bad file of many",
    "wrong arithmetic of a dose",
]


@pytest.fixture(scope="module")
def rows(project: Path) -> list[tuple[str, str, str]]:
    text = (project / "docs" / "standards.md").read_text(encoding="utf-8")
    found = re.findall(r"^\| (.+?) \| (.+) \| (.+) \|$", text, re.M)
    return [row for row in found if row[0] not in ("item", "threat")]


@pytest.fixture(scope="module")
def tests(project: Path) -> Counter[str]:
    """Names of all test functions, methods among them, with the number of files that hold them."""
    names: Counter[str] = Counter()
    for path in (project / "tests").rglob("test_*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        names.update(name for name in found if name.startswith("test_"))
    return names


def test_items__each_stands_in_the_table_once(rows: list[tuple[str, str, str]]) -> None:
    assert [item for item, _, _ in rows if item not in THREATS] == ITEMS


def test_threats__each_stands_in_the_table_once(rows: list[tuple[str, str, str]]) -> None:
    assert [item for item, _, _ in rows if item not in ITEMS] == THREATS


def test_items__name_tests_that_exist(rows: list[tuple[str, str, str]], tests: Counter[str]) -> None:
    for item, _, cell in rows:
        for name in re.findall(r"`([^`]*)`", cell):
            assert tests[name] == 1, f"{item}: {name} stands in {tests[name]} files"


def test_items__have_a_test_or_say_why_not(rows: list[tuple[str, str, str]]) -> None:
    for item, does, cell in rows:
        if cell == "none":
            assert does.startswith(WITHOUT), item
        else:
            assert re.fullmatch(r"`test_\w+`(, `test_\w+`)*", cell), item
            assert not does.startswith(WITHOUT[:2]), item
