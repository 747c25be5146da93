"""Synthetic tubes and lots with known truth."""

from __future__ import annotations

from nkflow.simulate.lot import SimulatedLot, simulate_lot
from nkflow.simulate.tubes import SimulatedTube

__all__ = ["SimulatedLot", "SimulatedTube", "simulate_lot"]
