"""Values of some channels, compensated as they were gated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nkflow.fcs.panel import find
from nkflow.fcs.sample import Sample
from nkflow.gating.bind import Binding
from nkflow.gating.block import SIZE, Block
from nkflow.gating.columns import columns_for
from nkflow.gating.gates import Dimension

__all__ = ["values_of"]


def values_of(
    sample: Sample, binding: Binding, channels: Sequence[str], inside: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return data units (n, n_channels) of the events `inside` (n_events,), read-only; NaN stays as it is."""
    dyes = () if binding.spillover is None else binding.spillover.names
    other = [name for name in channels if name not in binding.columns and name not in dyes]
    found = {name: find(binding.channels, name).index for name in other}
    binding = replace(binding, columns=binding.columns | found)
    sources = [binding.source(Dimension(name)) for name in channels]
    columns = columns_for(binding, sources)
    block = Block(columns=len(columns.labels), populations=0)
    result = np.empty((len(sources), np.count_nonzero(inside)))
    done = 0
    with sample.open() as reader:
        for first in range(0, sample.n_events, SIZE):
            keep = inside[first : first + SIZE]
            reader.read(first, len(keep), columns.decode, block.columns)
            for step in columns.steps:
                step.run(block)
            count = int(np.count_nonzero(keep))
            for row, source in enumerate(sources):
                result[row, done : done + count] = block.column[columns.of(source)][: len(keep)][keep]
            done += count
    result.flags.writeable = False
    return result.T
