"""Capture beads run through the cytometer: one half carries one dye, the other none."""

from __future__ import annotations

import numpy as np

from nkflow.simulate import pulses
from nkflow.simulate.acquire import Acquisition
from nkflow.simulate.cytometer import draw_flow, record
from nkflow.simulate.figures import DETECTORS, PULSE
from nkflow.simulate.labels import BEAD
from nkflow.simulate.particles import Particles, Staining
from nkflow.simulate.stains_figures import CAPTURE, CAPTURE_DYE, CAPTURE_SCATTER

__all__ = ["acquire_beads"]

_OWN = np.array([detector.autofluorescence for detector in DETECTORS])
_ACQUIRED_UL = 100.0


def acquire_beads(events: int, staining: Staining, *, seed: np.random.SeedSequence) -> Acquisition:
    """Return the acquisition of about `events` capture beads that bound the dyes of `staining`."""
    of_beads, of_pulses, of_flow, of_order, of_detectors = map(np.random.default_rng, seed.spawn(5))
    beads = _beads(events, staining, of_beads)
    codes = np.full(len(beads), BEAD, np.uint8)
    light = pulses.single(beads, codes, rng=of_pulses)
    light = light.take(of_order.permutation(len(light)))
    flow = draw_flow(of_flow)
    seconds = _ACQUIRED_UL / flow.ul_per_s
    arrivals = flow.arrivals(len(light), seconds=seconds, rng=of_flow)
    return Acquisition(
        events=record(light, arrivals, rng=of_detectors),
        codes=light.codes,
        bad=np.zeros(len(light), np.bool_),
        seconds=seconds,
        volume_nl=1000.0 * _ACQUIRED_UL,
    )


def _beads(count: int, staining: Staining, rng: np.random.Generator) -> Particles:
    scatter, dye = CAPTURE_SCATTER, CAPTURE_DYE
    noise = rng.standard_normal((3, count))
    forward = scatter.forward * np.exp(scatter.forward_spread * noise[0])
    side = scatter.side * np.exp(scatter.side_spread * noise[1])
    bound = (
        dye.median * np.exp(dye.spread * noise[2]) * (rng.random(count) >= CAPTURE["negative share"].value)
    )
    own = _OWN * CAPTURE["autofluorescence"].value
    own = own * np.exp(CAPTURE["autofluorescence spread"].value * rng.standard_normal((count, 1)))
    usual = np.repeat(bound[:, None], len(DETECTORS), axis=1)
    width = np.exp(PULSE["width spread"].value * rng.standard_normal(count))
    return Particles(staining.stain(usual), own, forward, side, width)
