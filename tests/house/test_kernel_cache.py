"""Compiled kernels: one folder for each set of sources, never a stale answer."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nkflow.kernels import cache, native
from nkflow.kernels.jit import Kernel, kernel
from nkflow.kernels.kinds import UnkeptError, kinds_of, spelled

SOURCE = Path(cache.__file__).parents[1]

_INNER = "from nkflow.kernels.jit import kernel\n\n\n@kernel\ndef inner(x):\n    return x + {}\n"
_OUTER = (
    "from nkflow.kernels.jit import kernel\nfrom nkflow.kernels.inner import inner\n\n\n"
    "@kernel\ndef outer(x):\n    return inner(x) * 10\n"
)


def _run(tree: Path, program: str, cache_dir: Path) -> str:
    env = os.environ | {
        "PYTHONPATH": str(tree),
        "NKFLOW_CACHE_DIR": str(cache_dir),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=env, timeout=120
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def _small_tree(tmp_path: Path) -> Path:
    """Copy the package with only the cache machinery and a kernel that calls another, which is to be added."""
    kernels = tmp_path / "tree" / "nkflow" / "kernels"
    kernels.mkdir(parents=True)
    (kernels.parent / "__init__.py").touch()
    for name in ("__init__", "cache", "compiler", "jit", "kinds", "native", "stored"):
        shutil.copy(SOURCE / "kernels" / f"{name}.py", kernels)
    (kernels / "outer.py").write_text(_OUTER)
    return tmp_path / "tree"


def test_cache__serves_the_new_answer_after_a_callee_in_another_file_changed(tmp_path: Path) -> None:
    tree, program = _small_tree(tmp_path), "from nkflow.kernels import outer; print(outer.outer(1))"
    inner = tree / "nkflow" / "kernels" / "inner.py"
    inner.write_text(_INNER.format(1))
    assert _run(tree, program, tmp_path / "cache") == "20"
    assert _run(tree, program, tmp_path / "cache") == "20"
    inner.write_text(_INNER.format(2))
    assert _run(tree, program, tmp_path / "cache") == "30"
    assert len(list((tmp_path / "cache" / "kernels").iterdir())) == 2


_SERVED = """
import sys
from concurrent.futures import ThreadPoolExecutor
import numpy as np
from nkflow.kernels import inner, outer
x = np.arange(6.0)
with ThreadPoolExecutor(8) as pool:
    answers = set(pool.map(lambda _: outer.outer(x, 4), range(64)))
assert answers == {1.5}, answers
print(len(outer.outer.compiled), "numba" in sys.modules)
raised = (0, ZeroDivisionError, "division"), (-1, ValueError, "at least"), (1 << 61, ValueError, "too big")
for n, kind, words in raised:  # by the kernel, by the one that it calls, by numba's own `zeros`
    try:
        outer.outer(x, n)
    except kind as problem:
        assert words in str(problem), problem
    else:
        raise AssertionError(kind)
"""

_COMPILED = """
import numba
assert outer.outer(x.astype(np.float32), 4) == 1.5  # another type: compiled now, beside the one from the disk
@numba.njit
def fresh(a):
    words = {"one": 1.0}
    found = [outer.outer(np.ascontiguousarray(row), 2) for row in a]  # a kernel in somebody else's function
    found.append(words["one"])
    return np.linalg.inv(a) @ np.sort(a), found
a = np.array([[2.0, 1.0], [1.0, 3.0]])
product, found = fresh(a)
assert np.allclose(product, np.linalg.inv(a) @ np.sort(a)), product
assert found == [1.5, 2.0, 1.0], found
print("compiled", "numba.np.linalg" in sys.modules)
"""

_MEAN = """import numpy as np
from nkflow.kernels.jit import kernel


@kernel
def inner(x, n):
    if n < 0:
        raise ValueError("at least none")
    part = np.zeros(n)
    for i in range(n):
        part[i] = x[i]
    return part


