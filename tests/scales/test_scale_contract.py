"""What every scale of one channel must do, whatever its formula (STANDARDS 3, TR-01 to TR-26)."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from nkflow.errors import ScaleError
from nkflow.scales import Arcsinh, ArcsinhCofactor, Biex, Hyperlog, Linear, Log, Logicle, Ratio, pull_back
from nkflow.scales.table import ACCURACY

SCALES = [
    Linear(262144),
    Linear(1000, 100),
    Log(10000, 5),
    Log(262144, 4.5),
    Arcsinh(1000, 4, 1),
    Arcsinh(262144, 4.5),
    ArcsinhCofactor(5),
    ArcsinhCofactor(150),
    Logicle(262144, 0.5, 4.5),
    Logicle(1000, 1, 4, 1),
    Logicle(4194304, 2.25, 4.5),
    Logicle(10000, 0, 4),
    Logicle(262144, 0.5, 4.5, -0.25),
    Hyperlog(262144, 0.5, 4.5),
    Hyperlog(1000, 1, 4, 1),
    Biex(),
    Biex(neg=1.0, width_basis=-100),
]
GRID = np.sort(np.concatenate([s * np.geomspace(1e-3, 262144, 20000) for s in (-1, 1)] + [np.zeros(1)]))


@pytest.mark.parametrize("scale", SCALES, ids=str)
class TestEveryScale:
    def test_forward__is_strictly_rising_between_its_ends(self, scale) -> None:
        y = scale.forward(GRID)
        inside = np.isfinite(y)
        if isinstance(scale, Biex):
            inside &= (y > 0) & (y < scale.channels)
        assert inside.sum() > 15000
        assert np.all(np.diff(y[inside]) > 0)
        assert np.all(y[1:] >= y[:-1])

    def test_forward__takes_numbers_lists_and_arrays_of_any_shape(self, scale) -> None:
        assert type(scale.forward(10)) is float
        assert scale.forward([1.0, 10.0]).shape == (2,)
        cube = np.arange(1.0, 25.0, dtype=np.float32).reshape(2, 3, 4)[:, ::-1]
        assert scale.forward(cube).shape == cube.shape
        assert scale.forward(cube)[1, 2, 3] == scale.forward(float(cube[1, 2, 3]))
        assert scale.forward(np.empty(0)).shape == (0,)
        assert type(scale.inverse(0.5)) is float
        assert scale.inverse(np.full((2, 3), 0.5)).shape == (2, 3)

    def test_nan__stays_nan(self, scale) -> None:
        assert math.isnan(scale.forward(math.nan))
        assert math.isnan(scale.inverse(math.nan))
        assert np.isnan(scale.column(np.array([1.0, -math.nan, math.nan]))).tolist() == [False, True, True]

    def test_infinity__is_the_end_of_the_axis(self, scale) -> None:
        # STANDARDS TR-03; biex ends at its last channel
        ends = scale.forward(np.array([-np.inf, np.inf]))
        expected = [0.0, scale.channels] if isinstance(scale, Biex) else [-np.inf, np.inf]
        assert ends.tolist() == expected
        assert scale.column(np.array([-np.inf, np.inf])).tolist() == expected
        assert scale.inverse(np.inf) == (scale.inverse(4096.0) if isinstance(scale, Biex) else np.inf)

    def test_scale__is_odd_about_zero(self, scale) -> None:
        if isinstance(scale, Linear | Log):
            return
        zero = scale.forward(0.0)
        x = np.geomspace(1e-9, 50.0, 200)
        np.testing.assert_allclose(scale.forward(x) - zero, zero - scale.forward(-x), rtol=0, atol=2e-12)
        assert scale.column(np.zeros(1))[0] == zero == scale.forward(-0.0)

    def test_inverse__undoes_forward(self, scale) -> None:
        # STANDARDS TR-26, with the slope at zero where a last digit of y is worth more than 1e-12
        x = GRID[(GRID > 1e-2)] if isinstance(scale, Log) else GRID
        if isinstance(scale, Biex):
            x = x[(x > scale.inverse(0.0)) & (x < scale.inverse(4096.0))]
        y = scale.forward(x)
        digit = np.abs(scale.inverse(y + 4.0 * np.spacing(np.abs(y) + 0.1)) - scale.inverse(y))
        assert np.all(np.abs(scale.inverse(y) - x) <= 1e-12 * np.maximum(np.abs(x), 1.0) + digit)

    def test_column__is_the_fast_way_to_the_same_values(self, scale) -> None:
        exact = scale.forward(GRID)
        out = np.empty_like(GRID)
        assert scale.column(GRID, out) is out
        finite = np.isfinite(exact)
        assert np.array_equal(out[~finite], exact[~finite])
        assert np.abs(out[finite] - exact[finite]).max() <= ACCURACY
        if isinstance(scale, Linear | Biex):
            assert np.array_equal(out, exact)

    def test_column__gives_an_event_the_same_bits_in_any_block(self, scale) -> None:
        x = np.concatenate([GRID[::7], [np.nan, np.inf, 1e12]])
        whole = scale.column(x)
        parts = np.concatenate([scale.column(x[a : a + 301].copy()) for a in range(0, len(x), 301)])
        assert whole.tobytes() == parts.tobytes()

    def test_bounds__clip_the_output_and_nothing_else(self, scale) -> None:
        # STANDARDS TR-02
        low, high = scale.forward(2.0), scale.forward(900.0)
        clipped = dataclasses.replace(scale, bounds=(low, high))
        x = np.array([-1e9, 0.0, 1.0, 2.0, 50.0, 900.0, 901.0, np.inf, np.nan])
        np.testing.assert_array_equal(clipped.forward(x), np.clip(scale.forward(x), low, high))
        np.testing.assert_allclose(clipped.column(x), clipped.forward(x), rtol=0, atol=ACCURACY)
        assert clipped.forward(1.0) == low
        assert clipped.pull_back(low) == -np.inf
        assert clipped.pull_back(math.nextafter(high, np.inf)) == np.inf
        assert clipped.pull_back(high) == pytest.approx(900.0, rel=1e-12)
        assert str(clipped) != str(scale)

    def test_threshold__at_the_place_of_a_value_lets_that_value_in(self, scale) -> None:
        for x in (0.5, 1.0, 10.0, 17.75, 1000.0, 4096.0, 65535.0):
            if scale.forward(x) == scale.forward(np.inf):
                continue
            x0 = pull_back(scale, scale.forward(x))
            assert x0 <= x
            assert x0 == pytest.approx(x, rel=1e-12, abs=1e-9)

    def test_scale__is_a_value(self, scale) -> None:
        assert scale == dataclasses.replace(scale)
        assert hash(scale) == hash(dataclasses.replace(scale))
        assert eval(repr(scale)) == scale
        with pytest.raises(dataclasses.FrozenInstanceError):
            scale.bounds = (0.0, 1.0)
        for array in scale.table()[1:]:
            assert not array.flags.writeable


ILLEGAL = [
    (Linear, {"T": 0.0}),
    (Linear, {"T": -1.0}),
    (Linear, {"T": 100.0, "A": -1.0}),
    (Linear, {"T": 100.0, "A": 101.0}),
    (Log, {"T": 0.0, "M": 1.0}),
    (Log, {"T": 1.0, "M": 0.0}),
    (Log, {"T": 1.0, "M": 301.0}),
    (Arcsinh, {"T": 0.0, "M": 1.0}),
    (Arcsinh, {"T": 1.0, "M": 0.0}),
    (Arcsinh, {"T": 1.0, "M": 4.0, "A": -0.1}),
    (Arcsinh, {"T": 1.0, "M": 4.0, "A": 4.1}),
    (Arcsinh, {"T": 1.0, "M": 200.0, "A": 101.0}),
    (ArcsinhCofactor, {"c": 0.0}),
    (ArcsinhCofactor, {"c": -5.0}),
    (Logicle, {"T": 0.0, "W": 0.5, "M": 4.5}),
    (Logicle, {"T": 1.0, "W": 0.5, "M": 0.0}),
    (Logicle, {"T": 1.0, "W": -0.1, "M": 4.5}),
    (Logicle, {"T": 1.0, "W": 2.3, "M": 4.5}),
    (Logicle, {"T": 1.0, "W": 2.3, "M": 4.5, "A": -0.2}),  # A is legal here, W is not
    (Logicle, {"T": 1.0, "W": 0.5, "M": 4.5, "A": -0.6}),
    (Logicle, {"T": 1.0, "W": 0.5, "M": 4.5, "A": 3.6}),
    (Logicle, {"T": 1.0, "W": 0.5, "M": 301.0}),
    (Hyperlog, {"T": 1.0, "W": 0.0, "M": 4.5}),
    (Hyperlog, {"T": 1.0, "W": 2.3, "M": 4.5}),
    (Biex, {"max_range": 0.0}),
    (Biex, {"width_basis": 0.0}),
    (Biex, {"width_basis": 10.0}),
    (Biex, {"pos": 0.2}),
    (Biex, {"channels": 4095}),
    (Biex, {"channels": 0}),
    (Linear, {"T": math.nan}),
    (Linear, {"T": math.inf}),
    (Logicle, {"T": 1.0, "W": math.nan, "M": 4.5}),
    (Linear, {"T": "100"}),
    (Linear, {"T": None}),
    (Linear, {"T": True}),
    (Linear, {"T": 1.0, "bounds": (1.0, 0.0)}),
    (Linear, {"T": 1.0, "bounds": (0.0, math.nan)}),
    (Linear, {"T": np.array([100.0])}),
    (Linear, {"T": 10**400}),
    (Linear, {"T": 1.0, "bounds": ("0", 1.0)}),
    (Linear, {"T": 1.0, "bounds": (0.0,)}),
    (Linear, {"T": 1.0, "bounds": None}),
    # so near the ends of float64 that no value could be computed
    (Linear, {"T": 1.7e308, "A": 1.7e308}),
    (Arcsinh, {"T": 1e-300, "M": 150.0}),
    (ArcsinhCofactor, {"c": 5e-324}),
    (Logicle, {"T": 1e-300, "W": 1.0, "M": 290.0}),
    (Logicle, {"T": 5e-324, "W": 0.5, "M": 4.5}),
    (Hyperlog, {"T": 1e5, "W": 1e-300, "M": 4.0}),
    (Biex, {"pos": 300.0, "neg": 300.0, "width_basis": -1000.0}),
    (Biex, {"neg": 300.0}),
    (Ratio, {"A": math.inf, "B": 0.0, "C": 0.0}),
    (Ratio, {"A": 1.0, "B": math.nan, "C": 0.0}),
]


@pytest.mark.parametrize(("kind", "parameters"), ILLEGAL, ids=lambda v: str(v))
def test_parameters__outside_what_is_legal_are_refused(kind, parameters) -> None:
    # STANDARDS TR-01
    with pytest.raises(ScaleError) as caught:
        kind(**parameters)
    assert caught.value.found
    assert caught.value.expected


def test_parameters__on_the_edge_of_what_is_legal_are_taken() -> None:
    for scale in (
        Linear(100, 100), Linear(1e-9), Log(1, 300), Arcsinh(1, 4, 4), Arcsinh(1, 150, 150),
        Logicle(1, 2.25, 4.5), Logicle(1, 0.5, 4.5, -0.5), Logicle(1, 0.5, 4.5, 3.5), Logicle(1, 0, 4.5, 4.5),
        Hyperlog(1, 2.25, 4.5), Hyperlog(1, 0.5, 4.5, -0.5), Biex(channels=64),
    ):  # fmt: skip
        assert scale.forward(scale.inverse(0.75)) == pytest.approx(0.75, rel=1e-9)


def test_log__puts_zero_and_below_under_every_range_with_a_lower_bound() -> None:
    # STANDARDS TR-04
    assert Log(10000, 5).forward(np.array([0.0, -0.0, -1e-300, -5.0])).tolist() == [-np.inf] * 4
    assert Log(10000, 5).column(np.array([0.0, -5.0])).tolist() == [-np.inf] * 2


@pytest.mark.parametrize(
    "scale",
    [Logicle(262144, 0.5, 4.5), Logicle(1000, 1, 4, 1), Logicle(4194304, 2.25, 4.5), Logicle(10000, 0, 4),
     Logicle(262144, 0.5, 4.5, -0.25), Hyperlog(262144, 0.5, 4.5), Hyperlog(1000, 1, 4, 1)],
    ids=str,
)  # fmt: skip
def test_zero__stands_exactly_where_the_formula_puts_it(scale) -> None:
    # STANDARDS TR-09
    place = (scale.A + scale.W) / (scale.M + scale.A)
    assert scale.forward(0.0) == scale.forward(-0.0) == scale.column(np.zeros(1))[0] == place
    assert scale.inverse(place) == 0.0


@pytest.mark.parametrize(
    "scale",
    [Logicle(262144, 0.5, 4.5), Logicle(1000, 1, 4, 1), Logicle(4194304, 2.25, 4.5), Hyperlog(262144, 0.5, 4.5),
     Arcsinh(262144, 4.5)],
    ids=str,
)  # fmt: skip
def test_forward__rises_strictly_on_a_million_values(scale) -> None:
    # STANDARDS TR-26; the fast path is as monotone as the exact one here
    one_side = np.geomspace(1e-3, 262144, 500_000)
    x = np.concatenate([-one_side[::-1], [0.0], one_side])
    assert np.all(np.diff(scale.forward(x)) > 0)
    assert np.all(np.diff(scale.column(x)) > 0)


def test_log__is_flowjos_log_with_bounds() -> None:
    # STANDARDS 3.2: (log10 x - log10 offset) / decades, and 0 for x below the offset
    scale = Log(0.5 * 10**4.5, 4.5, bounds=(0.0, np.inf))
    assert scale.forward(np.array([-3.0, 0.0, 0.1, 0.5])) == pytest.approx([0.0] * 4, abs=1e-15)
    assert scale.forward(77.0) == pytest.approx((math.log10(77) - math.log10(0.5)) / 4.5, abs=1e-14)


def test_ratio__divides_two_channels() -> None:
    x1, x2 = np.array([1.0, 5.0, 3.0, 0.0, 3.0, np.nan]), np.array([2.0, -1.0, 1.0, 1.0, np.inf, 3.0])
    result = Ratio(10, 3, 1).forward(x1, x2)
    # STANDARDS TR-05: a denominator of zero gives an infinity or NaN, without a warning
    np.testing.assert_array_equal(result, [-20.0, -10.0, np.nan, -np.inf, 0.0, np.nan])
    out = np.empty(6)
    assert Ratio(10, 3, 1, bounds=(-15.0, np.inf)).forward(x1, x2, out) is out
    np.testing.assert_array_equal(out, [-15.0, -10.0, np.nan, -15.0, 0.0, np.nan])
    np.testing.assert_array_equal(x1[:2], [1.0, 5.0])
