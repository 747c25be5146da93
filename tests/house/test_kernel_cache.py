"""Compiled kernels: one folder for each set of sources, never a stale answer."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numba
from numba.core.caching import FunctionCache
from numba.core.compiler import CompileResult
from numba.core.runtime import nrt

from nkflow.kernels import cache, served

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
    """Copy the package with only the cache machinery and two kernels of which one calls the other."""
    kernels = tmp_path / "tree" / "nkflow" / "kernels"
    kernels.mkdir(parents=True)
    (kernels.parent / "__init__.py").touch()
    for name in ("cache.py", "jit.py", "lean.py", "served.py", "__init__.py"):
        shutil.copy(SOURCE / "kernels" / name, kernels / name)
    init = (kernels / "__init__.py").read_text()
    start, end = init.index("try:\n"), init.index("finally:")
    body = "try:\n    from nkflow.kernels import inner, jit, outer\n"
    text = init[:start] + body + init[end:]
    (kernels / "__init__.py").write_text(text[: text.index("__all__")])
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


_REGISTRIES = ("numba.cpython.listobj", "numba.np.arrayobj", "numba.np.linalg", "scipy.linalg")

_SERVED = f"""
import sys
from concurrent.futures import ThreadPoolExecutor
import numpy as np
from nkflow.kernels import inner, outer
x = np.arange(6.0)
with ThreadPoolExecutor(8) as pool:
    answers = set(pool.map(lambda _: outer.outer(x, 4), range(64)))
assert answers == {{1.5}}, answers
raised = (0, ZeroDivisionError, "division"), (-1, ValueError, "at least"), (1 << 61, ValueError, "too big")
for n, kind, words in raised:  # by the kernel, by the one that it calls, by numba's own `zeros`
    try:
        outer.outer(x, n)
    except kind as problem:
        assert words in str(problem), problem
    else:
        raise AssertionError(kind)
print(sum(outer.outer._cache_hits.values()), [m for m in {_REGISTRIES} if m in sys.modules])
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
    hits, loaded = _run(tree, _SERVED, tmp_path / "cache").split(maxsplit=1)
    assert (hits, "numba.np.linalg" in loaded) == ("0", True)
    assert _run(tree, _SERVED, tmp_path / "cache") == "1 []"
    assert _run(tree, _SERVED + _COMPILED, tmp_path / "cache").splitlines() == ["1 []", "compiled True"]


def test_kernel_from_the_disk__is_made_again_where_its_file_is_broken(tmp_path: Path) -> None:
    tree, program = _small_tree(tmp_path), "from nkflow.kernels import outer; print(outer.outer(1), end=' ')"
    program += "; print(sum(outer.outer._cache_hits.values()))"
    (tree / "nkflow" / "kernels" / "inner.py").write_text(_INNER.format(1))
    assert _run(tree, program, tmp_path / "cache") == "20 0"
    for kind, left in (("nbc", 1000), ("nbc", 0), ("nbi", 30), ("nbi", 0)):
        (broken,) = (tmp_path / "cache").rglob(f"outer.outer-*.{kind}")
        broken.write_bytes(broken.read_bytes()[:left])
        assert _run(tree, program, tmp_path / "cache") == "20 0"
        assert _run(tree, program, tmp_path / "cache") == "20 1"


def test_kernel__goes_numbas_own_way_where_numba_differs(monkeypatch) -> None:
    def plain(x):
        return x

    assert served.serve_lean(plain) is plain  # as with NUMBA_DISABLE_JIT
    dispatcher = numba.njit(cache=True)(plain)
    missing = [(FunctionCache.__base__, "_load_overload"), (nrt, "ll"), (CompileResult, "_rebuild")]
    for place, name in missing:
        with monkeypatch.context() as patch:
            patch.delattr(place, name)
            assert type(served.serve_lean(dispatcher)._cache) is FunctionCache
    with monkeypatch.context() as patch:
        patch.setattr(CompileResult, "_rebuild", lambda target_context, everything: None)
        assert type(served.serve_lean(dispatcher)._cache) is FunctionCache
    assert type(served.serve_lean(dispatcher)._cache) is not FunctionCache


def test_cache_setting_of_the_process__is_as_it_was(tmp_path: Path) -> None:
    program = (
        "import numba; numba.config.CACHE_DIR = 'mine'; import nkflow.kernels; print(numba.config.CACHE_DIR)"
    )
    assert _run(SOURCE.parent, program, tmp_path) == "mine"


def test_folder__falls_back_where_the_users_cache_can_not_be_written(tmp_path: Path, monkeypatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("NKFLOW_CACHE_DIR", str(blocked))
    folder = cache.folder()
    assert folder.is_dir()
    assert blocked not in folder.parents
    shutil.rmtree(folder)


def test_hash__is_sha256_and_repeats() -> None:
    digest = cache.sources_hash()
    assert len(digest) == 64
    assert digest == cache.sources_hash()
