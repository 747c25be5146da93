"""After `nkflow warmup` nothing is left to compile."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

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
    assert len(_compiled(cache, "warmup")) > 20
    assert _compiled(cache, "gate", tube, "--template", "nk_release_7aad") == []
    assert _compiled(cache, "gate", tube, "--template", "nk_release_7aad_adaptive") == []
    assert _compiled(cache, "release", str(lot), "--out", out) == []
