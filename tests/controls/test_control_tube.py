"""Which events of a control count: those that no detector clipped."""

from __future__ import annotations

import numpy as np

from nkflow.controls.tube import tube_of
from nkflow.fcs.channels import Channel
from nkflow.fcs.sample import Sample

N = 4000


def control(*, clipped: str, at: float) -> Sample:
    rng = np.random.default_rng(3)
    columns = {name: rng.uniform(10.0, 900.0, N) for name in ("FSC-A", "FITC-A", "PE-A")}
    columns[clipped][:100] = at
    channels = [
        Channel(0, "FSC-A", range=262144, kind="scatter", feature="A"),
        Channel(1, "FITC-A", range=262144, feature="A"),
        Channel(2, "PE-A", range=262144, feature="A"),
    ]
    return Sample.from_arrays(list(columns.values()), channels, name="pe.fcs")


def test_usable__leaves_out_what_any_detector_clipped() -> None:
    # STANDARDS CO-15: the end of the stated range, or a pile of equal highest values
    for clipped in ("FITC-A", "PE-A"):
        for at in (262143.0, 5000.0):
            tube = tube_of(control(clipped=clipped, at=at))
            assert tube.detectors == ("FITC-A", "PE-A")
            np.testing.assert_array_equal(np.flatnonzero(~tube.usable), np.arange(100))


def test_usable__leaves_out_what_is_clipped_in_scatter_too() -> None:
    tube = tube_of(control(clipped="FSC-A", at=262143.0))
    np.testing.assert_array_equal(np.flatnonzero(~tube.placed), np.arange(100))
    assert not (tube.usable & ~tube.placed).any()
