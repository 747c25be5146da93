"""What goes wrong with the stream: clogs, bubbles, steps of the flow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from nkflow.simulate.cytometer import CHANNELS
from nkflow.simulate.faults_figures import DRAWN, FIXED
from nkflow.simulate.faults_tape import Tape, stretched
from nkflow.simulate.figures import DETECTORS, PULSE, SCATTER_CHANNELS
from nkflow.simulate.labels import DEBRIS

__all__ = ["bubble", "clog", "flow_step"]

_LIGHT = np.array([name != "FSC-W" for name in CHANNELS[:-1]])  # a width does not depend on how bright it is


def clog(tape: Tape, begin: float, *, last: bool, rng: np.random.Generator) -> Tape:
    """Let something sit in the nozzle for a while: less flows, and the core stream is out of focus."""
    seconds = DRAWN["clog seconds"].draw(rng)
    tape = stretched(tape, begin, seconds=seconds, flow=DRAWN["clog flow"].draw(rng))
    inside = tape.within(begin, begin + seconds)
    dimmer = _blurred(int(inside.sum()), DRAWN["clog signal"].draw(rng), FIXED["clog spread"].value, rng)
    return _dimmed(tape, inside, dimmer).spoiled(begin, begin + seconds)


def bubble(tape: Tape, begin: float, *, last: bool, rng: np.random.Generator) -> Tape:
    """Let air through: hardly a cell, flashes at its surface, then a surge."""
    seconds, surge = DRAWN["bubble seconds"].draw(rng), DRAWN["bubble surge seconds"].draw(rng)
    rate = len(tape.at) / tape.seconds
    tape = stretched(tape, begin, seconds=seconds, flow=DRAWN["bubble flow"].draw(rng))
    tape = stretched(tape, begin + seconds, seconds=surge, flow=DRAWN["bubble surge"].draw(rng))
    flashes = int(rng.poisson(rate * DRAWN["bubble flashes"].draw(rng) * seconds))
    tape = _added(tape, rng.uniform(begin, begin + seconds, flashes), _flashes(flashes, rng))
    return tape.spoiled(begin, begin + seconds + surge)


def flow_step(tape: Tape, begin: float, *, last: bool, rng: np.random.Generator) -> Tape:
    """Let the flow jump to another rate, and back, or stay there till the end."""
    seconds = DRAWN["flow step seconds"].draw(rng)
    faster = rng.random() < 0.5
    flow = DRAWN["faster flow" if faster else "slower flow"].draw(rng)
    left = (tape.seconds - begin) / flow
    may_stay = last and left < FIXED["flow step at most"].value
    stays = may_stay and rng.random() < FIXED["flow step to the end"].value
    seconds = left if stays else min(seconds, left)
    tape = stretched(tape, begin, seconds=seconds, flow=flow)
    inside = tape.within(begin, begin + seconds)
    if faster:
        blur = _blurred(int(inside.sum()), 1.0, FIXED["fast stream spread"].value, rng)
        tape = _dimmed(tape, inside, blur)
    return tape.spoiled(begin, begin + seconds)


def _blurred(count: int, signal: float, spread: float, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return one factor an event, (count,)."""
    return signal * np.exp(spread * rng.standard_normal(count))


def _dimmed(tape: Tape, inside: npt.NDArray[np.bool_], factor: npt.NDArray[np.float64]) -> Tape:
    """Multiply all light of the events `inside` by `factor`."""
    signals = tape.signals.copy()
    signals[np.ix_(inside, _LIGHT)] *= factor[:, None].astype(np.float32)
    return replace(tape, signals=signals)


def _added(tape: Tape, at: npt.NDArray[np.float64], signals: npt.NDArray[np.float32]) -> Tape:
    """Put events that are no cells among the others."""
    when = np.concatenate([tape.at, at])
    order = np.argsort(when, kind="stable")
    return replace(
        tape,
        at=when[order],
        signals=np.concatenate([tape.signals, signals])[order],
        codes=np.concatenate([tape.codes, np.full(len(at), DEBRIS, np.uint8)])[order],
        bad=np.concatenate([tape.bad, np.zeros(len(at), np.bool_)])[order],
    )


def _flashes(count: int, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Return the signals of light scattered at a surface, (count, 13): no dye, any size, any width."""
    scatter = rng.standard_normal((count, len(SCATTER_CHANNELS)))
    width = list(SCATTER_CHANNELS).index("FSC-W")
    widths = PULSE["width"].value * np.exp(FIXED["flash width spread"].value * scatter[:, width])
    scatter = FIXED["flash"].value * np.exp(FIXED["flash spread"].value * scatter)
    scatter[:, width] = widths
    dyes = FIXED["flash fluorescence"].value * rng.standard_normal((count, len(DETECTORS)))
    return np.concatenate([scatter, dyes], axis=1).astype(np.float32)
