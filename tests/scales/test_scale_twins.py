"""Every scale against fifty digits over a grid of legal parameters, and the kernels against their twins."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from naive import scales as naive
from naive import scales_curve, scales_pieces
from nkflow.errors import ScaleError
from nkflow.kernels import scales_curve as curve_kernels
from nkflow.kernels.scales import CURVE
from nkflow.scales import Arcsinh, ArcsinhCofactor, Biex, Hyperlog, Linear, Log, Logicle
from nkflow.scales.table import build, exact_column, fast_column

SIZES = (0.0, 1e-13, 1e-7, 1e-4, 0.004, 0.05, 0.3, 1.0, 7.0)  # of T, on both sides of zero


def arguments(T: float) -> list[float]:
    return [sign * size * T for size in SIZES for sign in (1.0, -1.0) if size or sign > 0]


def widths(M: float):
    """W and A on the edges of what is legal, and between."""
    for share in (0.0, 0.02, 0.2, 0.7, 1.0):
        W = share * M / 2
        for A in sorted({-W, -W / 3, 0.0, (M - 2 * W) / 2, M - 2 * W}):
            yield W, A


GRID = [
    (kind, (T, W, M, A))
    for T, M in ((262144.0, 4.5), (1000.0, 1.0), (4194304.0, 7.0))
    for W, A in widths(M)
    for kind in (Logicle, Hyperlog)
    if W > 0 or kind is Logicle
]


@pytest.mark.parametrize(("kind", "parameters"), GRID, ids=str)
def test_forward__agrees_with_fifty_digits(kind, parameters) -> None:
    twin = {Logicle: naive.logicle, Hyperlog: naive.hyperlog}[kind]
    scale = kind(*parameters)
    x = arguments(parameters[0])
    exact = np.array([float(twin(value, *parameters)) for value in x])
    np.testing.assert_allclose(scale.forward(np.array(x)), exact, rtol=1e-14, atol=2e-15)
    np.testing.assert_allclose(scale.column(np.array(x)), exact, rtol=0.0, atol=1e-12)


@pytest.mark.parametrize(("kind", "parameters"), GRID, ids=str)
def test_inverse__agrees_with_fifty_digits(kind, parameters) -> None:
    scale = kind(*parameters)
    y = np.linspace(-0.3, 1.2, 13)
    exact = np.array([float(naive.inverse(scale.kind, value, *parameters)) for value in y])
    # a last digit of y is worth this much of x, by the slope of the inverse
    slope = np.abs(np.gradient(scale.inverse(np.linspace(-0.3, 1.2, 1301)), 1.5 / 1300)[::108][: len(y)])
    assert np.all(np.abs(scale.inverse(y) - exact) <= 1e-12 * np.abs(exact) + 1e-15 * slope)


@pytest.mark.parametrize("T", [1.0, 1000.0, 262144.0])
@pytest.mark.parametrize(("M", "A"), [(4.0, 1.0), (5.0, 0.0), (3.0, 3.0), (0.5, 0.1), (150.0, 150.0)])
def test_closed_forms__agree_with_fifty_digits(T, M, A) -> None:
    x = arguments(T)
    cases = [(Arcsinh(T, M, A), [naive.arcsinh(v, T, M, A) for v in x], x)]
    cases += [(Linear(T, A * T / 3), [naive.linear(v, T, A * T / 3) for v in x], x)] if A <= 3 else []
    positive = [v for v in x if v > 0]
    cases += [(Log(T, M), [naive.log(v, T, M) for v in positive], positive)]
    cases += [(ArcsinhCofactor(T), [naive.mp.asinh(naive.mpf(v) / naive.mpf(T)) for v in x], x)]
    for scale, exact, given in cases:
        expected = np.array([float(value) for value in exact])
        np.testing.assert_allclose(scale.forward(np.array(given)), expected, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(scale.column(np.array(given)), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    "parameters",
    [(262144.000029, 4.41854, 0.0, -10.0), (262144.000029, 4.41854, 1.0, -7.943282), (1e4, 4.0, 0.5, -100.0),
     (4194304.0, 5.62, 0.0, -900.0), (262144.0, 4.5, -1.0, -1.0)],
)  # fmt: skip
def test_biex__agrees_with_fifty_digits(parameters) -> None:
    scale = Biex(*parameters, channels=256)
    table = naive.biex_table(*parameters, channels=256)
    entries = np.array([float(entry) for entry in table])
    np.testing.assert_allclose(scale.inverse(np.arange(257.0)), entries, rtol=1e-12, atol=1e-9)
    x = np.concatenate(
        [np.linspace(1.2 * entries[0], 1.2 * entries[-1], 60), entries[::16], np.geomspace(1e-3, 1e4, 30)]
    )
    expected = np.array([float(naive.biex(value, table)) for value in x.tolist()])
    np.testing.assert_allclose(scale.forward(x), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("r", [1e-9, 1e-3, 0.3, 1.0])
@pytest.mark.parametrize("h", [0.0, 5.0, 1e6])
def test_curve_root__agrees_with_its_twin(r, h) -> None:
    parameters = (3.0, 10.0, 1.0 / r**2, 10.0 * r, h)
    for v in (1e-300, 1e-9, 0.1, 4.0, 1e5, 1e30, 1e300):
        exact = scales_curve.curve_root(v, *parameters)
        t = curve_kernels.curve_root(v, *parameters)
        assert abs(t - exact) <= 1e-14 * exact + 1e-45
        assert curve_kernels.curve_value(t, *parameters) == pytest.approx(v, rel=1e-12)


@pytest.mark.parametrize(
    "scale", [Logicle(262144, 0.5, 4.5), Hyperlog(1e4, 1, 4), Arcsinh(1e3, 4, 1), Log(1e4, 5)], ids=str
)
def test_pieces__agree_with_their_twin_and_leave_the_rest_to_the_exact_path(scale) -> None:
    table = scale.table()
    x = np.concatenate([np.geomspace(1e-6, 1e9, 300), -np.geomspace(1e-6, 1e9, 300), [0.0, np.inf, np.nan]])
    y, exact = scale.column(x), scale.forward(x)
    beyond = 0
    for k, value in enumerate(x.tolist()):
        twin = scales_pieces.piece_value(
            table.parameters, table.pieces, value, odd=not isinstance(scale, Log)
        )
        if twin is None:
            beyond += 1
            np.testing.assert_equal(y[k], exact[k])
        else:
            assert y[k] == twin
    assert 0 < beyond < 0.8 * len(x)


def test_pieces__are_left_out_where_they_would_be_too_many() -> None:
    scale = Arcsinh(1.0, 150.0, 150.0)
    assert scale.table().pieces.shape == (0, 4)
    assert scale.column(np.array([0.3]))[0] == scale.forward(0.3)


def test_pieces__are_built_once_for_equal_parameters() -> None:
    # STANDARDS TR-22
    assert Logicle(262144, 0.5, 4.5).table() is Logicle(262144.0, 0.5, 4.5, 0.0).table()
    assert Logicle(262144, 0.5, 4.5).table() is not Logicle(262144, 0.6, 4.5).table()


def test_pieces__keep_their_bound_in_the_middle_of_every_piece() -> None:
    for W, M in itertools.product((0.0, 0.3, 1.0, 2.0), (4.0, 4.5, 6.0)):
        scale = Logicle(262144, W, M)
        parameters, pieces = scale.table().parameters, scale.table().pieces
        first, shift = np.int64(parameters[9]), np.int64(parameters[10])
        edges = ((first + np.arange(len(pieces) + 1)) << shift).view(np.float64)
        middle = 0.5 * (edges[1:] + edges[:-1]) - parameters[8]
        assert np.abs(scale.column(middle) - scale.forward(middle)).max() <= 1e-12
        assert len(pieces) * 32 < 400_000, "the pieces must stay near the processor"


@pytest.mark.parametrize("M", [1e-2, 1e-4, 1e-5, 1e-7, 1e-12, 1e-20])
def test_pieces__keep_their_bound_where_the_offset_swallows_the_values(M: float) -> None:
    # v = |x| + offset: with few decades the offset is far above T, and v holds few digits of x
    x = np.random.default_rng(1).uniform(-1500.0, 1500.0, 2000)
    for scale in (Arcsinh(1000.0, M), Logicle(1000.0, M / 4, M), Hyperlog(1000.0, M / 2, M)):
        assert np.abs(scale.column(x) - scale.forward(x)).max() <= 1e-12


def test_convergence__is_reached_at_the_edges_of_what_is_legal() -> None:
    # STANDARDS TR-11: FlowUtils gives up near W = M / 2 and returns -1
    for M in (0.1, 1.0, 4.5, 20.0, 150.0):
        for W in (M / 2, math.nextafter(M / 2, 0.0), M / 2 - 1e-9):
            scale = Logicle(262144, W, M, 0.0)
            x = np.concatenate([np.geomspace(1e-300, 1e300, 400), [5e-324]])
            y = scale.forward(np.concatenate([-x, x]))
            assert np.isfinite(y).all()


def test_convergence__that_is_not_reached_is_an_error_and_no_value() -> None:
    # STANDARDS TR-11: no legal scale does this, so that the curve is made of NaN
    broken = build(CURVE, (-math.inf, math.inf), (0.0, math.nan, 1.0, 1.0, 1.0, 0.0))
    for column in (exact_column, fast_column):
        with pytest.raises(ScaleError, match="did not settle") as caught:
            column(broken, np.array([1.0, np.nan, 2.0]))
        assert caught.value.code == "no-convergence"
        assert "2 values" in caught.value.found
