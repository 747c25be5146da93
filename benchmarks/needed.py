"""Which kernels a release calls, with the kinds of their arguments: writes ``src/nkflow/kernels/needed.json``.

python -m benchmarks.needed
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import nkflow.kernels.needed as room
from nkflow.kernels.jit import Kernel
from nkflow.release.warmup import warmup


def called() -> dict[str, list[str]]:
    """Return ``module.name`` -> kinds of all kernels that were called from Python in this process."""
    modules = [(p, m) for p, m in sys.modules.items() if p.startswith("nkflow.kernels.")]
    kernels = {f for _, m in modules for f in vars(m).values() if isinstance(f, Kernel) and f.kinds}
    named = {f"{f.__module__.rpartition('.')[2]}.{f.__qualname__}": f.kinds for f in kernels}
    return dict(sorted(named.items()))


def main() -> int:
    warmup()
    path = Path(room.__file__).with_name("needed.json")
    path.write_text(json.dumps(called(), indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
