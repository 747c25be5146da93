"""The table of figures: every row has a source, and the rows fit together."""

from __future__ import annotations

import re

import numpy as np
import pytest

from nkflow.simulate import figures
from nkflow.simulate.labels import KINDS
from nkflow.simulate.particles import MARKERS
from nkflow.simulate.rows import Between, Brightness, Detector, Scatter, Value

_SOURCE = re.compile(r"chosen|issue A|DOMAIN\.md \d|worked example")


def _rows(node: object) -> list[Value | Between | Brightness | Scatter | Detector]:
    if isinstance(node, Value | Between | Brightness | Scatter | Detector):
        return [node]
    if isinstance(node, dict):
        return [row for value in node.values() for row in _rows(value)]
    if isinstance(node, tuple):
        return [row for value in node for row in _rows(value)]
    return []


ROWS = [row for name in figures.__all__ for row in _rows(getattr(figures, name))]


def test_table__names_a_source_for_every_figure() -> None:
    assert len(ROWS) > 90
    assert [row for row in ROWS if not _SOURCE.search(row.source)] == []


def test_kinds__are_stained_and_scatter() -> None:
    assert set(figures.STAINING) == {*KINDS, "debris"}
    assert set(figures.SCATTER) == {*KINDS, "debris", "beads"}
    stained = {marker for stains in figures.STAINING.values() for marker in stains}
    assert stained <= set(MARKERS)
    assert set(figures.HARD) <= set(KINDS)


def test_cd3dim__is_half_the_alpha_beta_median() -> None:
    assert figures.STAINING["gamma-delta T"]["CD3"].median * 2 == figures.STAINING["T"]["CD3"].median


def test_spillover__is_square_asymmetric_and_well_conditioned() -> None:
    matrix = np.array(figures.SPILLOVER)
    assert matrix.shape == (8, 8)
    assert np.all(np.diag(matrix) == 1.0)
    assert np.all(matrix >= 0.0)
    assert np.abs(matrix - matrix.T).max() > 0.1
    assert np.linalg.cond(matrix) < 2.0


def test_between__stays_between_its_ends() -> None:
    rng = np.random.default_rng(1)
    flat = [Between(2.0, 8.0, "chosen").draw(rng) for _ in range(2000)]
    log = [Between(2.0, 8.0, "chosen", log=True).draw(rng) for _ in range(2000)]
    assert 2.0 <= min(flat + log) <= max(flat + log) <= 8.0
    assert np.median(flat) == pytest.approx(5.0, abs=0.2)
    assert np.median(log) == pytest.approx(4.0, abs=0.2)
