"""Compiled kernels: one folder for each set of sources, never a stale answer."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from nkflow.kernels import cache

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
    for name in ("cache.py", "jit.py", "lean.py", "__init__.py"):
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
