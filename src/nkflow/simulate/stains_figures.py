"""The table of the compensation controls: every figure with its source or the word "chosen"; nothing else."""

from __future__ import annotations

from nkflow.simulate.rows import Brightness, Scatter, Value

__all__ = ["CAPTURE", "CAPTURE_DYE", "CAPTURE_SCATTER", "CONTROL_CELLS", "FAULT", "KILLED"]

# Shares of the live cells that controls are stained on: blood rather than product, so that every antigen is there.
CONTROL_CELLS = {
    "NK": Value(0.13, "chosen: blood of a healthy adult"),
    "NKT-like": Value(0.05, "chosen"),
    "T": Value(0.52, "chosen: blood of a healthy adult"),
    "gamma-delta T": Value(0.05, "chosen"),
    "B": Value(0.10, "chosen: blood of a healthy adult"),
    "monocytes": Value(0.12, "chosen: blood of a healthy adult"),
    "other": Value(0.03, "chosen"),
}
KILLED = {
    "dead share of control cells": Value(0.03, "chosen: fresh blood"),
    "dead share after heat": Value(0.99, "chosen: 5 min at 65 C kills nearly all"),
    "debris per cell": Value(0.05, "chosen"),
    "doublet share": Value(0.04, "chosen"),
}

# Beads that bind any antibody: half of them are left without.
CAPTURE_SCATTER = Scatter(26000.0, 0.04, 60000.0, 0.04, "chosen: low FSC, as of 3 um polystyrene")
CAPTURE_DYE = Brightness(45000.0, 0.08, "chosen: brighter than any cell")
CAPTURE = {
    "negative share": Value(0.5, "chosen: one drop of each"),
    "autofluorescence": Value(0.6, "chosen: of a lymphocyte's"),
    "autofluorescence spread": Value(0.05, "chosen"),
}

FAULT = {
    "dim factor": Value(0.06, "chosen: a titration error, or an antigen of low density"),
    "dim factor of beads": Value(0.01, "chosen: as dim as cells with their factor"),
    "saturated factor": Value(60.0, "chosen: a detector voltage that is far too high"),
}
