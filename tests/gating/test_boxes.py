"""The boxes of an ellipsoid: the formula must say of every point what they say."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nkflow.compensation import Spillover
from nkflow.fcs.sample import Sample
from nkflow.gating import Ellipsoid, Template, gate
from nkflow.gating.boxes import boxes
from nkflow.gating.gates.ellipsoid import quadratic_form
from nkflow.gating.run import explain
from nkflow.scales import Logicle
from nkflow.scales.table import ACCURACY


def _ellipsoid(rng: np.random.Generator, n: int, thin: float) -> tuple[np.ndarray, np.ndarray]:
    turn = np.linalg.qr(rng.normal(size=(n, n)))[0]
    widths = 10.0 ** rng.uniform(-thin, 0.0, n)
    covariance = (turn * widths**2) @ turn.T
    return rng.normal(0.0, 3.0, n), quadratic_form(((covariance + covariance.T) / 2).tolist())


def _inside(centre: np.ndarray, form: np.ndarray, square: float, points: np.ndarray) -> np.ndarray:
    d = points - centre
    return np.einsum("ki,ij,kj->k", d, form, d) <= square


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 5), st.integers(0, 2**32 - 1), st.floats(0.0, 2.5), st.sampled_from([0.3, 1.0, 9.0]))
def test_boxes__say_what_the_formula_says(n: int, seed: int, thin: float, square: float) -> None:
    rng = np.random.default_rng(seed)
    centre, form = _ellipsoid(rng, n, thin)
    found = boxes(centre, form, square)
    if found is None:
        assert thin > 1.0
        return
    outer, inner = found
    assert (inner < outer).all()
    assert (inner > 0.0).all()
    corners = rng.choice([-1.0, 1.0], (200, n))
    assert _inside(centre, form, square, centre + corners * inner).all()  # the worst points of the inner box
    # the points of the surface that are farthest out along each axis: just inside the outer box
    spread = np.linalg.inv(form)
    tips = np.sqrt(square) * spread / np.sqrt(np.diag(spread))[:, None]
    for axis, tip in enumerate(tips):
        assert outer[axis] * (1.0 - 3e-6) < tip[axis] < outer[axis]
    anywhere = centre + rng.uniform(-1.5, 1.5, (500, n)) * outer
    beyond = (np.abs(anywhere - centre) > outer).any(axis=1)
    assert not _inside(centre, form, square, anywhere[beyond]).any()


@settings(max_examples=200, deadline=None)
@given(st.integers(2, 6), st.integers(0, 2**32 - 1), st.floats(0.0, 3.5), st.floats(-5.5, 0.0))
def test_boxes__leave_room_for_the_fast_path_of_a_scale(n: int, seed: int, thin: float, size: float) -> None:
    rng = np.random.default_rng(seed)
    centre, form = _ellipsoid(rng, n, thin)
    found = boxes(centre / 3.0, form / 10.0 ** (2.0 * size), 1.0)
    assume(found is not None)
    outer, inner = found
    corners = np.array(list(product((1.0, -1.0), repeat=n))) * inner
    off = ACCURACY * np.sign(corners @ form)  # the worst that the fast path may do
    assert _inside(np.zeros(n), form / 10.0 ** (2.0 * size), 1.0, corners + off).all()
    tips = np.linalg.inv(form) * 10.0 ** (2.0 * size)
    assert (np.sqrt(np.diag(tips)) + ACCURACY < outer).all()


def test_boxes__are_as_large_as_can_be() -> None:
    found = boxes(np.zeros(2), np.eye(2), 4.0)
    assert found is not None
    np.testing.assert_allclose(found, [[2.0, 2.0], [2.0**0.5, 2.0**0.5]], rtol=2e-6)


@pytest.mark.parametrize(
    ("centre", "form"),
    [
        ([0.0, 0.0], [[1.0, 0.0], [0.0, -1.0]]),  # no ellipsoid
        ([0.0, 0.0], [[1.0, 1.0], [1.0, 1.0]]),
        ([0.0, 0.0], [[1.0, 1.0 - 1e-9], [1.0 - 1e-9, 1.0]]),  # too thin
        ([0.0, 0.0], [[1e12, 0.0], [0.0, 1.0]]),  # too small
        ([1e7, 0.0], [[1.0, 0.0], [0.0, 1.0]]),  # against its centre
        ([0.0] * 7, np.eye(7).tolist()),
        ([0.0, 0.0], [[np.nan, 0.0], [0.0, 1.0]]),
    ],
)
def test_boxes__are_none_where_rounding_could_reach(centre: list[float], form: list[list[float]]) -> None:
    assert boxes(np.array(centre), np.array(form), 1.0) is None


@pytest.mark.parametrize("width", [1e-9, 0.3])
def test_gate__of_an_ellipsoid_asks_few_events(width: float) -> None:
    rng = np.random.default_rng(3)
    values = {name: rng.lognormal(7.0, 1.0, 20_000) for name in "AB"}
    values["A"][:3] = np.nan, np.inf, -np.inf
    sample = Sample.from_arrays(values, spillover=Spillover(("A", "B"), np.eye(2)))
    scale = Logicle(262144.0, 0.5, 4.5)
    shape = Ellipsoid(
        ["A", "B"], (0.4, 0.4), covariance=[[width**2, 0.0], [0.0, 0.01]], space="display", name="round"
    )
    template = Template.of(shape, scales={"A": scale, "B": scale}, compensation="none")
    words = "in its middle are inside" if width > 1e-6 else "all events are asked"
    assert any(words in line for line in explain(sample, template))
    x, y = (scale.column(values[name]) for name in "AB")
    with np.errstate(invalid="ignore"):
        expected = ((x - 0.4) / width) ** 2 + ((y - 0.4) / 0.1) ** 2 <= 1.0
    found = gate(sample, template, threads=1).mask("round")
    np.testing.assert_array_equal(found, expected)
    assert found.any() == (width > 1e-6)
