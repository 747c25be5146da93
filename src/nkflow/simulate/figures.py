"""The table: every figure of the simulator, each with its source or the word "chosen"; nothing else.

"DOMAIN.md 1.2 [S12]" is a section of the domain brief and its source; "issue A" and "worked example" stand beside
it. Intensities are data units on a range of 262144, spreads are robust SDs of the natural logarithm.
"""

from __future__ import annotations

from nkflow.simulate.rows import Between, Brightness, Detector, Scatter, Value

__all__ = [
    "BACKGROUND",
    "BAG",
    "BEADS",
    "BENCH",
    "COMPOSITION",
    "CYTOMETER",
    "DEAD",
    "DETECTORS",
    "DOUBLETS",
    "FLOW",
    "HARD",
    "NON_SPECIFIC",
    "PAIRS",
    "PRODUCT",
    "PULSE",
    "RANGE",
    "SCATTER",
    "SCATTER_CHANNELS",
    "SERIAL",
    "SPEED",
    "SPILLOVER",
    "STAINING",
    "VARIATION",
    "VIABILITY_DYE",
]

CYTOMETER = "nkflow simulated cytometer"
SERIAL = "SIM-1"
RANGE = 262144  # chosen: $PnR of 18-bit digital cytometers

# Shares of live CD45+ cells; NK is what remains, 0.60 to 0.92.
COMPOSITION = {
    "NKT-like": Between(0.05, 0.28, "chosen: worked example 20 %; a culture 26 %, DOMAIN.md 1.2 [S14]"),
    "T": Between(0.002, 0.02, "DOMAIN.md 6: residual CD3+CD56- of 0.05-2 %, its upper decade", log=True),
    "B": Between(0.006, 0.015, "chosen: limits of 1-5 % are usual, DOMAIN.md 1.3", log=True),
    "monocytes": Between(0.006, 0.015, "chosen: limits of 1-5 % are usual, DOMAIN.md 1.3", log=True),
    "other": Between(0.015, 0.05, "chosen: worked example 7 % with B and monocytes"),
    "gamma-delta share of T": Between(0.05, 0.20, "chosen"),
    "viability": Between(0.82, 0.95, "Koehl 2013: median 94 %, DOMAIN.md 1.2 [S12]; limits > 70 %, 1.3"),
    "relative death": Between(0.8, 1.25, "chosen: of each kind, so that no lineage has the mean viability"),
    "leaking share of cells": Between(0.016, 0.022, "issue A: 2-4 % of events with the early dead"),
    "early dead share of cells": Between(0.011, 0.014, "issue A: 2-4 % of events with the leaking"),
    "debris per cell": Between(0.04, 0.10, "chosen"),
}

PRODUCT = {
    "live per uL": Between(6000.0, 16000.0, "chosen: worked example 4600, a cultured product is denser"),
    "bag mL": Between(80.0, 120.0, "chosen"),
    "recipient kg": Between(48.0, 92.0, "chosen: adults, DOMAIN.md 1.1"),
}
BAG = {
    "QC mL": Value(1.2, "worked example"),
    "dead volume mL": Value(0.8, "worked example"),
    "endotoxin EU/mL": Value(0.25, "worked example"),
}

# Volumes in uL; u are relative standard uncertainties, from which the true volumes are drawn.
BENCH = {
    "bead concentration per uL": Value(987.0, "worked example"),
    "bead lot u": Value(0.025, "worked example; DOMAIN.md 4.2: 2-3 %"),
    "bead volume": Value(20.0, "chosen: worked example 25"),
    "bead volume u repeatability": Value(0.012, "worked example"),
    "bead volume u calibration": Value(0.005, "DOMAIN.md 4.2: calibrated pipette 0.5-1 %"),
    "sample volume": Value(100.0, "chosen: worked example 50"),
    "sample volume u repeatability": Value(0.010, "worked example"),
    "sample volume u calibration": Value(0.006, "DOMAIN.md 4.2: calibrated pipette 0.5-1 %"),
    "tube volume": Value(500.0, "worked example"),
    "dilution sample": Value(100.0, "worked example, second step"),
    "dilution sample u": Value(0.007, "worked example"),
    "dilution diluent u": Value(0.005, "worked example"),
    "cells per uL aimed at": Value(1300.0, "chosen: about 1e6/mL is stained"),
    "cells of a tube acquired at most": Value(0.8, "chosen: the share of the tube's volume"),
    "volumetric reading u": Value(0.005, "chosen"),
}

