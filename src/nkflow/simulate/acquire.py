"""A stained tube runs through the cytometer: particles become pulses become recorded events."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nkflow.simulate import particles, pulses
from nkflow.simulate.bench import Stained
from nkflow.simulate.cytometer import draw_flow, record
from nkflow.simulate.figures import BENCH
from nkflow.simulate.labels import BEAD, DEBRIS
from nkflow.simulate.particles import Staining

__all__ = ["Acquisition", "acquire"]

_STAGES = ("cells", "pairs", "debris", "beads", "pulses", "flow", "order", "detectors")


@dataclass(frozen=True, eq=False)
class Acquisition:
    """What the cytometer recorded of one tube, and what is true of it.

    Attributes
    ----------
    events
        As the file will hold them: (n_events, 14) float32, in the order of acquisition and of
        `cytometer.CHANNELS`, Time in ticks.
    codes
        What each event is (see `labels`), (n_events,) uint8.
    bad
        Events recorded while a fault was at work, (n_events,) bool.
    seconds
        How long it took.
    volume_nl
        The cytometer's reading of the volume it drew, nL.
    """

    events: npt.NDArray[np.float32]
    codes: npt.NDArray[np.uint8]
    bad: npt.NDArray[np.bool_]
    seconds: float
    volume_nl: float

    def __post_init__(self) -> None:
        for array in (self.events, self.codes, self.bad):
            array.flags.writeable = False


def acquire(
    stained: Stained, staining: Staining, *, doublet_share: float, seed: np.random.SeedSequence
) -> Acquisition:
    """Run one stained tube through the cytometer.

    Every stage draws from a stream of its own: a change in one leaves the draws of the others as they were.
    """
    streams = dict(zip(_STAGES, map(np.random.default_rng, seed.spawn(len(_STAGES))), strict=True))
    cells, codes = particles.cells(stained.live, stained.dead, staining=staining, rng=streams["cells"])
    alone, pairs = pulses.meet(codes, doublet_share, rng=streams["pairs"])
    debris = particles.debris(stained.debris, staining=staining, rng=streams["debris"])
    beads = particles.beads(stained.beads, rng=streams["beads"])
    rng = streams["pulses"]
    light = pulses.join(
        [
            pulses.single(cells.take(alone), codes[alone], rng=rng),
            pulses.paired(cells.take(pairs[:, 0]), cells.take(pairs[:, 1]), rng=rng),
            pulses.single(debris, np.full(len(debris), DEBRIS, np.uint8), rng=rng),
            pulses.single(beads, np.full(len(beads), BEAD, np.uint8), rng=rng),
        ]
    )
    light = light.take(streams["order"].permutation(len(light)))
    flow = draw_flow(streams["flow"])
    seconds = stained.acquired_ul / flow.ul_per_s
    arrivals = flow.arrivals(len(light), seconds=seconds, rng=streams["flow"])
    reading = 1.0 + BENCH["volumetric reading u"].value * streams["flow"].standard_normal()
    return Acquisition(
        events=record(light, arrivals, rng=streams["detectors"]),
        codes=light.codes,
        bad=np.zeros(len(light), np.bool_),
        seconds=seconds,
        volume_nl=1000.0 * stained.acquired_ul * reading,
    )