@kernel
def outer(x, n):
    total = 0.0
    for value in inner(x, n):
        total += value
    return total / n
"""


def test_kernel_from_the_disk__needs_no_compiler_and_leaves_it_whole(tmp_path: Path) -> None:
    tree = _small_tree(tmp_path)
    (tree / "nkflow" / "kernels" / "inner.py").write_text(_MEAN)
    (tree / "nkflow" / "kernels" / "outer.py").write_text("from nkflow.kernels.inner import outer\n")
    assert _run(tree, _SERVED, tmp_path / "cache") == "1 True"
    assert _run(tree, _SERVED, tmp_path / "cache") == "0 False"
    assert _run(tree, _SERVED + _COMPILED, tmp_path / "cache").splitlines() == ["0 False", "compiled True"]


_ANSWER = "from nkflow.kernels import outer; print(outer.outer(1), len(outer.outer.compiled))"


def test_kernel_from_the_disk__is_made_again_where_its_file_is_broken(tmp_path: Path) -> None:
    tree = _small_tree(tmp_path)
    (tree / "nkflow" / "kernels" / "inner.py").write_text(_INNER.format(1))
    assert _run(tree, _ANSWER, tmp_path / "cache") == "20 1"
    (path,) = (tmp_path / "cache").rglob("outer.outer-*.kernel")
    whole = path.read_bytes()
    for broken in (
        whole[:1000],
        whole[:30],
        b"",
        whole[:-1],
        whole[:400] + b"!" + whole[401:],
        whole + b"\0",
    ):
        path.write_bytes(broken)
        assert _run(tree, _ANSWER, tmp_path / "cache") == "20 1"
        assert _run(tree, _ANSWER, tmp_path / "cache") == "20 0"


def test_kernel_from_the_disk__is_of_one_compiler_and_its_settings(tmp_path: Path, monkeypatch) -> None:
    tree = _small_tree(tmp_path)
    (tree / "nkflow" / "kernels" / "inner.py").write_text(_INNER.format(1))
    assert _run(tree, _ANSWER, tmp_path / "cache") == "20 1"
    assert _run(tree, f"import numba\n{_ANSWER}", tmp_path / "cache") == "20 0"
    monkeypatch.setenv("NUMBA_NUM_THREADS", "1")
    assert _run(tree, _ANSWER, tmp_path / "cache") == "20 0"
    monkeypatch.setenv("NUMBA_CPU_NAME", "generic")
    assert _run(tree, _ANSWER, tmp_path / "cache") == "20 1"
    assert _run(tree, _ANSWER, tmp_path / "cache") == "20 0"
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    with pytest.raises(AssertionError, match="has no attribute 'compiled'"):
        _run(tree, _ANSWER, tmp_path / "cache")
    assert _run(tree, _ANSWER.replace("len(outer.outer.compiled)", "0"), tmp_path / "cache") == "20 0"


def test_kernels__are_read_from_a_folder_that_can_not_be_written(tmp_path: Path) -> None:
    tree, store = _small_tree(tmp_path), tmp_path / "cache"
    (tree / "nkflow" / "kernels" / "inner.py").write_text(_INNER.format(1))
    assert _run(tree, _ANSWER, store) == "20 1"
    read_only = (
        "import pathlib\n"
        "def refused(*arguments, **options): raise PermissionError\n"
        "pathlib.Path.write_bytes = refused\n"
        "import os; os.access = lambda *arguments: False\n"
    )
    assert _run(tree, read_only + _ANSWER, store) == "20 0"
    assert (
        _run(tree, f"{read_only}{_ANSWER}; print(outer.outer(1.0))", store).split()[-1] == "20.0"
    )  # not kept
    assert not list(store.rglob("*.part"))


def test_kernel__is_numbas_where_numbas_helpers_are_not_found(tmp_path: Path) -> None:
    tree = _small_tree(tmp_path)
    (tree / "nkflow" / "kernels" / "inner.py").write_text(_INNER.format(1))
    assert _run(tree, _ANSWER, tmp_path / "cache") == "20 1"
    other = "from nkflow.kernels import native\n"
    other += "native._extension = lambda name: (_ for _ in ()).throw(ImportError(name))\n"
    assert _run(tree, other + _ANSWER, tmp_path / "cache") == "20 1"


def test_kernel__needs_every_symbol_before_it_is_linked(monkeypatch) -> None:
    code = native.Code("wrapper", (), ("no_such_symbol_anywhere",), b"never looked at")
    assert native.runnable(code, test_kernel__needs_every_symbol_before_it_is_linked) is None


def test_folder__is_among_the_temporary_files_where_the_users_cache_can_not_be_made(
    tmp_path: Path, monkeypatch
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("NKFLOW_CACHE_DIR", str(blocked))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    found = cache.folder.__wrapped__
    folder = found()
    assert folder.is_dir()
    assert folder == found()  # the next process finds it
    assert folder.parent.parent == tmp_path
    assert folder.parent.stat().st_mode & 0o077 == 0
    folder.parent.chmod(0o777)  # anybody could lay code there
    other = found()
    assert other.is_dir()
    assert other.parent != folder.parent


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "int64"),
        (np.int64(1), "int64"),
        (True, "bool"),
        (np.bool_(True), "bool"),
        (1.0, "float64"),
        (np.float32(1), "float32"),
        (np.zeros(3), "float64[1, C]"),
        (np.zeros((3, 4)).T, "float64[2, F]"),
        (np.zeros((3, 4))[:, ::2], "float64[2, A]"),
        (np.zeros((3, 0)), "float64[2, C]"),
        (np.broadcast_to(np.uint8(1), (3,)), "uint8[1, A, read-only]"),
        (np.frombuffer(bytes(17), np.uint8)[1:].view(np.float64), "float64[1, C, read-only]"),
        ((np.zeros(1, bool), 2), "builtins.tuple(bool[1, C], int64)"),
    ],
)
def test_kinds__are_those_of_numba(value: object, text: str) -> None:
    import numba

    assert spelled(kinds_of((value,))) == text

    if isinstance(value, np.ndarray):
        theirs = numba.typeof(value)
        assert text.startswith(f"{theirs.dtype}[{theirs.ndim}, {theirs.layout}")
        assert theirs.mutable == ("read-only" not in text)


@pytest.mark.parametrize(
    "value",
    [
        1 << 63,
        None,
        "text",
        np.zeros(1, ">f8"),
        np.zeros(1, "M8[s]"),
        np.zeros(1, object),
        np.ma.zeros(1),
        1j,
    ],
)
def test_kinds__of_other_things_are_numbas_to_look_at(value: object) -> None:
    with pytest.raises(UnkeptError):
        spelled(kinds_of((value,)))
    with pytest.raises(UnkeptError):
        spelled(kinds_of(((value,),)))


def test_kernel__takes_what_is_not_kept_as_numba_does() -> None:
    def top(x):
        return x

    assert kernel(top)(1 << 63) == 1 << 63
    assert kernel(top)(2) == 2


def test_kernels__are_all_kept() -> None:
    """A kernel that returned an array would be compiled in every process."""
    import importlib
    import pkgutil

    import nkflow.kernels as room

    modules = [
        importlib.import_module(m.name) for m in pkgutil.iter_modules(room.__path__, "nkflow.kernels.")
    ]
    kernels = {f for m in modules for f in vars(m).values() if isinstance(f, Kernel)}
    assert len(kernels) > 30
    returns = {str(f.py_func.__annotations__["return"]) for f in kernels}
    assert not {words for words in returns if "NDArray" in words}, returns


def test_hash__is_sha256_and_repeats() -> None:
    digest = cache.sources_hash()
    assert len(digest) == 64
    assert digest == cache.sources_hash()
