"""A verb loads what it needs: the start of a process is most of the time of gating one tube."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path


def _run(code: str, *, folder: Path | None = None, **variables: str) -> str:
    # a run of the tests that measures coverage loads it in every process
    env = {key: value for key, value in os.environ.items() if not key.startswith("COV")} | variables
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
        env=env,
        cwd=folder,
    ).stdout


def test_gate__loads_no_linear_algebra_no_frames_and_no_other_engine(project: Path) -> None:
    arguments = ["nkflow", "gate", str(project / "sample_fcs" / "A.fcs"), "-t", "nk_release_7aad", "--json"]
    code = (
        f"import json, sys\nsys.argv = {arguments!r}\nfrom nkflow.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    _run(code)  # from here on all kernels come from the cache
    loaded = set(json.loads(_run(code).splitlines()[-1]))
    heavy = {"scipy.linalg", "scipy.stats", "pandas", "plotly", "flowkit", "sklearn", "pyarrow", "lxml"}
    assert "nkflow.kernels.program" in loaded
    assert not (heavy | {"numba", "numba.core"}) & loaded
    assert not [name for name in loaded if name.startswith("nkflow.exchange")]


def test_verbs__collect_garbage_seldom_and_not_at_the_end(project: Path) -> None:
    out = _run(
        "import atexit, gc, sys\n"
        "before = gc.get_threshold()\n"
        "atexit.register(lambda: print(gc.get_threshold() == before, gc.get_freeze_count()))\n"
        "from nkflow.cli import main\n"
        "main.command('probe')(lambda: print(gc.get_threshold()[0]))\n"
        "sys.argv = ['nkflow', 'probe']\n"
        "main()"
    )
    inside, as_before, frozen = out.split()
    assert int(inside) >= 10_000
    assert as_before == "True"  # a process that calls a verb keeps its own ways
    assert int(frozen) > 10_000  # what stands at the end is not looked through


def test_numba__has_coverage_and_its_file_of_settings_when_somebody_asks(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom nkflow.kernels.select import select\nselect.dispatcher\n"
        "import numba, numba.misc.coverage_support as support\n"
        "print(support.coverage_available, 'coverage' in sys.modules, 'yaml' in sys.modules, numba.config.SHOW_HELP)\n"
        "import coverage, yaml  # nothing is in their way afterwards"
    )
    assert _run(code, folder=tmp_path).split() == ["False", "False", "False", "0"]
    assert _run(code, folder=tmp_path, NUMBA_JIT_COVERAGE="1").split()[:2] == ["True", "True"]
    (tmp_path / ".numba_config.yaml").write_text("show_help: 2\n")
    assert _run(code, folder=tmp_path).split()[2:] == ["True", "2"]


def test_numba__still_finds_its_blas_when_somebody_asks() -> None:
    warm = "from nkflow.gating.warmup import warmup\nwarmup()\n"
    _run(warm)  # from here on all kernels come from the cache
    code = f"""{warm}
import numpy as np
import numba, sys
assert "scipy.linalg" not in sys.modules
@numba.njit
def product(a, b):
    return np.dot(a, b), np.vdot(a[0], b[0]), np.kron(a, b)[0, 0], np.convolve(a[0], b[0])
a = np.arange(9.0).reshape(3, 3)
got = product(a, a.T.copy())
assert np.allclose(got[0], a @ a.T) and np.isclose(got[1], np.vdot(a[0], a.T[0]))
assert np.allclose(got[3], np.convolve(a[0], a.T[0]))
print("scipy.linalg" in sys.modules)
"""
    assert _run(code).strip() == "True"
