"""What goes wrong with the signals: a laser that loses power, cells of the tube before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nkflow.simulate.cytometer import CHANNELS
from nkflow.simulate.faults_figures import DRAWN, FIXED, LASERS
from nkflow.simulate.faults_tape import Tape
from nkflow.simulate.figures import DETECTORS, SCATTER_CHANNELS
from nkflow.simulate.labels import BEAD

__all__ = ["carry_over", "drift"]


def drift(tape: Tape, begin: float, *, last: bool, rng: np.random.Generator) -> Tape:
    """Let one laser lose power for a while."""
    seconds, loss = DRAWN["drift seconds"].draw(rng), DRAWN["drift loss"].draw(rng)
    laser = list(LASERS)[int(rng.integers(len(LASERS)))]
    end = min(begin + seconds, tape.seconds)
    change = FIXED["drift change seconds"].value
    lost = loss * np.clip(np.minimum(tape.at - begin, end - tape.at) / change, 0.0, 1.0)
    columns = [CHANNELS.index(name) for name in LASERS[laser]]
    signals = tape.signals.copy()
    signals[:, columns] *= (1.0 - lost)[:, None].astype(np.float32)
    return replace(tape, signals=signals).spoiled(begin, end)


def carry_over(tape: Tape, *, rng: np.random.Generator) -> Tape:
    """Let the run begin with what the line still held of an unstained tube; this tube's own events come later.

    The cells of that tube are those of this one without their dyes, and without beads.
    """
    seconds = DRAWN["carry-over seconds"].draw(rng)
    rate = len(tape.at) / tape.seconds * DRAWN["carry-over rate"].draw(rng)
    cells = np.flatnonzero(tape.codes != BEAD)
    strange = rng.choice(cells, int(rng.poisson(rate * seconds)))
    signals = tape.signals[strange].copy()
    dyes = slice(len(SCATTER_CHANNELS), len(CHANNELS) - 1)
    usual = np.array([detector.autofluorescence for detector in DETECTORS])
    noise = np.array([detector.electronic for detector in DETECTORS])
    spread = FIXED["carry-over autofluorescence spread"].value
    dark = usual * np.exp(spread * rng.standard_normal((len(strange), len(usual))))
    stained = rng.random(len(strange)) < DRAWN["carry-over own share"].draw(rng)
    dark += noise * rng.standard_normal(dark.shape)
    signals[:, dyes] = np.where(stained[:, None], signals[:, dyes], dark)
    return replace(
        tape,
        at=np.concatenate([np.sort(rng.uniform(0.0, seconds, len(strange))), tape.at + seconds]),
        signals=np.concatenate([signals, tape.signals]),
        codes=np.concatenate([tape.codes[strange], tape.codes]),
        bad=np.concatenate([np.ones(len(strange), np.bool_), tape.bad]),
        seconds=tape.seconds + seconds,
    )
