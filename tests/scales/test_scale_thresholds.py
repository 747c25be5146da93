"""`pull_back`: membership in data units says what comparing display values says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nkflow.errors import ScaleError
from nkflow.kernels import scales as kernels
from nkflow.scales import Arcsinh, ArcsinhCofactor, Biex, Hyperlog, Linear, Log, Logicle, Scale, pull_back

positive = st.floats(1e-3, 1e7)


@st.composite
def logicles(draw: st.DrawFn) -> Scale:
    M = draw(st.floats(0.5, 8.0))
    W = draw(st.floats(0.01, 1.0)) * M / 2
    A = draw(st.one_of(st.just(0.0), st.floats(0.0, 1.0).map(lambda u: -W + u * (M - W))))
    kind = draw(st.sampled_from([Logicle, Hyperlog]))
    return kind(draw(positive), W, M, min(A, M - 2 * W))


exactly_monotone = st.one_of(
    st.builds(lambda T, u: Linear(T, u * T), positive, st.floats(0, 1)),
    st.builds(Biex, neg=st.floats(0, 1), width_basis=st.floats(-900, -4)),
)
any_scale = st.one_of(
    exactly_monotone,
    st.builds(Log, positive, st.floats(0.5, 9)),
    st.builds(lambda T, M, u: Arcsinh(T, M, u * M), positive, st.floats(0.5, 8), st.floats(0, 1)),
    st.builds(ArcsinhCofactor, st.floats(0.1, 1e4)),
    logicles(),
)


def place(scale: Scale, u: float) -> float:
    """A display value: u = 0..1 along the usual axis, and beyond."""
    match scale:
        case Biex():
            return u * scale.channels
        case ArcsinhCofactor():
            return 12.0 * u
        case _:
            return u


def neighbours(x0: float) -> list[float]:
    """Numbers on both sides of x0, from the next float64 to far away."""
    around = [x0, math.nextafter(x0, -math.inf), math.nextafter(x0, math.inf)]
    size = abs(x0) or 1.0
    return around + [x0 + sign * size * step for step in (1e-15, 1e-13, 1e-9, 1e-3, 10.0) for sign in (-1, 1)]


@settings(deadline=None, max_examples=300)
@given(scale=exactly_monotone, u=st.floats(-0.5, 1.5), x=st.floats(allow_nan=False, allow_infinity=False))
def test_pull_back__says_exactly_what_comparing_display_values_says(scale: Scale, u: float, x: float) -> None:
    y = place(scale, u)
    x0 = pull_back(scale, y)
    candidates = [x] if math.isinf(x0) else [x, *neighbours(x0)]
    for value in candidates:
        if math.isfinite(value):
            assert (value >= x0) == (scale.forward(value) >= y)


@settings(deadline=None, max_examples=300)
@given(scale=any_scale, u=st.floats(-0.2, 1.2), x=st.floats(-1e9, 1e9))
def test_pull_back__agrees_beyond_the_last_digits_for_every_scale(scale: Scale, u: float, x: float) -> None:
    # no computed scale is monotone in its last bits: beyond 1e-12 of x0, or what a last digit of y is worth
    y = place(scale, u)
    x0 = pull_back(scale, y)
    digit = abs(scale.inverse(y + 4 * math.ulp(abs(y) + 1.0)) - scale.inverse(y - 4 * math.ulp(abs(y) + 1.0)))
    for value in [x] if math.isinf(x0) else [x, *neighbours(x0)]:
        if value == x0 or abs(value - x0) > 1e-12 * abs(x0) + digit:
            assert (value >= x0) == (scale.forward(value) >= y)
    assert math.isinf(x0) or scale.forward(math.nextafter(x0, -math.inf)) < y <= scale.forward(x0)
    assert scale.forward(x) == math.inf or pull_back(scale, scale.forward(x)) <= x


@pytest.mark.parametrize("x", [0.0, 1.0, 10.0, 20.0, 80.0, 17.75, 1000.0])
@pytest.mark.parametrize(
    "scale", [Linear(1000, 100), Linear(1024, 256), Log(10000, 5), Log(1000, 3)], ids=str
)
def test_pull_back__keeps_exact_ties_in(scale: Scale, x: float) -> None:
    if isinstance(scale, Log) and x == 0:
        return
    printed = float(f"{scale.forward(x):.12g}")
    if printed == scale.forward(x):
        assert pull_back(scale, printed) <= x
    assert pull_back(scale, scale.forward(x)) <= x < pull_back(scale, math.nextafter(scale.forward(x), 9e9))


def test_pull_back__keeps_decades_of_a_log_scale_in() -> None:
    for y, x in ((0.2, 1.0), (0.4, 10.0), (0.6, 100.0), (0.8, 1000.0)):
        assert pull_back(Log(10000, 5), y) <= x
        assert pull_back(Log(10000, 5), y) == pytest.approx(x, rel=2e-14)


@pytest.mark.parametrize("scale", [Log(10000, 5), Biex(), Logicle(262144, 0.5, 4.5), Linear(1000)], ids=str)
def test_pull_back__of_an_end_is_an_infinity(scale: Scale) -> None:
    assert pull_back(scale, -math.inf) == -math.inf
    assert pull_back(scale, math.inf) == math.inf
    if isinstance(scale, Biex):
        # constant ends: everything reaches channel 0, nothing finite more than the last
        assert pull_back(scale, 0.0) == -math.inf
        assert pull_back(scale, 4096.0) == pytest.approx(scale.inverse(4096.0))
        assert pull_back(scale, 4096.0001) == math.inf
    if isinstance(scale, Log):
        assert 0.0 < pull_back(scale, -60.0) < 1e-290
        assert 0.0 < pull_back(scale, -500.0) < 1e-319


def test_pull_back__refuses_nan() -> None:
    with pytest.raises(ScaleError, match="not a number"):
        pull_back(Linear(1.0), math.nan)


@settings(deadline=None)  # the first one compiles
@given(x=st.floats(allow_nan=False))
def test_ordinal__counts_the_floats(x: float) -> None:
    k = kernels.ordinal(x)
    assert kernels.from_ordinal(k) == x
    if math.isfinite(x):
        assert kernels.ordinal(math.nextafter(x, math.inf)) == k + 1


def test_threshold__is_found_from_any_distance() -> None:
    # an inverse that overflows starts the search at the largest float64
    scale = Logicle(1e300, 0.5, 4.5)
    assert scale.inverse(5.0) == np.inf
    assert pull_back(scale, 5.0) == np.inf
    assert scale.forward(pull_back(scale, 2.0)) >= 2.0
