"""Fitness of a compensation, judged by the stained tube itself; no control is needed."""

from __future__ import annotations

from nkflow.fitness.assess import assess, compensation_state
from nkflow.fitness.residual import Fitness, Pair, fitness
from nkflow.fitness.state import State

__all__ = ["Fitness", "Pair", "State", "assess", "compensation_state", "fitness"]