FLOW = {
    "drift": Between(-0.10, 0.10, "chosen: change of the flow rate from end to end, relative to its mean"),
    "wave": Between(0.01, 0.03, "chosen: amplitude of a slow wave of the flow rate"),
    "wave period s": Between(20.0, 60.0, "chosen"),
}
SPEED = {
    "uL per s": Value(1.0, "chosen: 60 uL/min"),
    "time step s": Value(0.01, "chosen: $TIMESTEP of common digital cytometers"),
}

# Pulse areas; a doublet adds them.
SCATTER = {
    "NK": Scatter(88000.0, 0.10, 36000.0, 0.18, "chosen: activated lymphocytes"),
    "NKT-like": Scatter(86000.0, 0.10, 35000.0, 0.18, "chosen: activated lymphocytes"),
    "T": Scatter(78000.0, 0.09, 30000.0, 0.18, "chosen: resting lymphocytes"),
    "gamma-delta T": Scatter(78000.0, 0.09, 30000.0, 0.18, "chosen: resting lymphocytes"),
    "B": Scatter(75000.0, 0.09, 29000.0, 0.18, "chosen: resting lymphocytes"),
    "monocytes": Scatter(118000.0, 0.10, 80000.0, 0.18, "chosen"),
    "other": Scatter(84000.0, 0.12, 42000.0, 0.22, "chosen"),
    "debris": Scatter(17000.0, 0.42, 9000.0, 0.50, "chosen"),
    "beads": Scatter(34000.0, 0.05, 190000.0, 0.05, "chosen: CountBright-like, low FSC and high SSC"),
}
# $PnN and $PnV; chosen
SCATTER_CHANNELS = {"FSC-A": 480, "FSC-H": 480, "FSC-W": 480, "SSC-A": 310, "SSC-H": 310}

DOUBLETS = {
    "share of cell events": Between(0.040, 0.075, "issue A: 3-8 % of events"),
    "gap of passing cells": Between(0.0, 4.0, "chosen: pulse SDs, drawn for each pair"),
}
PAIRS = {
    "T bound to an NK": Value(0.05, "chosen: share of live T in T-NK conjugates"),
    "sticking": Value(0.75, "chosen: the other pairs only pass the laser together"),
    "gap of sticking cells": Value(2.6, "chosen: mean, pulse SDs"),
    "gap of sticking cells, SD": Value(0.5, "chosen: pulse SDs"),
}
PULSE = {
    "width": Value(65536.0, "chosen: FSC-W of a lymphocyte"),
    "lymphocyte area": Value(85000.0, "chosen: the FSC-A of that width"),
    "width with size": Value(0.35, "chosen: relative width is relative area to this power"),
    "width spread": Value(0.035, "chosen: of cells of one size, natural logarithm"),
    "width noise": Value(0.02, "chosen: relative SD of a measured width"),
    "height noise": Value(0.012, "chosen: relative SD of a measured height"),
}

_OF = "chosen: 450/50, 525/50, 530/30, 585/42, 695/40, 780/60, 660/20, 780/60 behind 405, 488 and 640 nm"
DETECTORS = (
    Detector("V450-A", "CD3", 450, 18.0, 45.0, 90.0, 120000.0, _OF),
    Detector("V500-A", "CD45", 430, 18.0, 50.0, 150.0, 110000.0, _OF),
    Detector("FITC-A", "TCRgd", 470, 16.0, 40.0, 140.0, 140000.0, _OF),
    Detector("PE-A", "CD56", 455, 22.0, 60.0, 90.0, 130000.0, _OF),
    Detector("PerCP-Cy5-5-A", "7-AAD", 560, 24.0, 55.0, 70.0, 120000.0, _OF),
    Detector("PE-Cy7-A", "CD16", 580, 28.0, 60.0, 50.0, 110000.0, _OF),
    Detector("APC-A", "CD19", 540, 20.0, 55.0, 50.0, 150000.0, _OF),
    Detector("APC-Cy7-A", "CD14", 550, 28.0, 60.0, 50.0, 120000.0, _OF),
)

