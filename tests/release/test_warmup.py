"""After `nkflow warmup` nothing is left to compile."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import nkflow.kernels.needed as room
from nkflow.kernels.kinds import kinds_of, spelled
from nkflow.kernels.needed import example, needed

ROOT = Path(__file__).parents[2]
_MISSES = """
import json, sys
from nkflow.kernels.jit import Kernel
from nkflow.cli import main

try:
    main()
except SystemExit as end:
    assert end.code in (None, 0, 5), end.code
kernels = {
    f"{path}.{name}": len(kernel.compiled)
    for path, module in list(sys.modules.items())
    if path.startswith("nkflow.kernels.")
    for name, kernel in vars(module).items()
    if isinstance(kernel, Kernel)
}
numba = ["numba"] if "numba" in sys.modules else []  # it comes where an argument is of no kind that is kept, too
print(json.dumps([name for name, misses in kernels.items() if misses] + numba), file=sys.stderr)
"""


def _compiled(cache: Path, *words: str) -> list[str]:
    """Run a verb in its own process; return the kernels that it had to compile."""
    run = subprocess.run(
        [sys.executable, "-c", _MISSES, *words],
        capture_output=True,
        text=True,
        env=os.environ | {"NKFLOW_CACHE_DIR": str(cache)},
        timeout=500,
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stderr.splitlines()[-1])


@pytest.mark.slow
def test_warmup__leaves_nothing_to_compile(tmp_path: Path, project: Path) -> None:
    lot = project / "sample_fcs" / "lot.yaml"
    cache, tube, out = tmp_path / "cache", str(lot.with_name("A.fcs")), str(tmp_path / "release")
    compiled = set(_compiled(cache, "release", str(lot), "--out", out, "--json")) - {"numba"}
    assert len(os.sched_getaffinity(0)) == 1 or not compiled  # other processes did it
    assert len(list(cache.rglob("*.kernel"))) == len(needed())
    assert not list(cache.rglob("*.part"))
    assert _compiled(cache, "warmup") == []
    assert _compiled(cache, "gate", tube, "--template", "nk_release_7aad") == []
    assert _compiled(cache, "gate", tube, "--template", "nk_release_7aad_adaptive") == []
    assert _compiled(cache, "release", str(lot), "--out", out, "--force") == []


def test_compile_needed__does_nothing_that_can_not_be_kept(tmp_path: Path) -> None:
    code = (
        "import os, sys\nfrom nkflow.kernels import needed as n, stored\n"
        "n.ProcessPoolExecutor = None\n"
        "{}\nprint(n.compile_needed(print), 'numba' in sys.modules)"
    )
    for lost in ("stored.os.access = lambda *a: False", "stored.links = lambda: False"):
        run = subprocess.run(
            [sys.executable, "-c", code.format(lost)],
            capture_output=True,
            text=True,
            timeout=100,
            env=os.environ | {"NKFLOW_CACHE_DIR": str(tmp_path)},
            check=True,
        )
        assert run.stdout == f"{len(needed())} False\n"


def test_needed__is_what_a_release_calls() -> None:
    code = "import json\nfrom benchmarks.needed import called, warmup\nwarmup()\nprint(json.dumps(called()))"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=500, cwd=ROOT, check=True
    )
    listed = json.loads(Path(room.__file__).with_name("needed.json").read_text())
    assert json.loads(run.stdout) == listed, "python -m benchmarks.needed writes it anew"


@pytest.mark.parametrize(("name", "kinds"), needed())
def test_example__is_of_the_kinds_that_it_was_asked_for(name: str, kinds: str) -> None:
    assert spelled(kinds_of(example(kinds))) == kinds, name


@pytest.mark.parametrize(
    "kinds", ["float64[2, A]", "bool[1, A, read-only]", "float32[3, F]", "uint8, int64[2, C]"]
)
def test_example__has_every_order(kinds: str) -> None:
    assert spelled(kinds_of(example(kinds))) == kinds


def test_compile_needed__leaves_to_others_what_a_process_could_not_do(tmp_path: Path) -> None:
    one = ("select.select", "bool[1, C], uint32[1, C]")
    code = (
        "from nkflow.kernels import needed as n\n"
        f"n.needed = lambda: ({one}, ('bits.pack', 'bool'))\n"
        "print(n.compile_needed(), n.compile_needed())\n"  # no function takes one bool: it is left
        "from nkflow.kernels.select import select\n"
        f"n.needed = lambda: ({one},)\nn.load_needed()\nprint(len(select.compiled), select.kinds)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=300,
        env=os.environ | {"NKFLOW_CACHE_DIR": str(tmp_path)},
        check=True,
    )
    several = len(os.sched_getaffinity(0)) > 1
    assert run.stdout.split(maxsplit=3) == [
        "2",
        "1" if several else "2",
        str(int(not several)),
        f"['{one[1]}']\n",
    ]
