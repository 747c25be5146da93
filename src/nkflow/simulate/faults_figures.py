"""How large the simulated faults of an acquisition are; all chosen, after what DOMAIN.md 2.2 and 2.4 name.

Durations are of recorded time; flow is a multiple of the flow around a fault; spreads are SDs of the natural logarithm.
"""

from __future__ import annotations

from nkflow.simulate.rows import Between, Value

__all__ = ["DRAWN", "FIXED", "LASERS"]

DRAWN = {
    "clog seconds": Between(1.0, 12.0, "chosen", log=True),
    "clog flow": Between(0.08, 0.45, "chosen; STANDARDS QC-04 names 20 %"),
    "clog signal": Between(0.75, 0.95, "chosen: the core stream is out of the lasers' focus"),
    "bubble seconds": Between(1.0, 3.0, "chosen", log=True),
    "bubble flow": Between(0.02, 0.10, "chosen"),
    "bubble flashes": Between(0.2, 0.8, "chosen: flashes at its surface over the usual event rate"),
    "bubble surge seconds": Between(0.2, 0.6, "chosen: by the pressure behind it"),
    "bubble surge": Between(1.8, 3.0, "chosen: flow"),
    "flow step seconds": Between(3.0, 20.0, "chosen", log=True),
    "slower flow": Between(0.35, 0.60, "chosen"),
    "faster flow": Between(1.70, 2.80, "chosen"),
    "drift seconds": Between(3.0, 20.0, "chosen", log=True),
    "drift loss": Between(0.25, 0.50, "chosen: of all light from one laser"),
    "carry-over seconds": Between(1.0, 4.0, "chosen: what the line held of an unstained tube", log=True),
    "carry-over rate": Between(0.6, 1.5, "chosen: its events over those of this tube"),
    "carry-over own share": Between(0.0, 0.2, "chosen: stained cells among them"),
}
FIXED = {
    "clog spread": Value(0.10, "chosen: of the light, one draw an event"),
    "flash": Value(9000.0, "chosen: median scatter, data units"),
    "flash spread": Value(1.2, "chosen: of its scatter"),
    "flash width spread": Value(0.5, "chosen"),
    "flash fluorescence": Value(250.0, "chosen: SD, data units"),
    "flow step to the end": Value(
        0.5, "chosen: share of the steps that last till the end, where no fault follows"
    ),
    "flow step at most": Value(40.0, "chosen: s, of one that lasts till the end"),
    "fast stream spread": Value(0.04, "chosen: of the light in a wider core stream"),
    "drift change seconds": Value(0.3, "chosen: how long the loss takes to come and to go"),
    "carry-over autofluorescence spread": Value(0.3, "chosen"),
    "first fault": Value(0.08, "chosen: share of the run before it, carry-over apart"),
    "last fault": Value(0.97, "chosen: share of the run by which it begins"),
    "room": Value(20.0, "chosen: s, for the longest fault"),
    "apart": Value(3.0, "chosen: s between two faults, at least"),
}
# Which signals a laser makes; scatter is that of the 488 nm laser.
LASERS = {
    "405 nm": ("V450-A", "V500-A"),
    "488 nm": ("FSC-A", "FSC-H", "SSC-A", "SSC-H", "FITC-A", "PE-A", "PerCP-Cy5-5-A", "PE-Cy7-A"),
    "640 nm": ("APC-A", "APC-Cy7-A"),
}
