"""The rules of the house that a reader would otherwise have to watch over: sizes, names, imports, exports."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "nkflow"
MODULES = sorted(SOURCE.rglob("*.py"))
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _ids(path: Path) -> str:
    return str(path.relative_to(SOURCE))


def _functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


@pytest.mark.parametrize("path", MODULES, ids=_ids)
def test_module__holds_one_idea(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= 350, f"{lines} lines hold two ideas"
    assert path.stem not in FORBIDDEN_NAMES
    assert not path.stem.endswith("_more")
    assert not re.search(r"\d$", path.stem), "no numbered halves"


@pytest.mark.parametrize("path", MODULES, ids=_ids)
def test_functions__are_short_with_few_arguments(path: Path) -> None:
    in_kernels = path.parent.name == "kernels"
    too_long, too_many = [], []
    for function in _functions(_tree(path)):
        body = function.body
        start = body[0].end_lineno + 1 if ast.get_docstring(function) and len(body) > 1 else function.lineno
        length = (function.end_lineno or 0) - start + 1
        if length > (80 if in_kernels else 40):
            too_long.append(f"{function.name}: {length} lines")
        positional = [
            a.arg for a in (*function.args.posonlyargs, *function.args.args) if a.arg not in {"self", "cls"}
        ]
        total = len(positional) + len(function.args.kwonlyargs)
        is_verb = any(
            "command" in ast.unparse(d) for d in function.decorator_list
        )  # an option is an argument
        if not in_kernels and not is_verb and (total > 6 and function.name != "__init__"):
            too_many.append(f"{function.name}: {total} arguments")
    assert not too_long
    assert not too_many


@pytest.mark.parametrize("path", MODULES, ids=_ids)
def test_exports__are_sorted_and_exist(path: Path) -> None:
    tree = _tree(path)
    exports = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets)
    ]
    if not exports:
        assert path.name in {"__init__.py", "__main__.py"}, "a module names what it offers in __all__"
        return
    names = list(exports[0])
    # case decides first, as ruff's RUF022 sorts: CONSTANTS, Classes, functions
    assert names == sorted(set(names), key=lambda n: (0 if n.isupper() else 1 if n[:1].isupper() else 2, n))


@pytest.mark.parametrize("path", MODULES, ids=_ids)
def test_imports__do_not_walk_round_the_layers(path: Path) -> None:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module == "nkflow":
            assert all(
                (SOURCE / alias.name).is_dir() or (SOURCE / f"{alias.name}.py").is_file()
                for alias in node.names
            ), "import from the room, not from the root"
        if isinstance(node, ast.Import):
            assert all(alias.name != "nkflow" for alias in node.names)
        if isinstance(node, ast.Name | ast.Attribute):
            name = node.id if isinstance(node, ast.Name) else node.attr
            if path != SOURCE / "__init__.py":
                assert name not in {"import_module", "__import__"}


@pytest.mark.parametrize("path", MODULES, ids=_ids)
def test_handlers__catch_named_errors_only(path: Path) -> None:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None
            caught = ast.unparse(node.type)
            assert not re.search(r"\b(Base)?Exception\b", caught), f"line {node.lineno} catches {caught}"


def test_numba__stays_in_the_kernels() -> None:
    users = [
        path
        for path in MODULES
        if path.parent.name != "kernels"
        and re.search(r"^\s*(import numba|from numba)", path.read_text(), re.M)
    ]
    assert not users


def test_layers__are_kept() -> None:
    run = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stdout + run.stderr


_HEAVY = (
    "numba",
    "pandas",
    "flowkit",
    "sklearn",
    "scipy.stats",
    "plotly",
    "scipy",
    "pyarrow",
    "lxml",
    "typst",
)


@pytest.mark.parametrize(
    "statement",
    [
        "import nkflow",
        "from nkflow.cli import main; main(['--help'], standalone_mode=False)",
        "from nkflow.gating import load_template; load_template('nk_release_7aad')",
    ],
)
def test_start__loads_nothing_heavy(statement: str) -> None:
    program = f"import sys\n{statement}\nprint('loaded:', [m for m in {_HEAVY!r} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    assert run.stdout.rstrip().endswith("loaded: []"), run.stdout[-300:]


def test_public_face__is_sorted_lazy_and_complete() -> None:
    import nkflow

    assert list(nkflow.__all__) == sorted(nkflow.__all__)
    for name in nkflow.__all__:
        assert getattr(nkflow, name) is not None
    assert set(nkflow.__all__) <= set(dir(nkflow))
    with pytest.raises(AttributeError, match="no_such_name"):
        nkflow.no_such_name  # noqa: B018


def test_text__names_no_machine_and_no_registry() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, timeout=30)
    if listed.returncode:
        pytest.skip("not a git checkout")
    bad = []
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.suffix in {".fcs", ".png", ".pdf"} or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if re.search(r"(?<![\w/])/(work|root|home)/[a-z]", text) and name != "tests/house/test_house.py":
            bad.append(name)
    assert not bad
