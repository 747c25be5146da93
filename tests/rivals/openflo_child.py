"""openflo gating one file, asked by `openflo_gates.py`; runs in an interpreter that has openflo.

    python tests/rivals/openflo_child.py FILE.fcs gates.json perf_counter

The file is read, compensated by its own matrix, put on the logicle scale and gated as openflo's README does it, every
mask kept. Prints one JSON document: the version, the best of three times in seconds by that function of `time`, and
the counts.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import logging
import sys
import time
from pathlib import Path


def main() -> None:
    path, gates, clock = sys.argv[1], json.loads(Path(sys.argv[2]).read_text()), getattr(time, sys.argv[3])
    with contextlib.redirect_stdout(sys.stderr):
        from openflo import FlowSample
        from openflo.pipeline import cumulative_gate_mask

        logging.disable(logging.CRITICAL)
        seconds, counts = [], {}
        for _ in range(3):
            begin = clock()
            sample = FlowSample(path)
            sample.auto_compensate()
            sample.apply_transform(method="logicle", t=262144, m=4.5, w=0.5, a=0)
            cache: dict[str, object] = {}
            masks = {name: cumulative_gate_mask(gates, name, sample.data, cache=cache) for name in gates}
            seconds.append(clock() - begin)
            counts = {name: int(mask.sum()) for name, mask in masks.items()}
    version = importlib.metadata.version("openflo")
    print(json.dumps({"version": version, "seconds": min(seconds), "counts": counts}))


if __name__ == "__main__":
    main()