# Rows are dyes, columns detectors, both in the order of DETECTORS; chosen, after the spectra of these dyes.
SPILLOVER = (
    (1.0000, 0.1850, 0.0070, 0.0010, 0.0004, 0.0002, 0.0001, 0.0001),
    (0.0520, 1.0000, 0.0410, 0.0150, 0.0060, 0.0015, 0.0004, 0.0003),
    (0.0020, 0.0280, 1.0000, 0.1620, 0.0210, 0.0040, 0.0005, 0.0003),
    (0.0005, 0.0060, 0.0110, 1.0000, 0.1450, 0.0240, 0.0030, 0.0010),
    (0.0004, 0.0010, 0.0008, 0.0120, 1.0000, 0.1900, 0.0850, 0.0600),
    (0.0006, 0.0005, 0.0012, 0.0210, 0.0180, 1.0000, 0.0015, 0.0900),
    (0.0003, 0.0004, 0.0002, 0.0004, 0.0280, 0.0120, 1.0000, 0.1350),
    (0.0004, 0.0003, 0.0002, 0.0006, 0.0050, 0.0430, 0.0320, 1.0000),
)

# What a live cell carries of each dye; a marker that is absent here is background.
STAINING = {
    "NK": {
        "CD45": Brightness(22000.0, 0.22, "chosen"),
        "CD56": Brightness(6500.0, 0.58, "chosen: dim and bright together"),
        "CD16": Brightness(14000.0, 0.70, "chosen; lost on activation, DOMAIN.md 1.2 [S17]", share=0.8),
    },
    "NKT-like": {
        "CD45": Brightness(24000.0, 0.22, "chosen"),
        "CD3": Brightness(4200.0, 0.32, "chosen: a little below T"),
        "CD56": Brightness(4800.0, 0.46, "chosen: dimmer than NK"),
    },
    "T": {
        "CD45": Brightness(24000.0, 0.22, "chosen"),
        "CD3": Brightness(4600.0, 0.28, "chosen"),
    },
    "gamma-delta T": {
        "CD45": Brightness(24000.0, 0.22, "chosen"),
        "CD3": Brightness(2300.0, 0.28, "issue A: half the alpha-beta median; CD3dim in DOMAIN.md 2.1 [S22]"),
        "TCRgd": Brightness(3000.0, 0.35, "chosen"),
    },
    "B": {
        "CD45": Brightness(16000.0, 0.25, "chosen"),
        "CD19": Brightness(3600.0, 0.38, "chosen"),
    },
    "monocytes": {
        "CD45": Brightness(18000.0, 0.25, "chosen"),
        "CD14": Brightness(9000.0, 0.40, "chosen"),
        "CD56": Brightness(1300.0, 0.45, "issue A: weakly CD56+"),
        "CD16": Brightness(6000.0, 0.60, "chosen", share=0.1),
    },
    "other": {
        "CD45": Brightness(12000.0, 0.35, "chosen"),
        "CD16": Brightness(9000.0, 0.60, "chosen", share=0.3),
    },
    "debris": {
        "CD45": Brightness(400.0, 0.85, "chosen: membrane fragments"),
    },
}
BACKGROUND = Brightness(25.0, 0.60, "chosen: antibody left on a live cell without its antigen")

# 7-AAD uptake; issue A: 2-4 % of events between the two peaks.
VIABILITY_DYE = {
    "live": Brightness(60.0, 0.50, "chosen"),
    "dead": Brightness(26000.0, 0.30, "chosen"),
    "leaking": Brightness(1900.0, 0.25, "chosen; live cells take up some with time, DOMAIN.md 2.4 [S29]"),
    "early dead": Brightness(5600.0, 0.25, "chosen"),
    "debris": Brightness(200.0, 0.80, "chosen"),
}

NON_SPECIFIC = Brightness(450.0, 0.70, "DOMAIN.md 2.4 [S27]; figures chosen, one draw for all antibodies")
DEAD = {
    "antigen left": Value(0.7, "chosen: factor on the staining of the lineage"),
    "autofluorescence": Value(2.0, "DOMAIN.md 2.4 [S27]; figure chosen: factor"),
    "forward": Value(0.72, "chosen: factor on the area"),
    "side": Value(1.30, "chosen: factor on the area"),
    "extra spread": Value(0.12, "chosen: one draw a dead cell, on both areas"),
}

BEADS = {"spread": Value(0.05, "chosen: rCV of bead fluorescence, DOMAIN.md 6 [S63] 3-6 %")}

VARIATION = {
    "staining of a lot": Value(0.03, "chosen: spread of each marker's brightness between lots"),
    "staining of a tube": Value(0.01, "chosen: between tubes of a lot"),
    "autofluorescence of a cell": Value(0.30, "chosen: spread"),
}

# What differs in a hard lot: the CD56 of NKT-like cells is one smear that reaches into T.
HARD = {
    "NKT-like": {"CD56": Brightness(1600.0, 1.15, "issue A: the best cut loses 3-10 %")},
}
