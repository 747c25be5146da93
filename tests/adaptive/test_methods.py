"""Every method on values whose answer is known: cut, standard error, quality; or no gate with its reason."""

from __future__ import annotations

import numpy as np
import pytest

from adaptive.shapes import two_peaks, valley_of_two
from nkflow.gating.adaptive.band import Band, singlet_band
from nkflow.gating.adaptive.document import (
    BeadsMethod,
    FMOMethod,
    Method,
    MixtureMethod,
    QuantileMethod,
    TailMethod,
    ValleyMethod,
)
from nkflow.gating.adaptive.find import find_cut, judged
from nkflow.gating.adaptive.found import Cut, NoGate
from nkflow.gating.adaptive.mixture import Ellipse, mixture_cut, mixture_ellipse
from nkflow.gating.adaptive.quantile import quantile
from nkflow.gating.adaptive.tail import tail
from nkflow.gating.adaptive.valley import beside_top, valley
from nkflow.gating.adaptive.window import ANYWHERE, Window, allowed

METHODS: tuple[Method, ...] = (
    ValleyMethod(kind="valley"),
    BeadsMethod(kind="beads"),
    TailMethod(kind="tail", side="right"),
    TailMethod(kind="tail", side="left", sds=2),
    QuantileMethod(kind="quantile", p=0.95),
    FMOMethod(kind="fmo", marker="CD3", p=0.99),
    MixtureMethod(kind="mixture"),
)


def cut_of(found: object) -> Cut:
    assert isinstance(found, Cut), found
    return found


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.kind)
class TestEveryMethod:
    values = two_peaks(6000, sd=(0.05, 0.02), seed=5)

    def test_answer__has_place_error_quality_and_events(self, method: Method) -> None:
        found = cut_of(find_cut(method, self.values, window=ANYWHERE, seed=1))
        assert 0 < found.se < 0.1
        assert np.isfinite(found.quality)
        assert found.measure
        assert found.n == 6000
        assert found.floor[0] <= found.at <= found.floor[1]
        assert found.u >= found.se

    def test_answer__is_the_same_bits_again(self, method: Method) -> None:
        first, second = (cut_of(find_cut(method, self.values, window=ANYWHERE, seed=3)) for _ in range(2))
        assert (first.at, first.se, first.quality) == (second.at, second.se, second.quality)

    def test_non_finite_values__change_nothing(self, method: Method) -> None:
        odd = np.concatenate([self.values, [np.nan, np.inf, -np.inf]])
        first, second = (cut_of(find_cut(method, v, window=ANYWHERE, seed=3)) for v in (self.values, odd))
        assert first.at == second.at

    @pytest.mark.parametrize("n", [0, 1, 99])
    def test_too_few_events__are_no_gate(self, method: Method, n: int) -> None:
        found = find_cut(method, self.values[:n], window=ANYWHERE, seed=1)
        assert isinstance(found, NoGate)
        assert found.reason == "too-few-events"
        assert "events" in found.message


@pytest.mark.parametrize("share", [0.5, 0.2, 0.05])
def test_valley__lies_where_the_density_is_lowest(share: float) -> None:
    at, sd = (0.25, 0.60), (0.07, 0.07)
    true = valley_of_two(share, at, sd)
    founds = [cut_of(valley(two_peaks(20_000, share=share, at=at, sd=sd, seed=s), seed=s)) for s in range(20)]
    off = np.array([found.at - true for found in founds])
    assert abs(off.mean()) < 0.012
    # the bootstrap's error is that of the estimate, within its own scatter
    assert 0.4 < np.median([found.se for found in founds]) / off.std(ddof=1) < 2.0


def test_valley__of_an_empty_gap_is_its_middle_and_its_floor_the_gap() -> None:
    found = cut_of(valley(two_peaks(20_000, at=(0.2, 0.7), sd=(0.03, 0.03), seed=1)))
    assert found.at == pytest.approx(0.45, abs=0.03)
    assert found.floor[1] - found.floor[0] > 0.15
    assert found.quality < 0.001


def test_valley__finds_a_rare_population() -> None:
    found = cut_of(valley(two_peaks(20_000, share=0.004, at=(0.2, 0.7), sd=(0.05, 0.04), seed=1)))
    assert 0.4 < found.at < 0.6


def test_valley__is_the_deepest_between_the_two_highest_peaks() -> None:
    rng = np.random.default_rng(1)
    peaks = ((0.2, 0.03, 9000), (0.4, 0.03, 500), (0.6, 0.03, 9000), (0.9, 0.02, 800))
    values = np.concatenate([rng.normal(*peak) for peak in peaks])
    found = cut_of(valley(values))
    assert found.at < 0.6
    assert len(found.candidates) == 3


def test_valley__that_is_asked_for_elsewhere_is_another_one() -> None:
    rng = np.random.default_rng(1)
    values = np.concatenate(
        [rng.normal(*peak) for peak in ((0.2, 0.03, 9000), (0.6, 0.03, 9000), (0.9, 0.02, 800))]
    )
    assert cut_of(valley(values, window=Window(0.7, 0.88))).at == pytest.approx(0.77, abs=0.06)
    nowhere = valley(values, window=Window(0.25, 0.28))
    assert isinstance(nowhere, NoGate)
    assert nowhere.reason == "no-valley"
    assert nowhere.elsewhere == pytest.approx((0.4, 0.77), abs=0.06)


def test_one_peak__is_no_gate() -> None:
    for seed in range(20):
        found = valley(np.random.default_rng(seed).normal(0.5, 0.1, 20_000))
        assert isinstance(found, NoGate)
        assert found.reason in ("one-peak", "no-valley")


def test_beads__are_cut_below_and_cells_that_are_broad_are_none() -> None:
    rng = np.random.default_rng(1)
    cells = rng.normal(0.3, 0.08, 20_000)
    beads = rng.normal(0.9, 0.01, 3000)
    assert 0.55 < cut_of(beside_top(np.concatenate([cells, beads]))).at < 0.88
    broad = beside_top(np.concatenate([cells, rng.normal(0.9, 0.09, 3000)]))
    assert isinstance(broad, NoGate)
    assert broad.reason == "no-fit"


@pytest.mark.parametrize(
    ("side", "sds", "expected"), [("right", 2.0, 0.7), ("left", 3.0, 0.2), ("left", 2.0, 0.3)]
)
def test_tail__by_sds_lies_so_many_from_the_peak(side: str, sds: float, expected: float) -> None:
    values = np.random.default_rng(1).normal(0.5, 0.1, 50_000)
    assert cut_of(tail(values, side=side, sds=sds)).at == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize("n", [150, 1000, 30_000])
@pytest.mark.parametrize("side", ["right", "left"])
def test_tail__of_the_high_part_of_a_peak_has_the_error_of_the_whole(
    n: int, side: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = two_peaks(n, share=0.2, seed=n)
    part = cut_of(tail(values, side=side, sds=2.0, search=Window(0.0, 0.45)))
    monkeypatch.setattr("nkflow.gating.adaptive.tail._high_part", lambda found, peak: (peak.left, peak.right))
    whole = cut_of(tail(values, side=side, sds=2.0, search=Window(0.0, 0.45)))
    assert (part.at, part.se) == (whole.at, whole.se)


def test_tail__by_slope_ends_behind_the_peak_and_mirrors() -> None:
    values = np.random.default_rng(1).normal(0.5, 0.08, 50_000)
    right, left = (cut_of(tail(values, side=side)).at for side in ("right", "left"))
    assert 0.65 < right < 0.85
    assert 1.0 - left == pytest.approx(right, abs=0.05)


def test_quantile__is_numpys_and_its_error_the_textbooks() -> None:
    values = np.random.default_rng(1).normal(0.5, 0.1, 40_000)
    found = cut_of(quantile(values, 0.99))
    assert found.at == np.quantile(values, 0.99)
    height = np.exp(-0.5 * 2.3263**2) / np.sqrt(2 * np.pi) / 0.1
    assert found.se == pytest.approx(np.sqrt(0.99 * 0.01 / 40_000) / height, rel=0.2)


@pytest.mark.parametrize(("n", "enough"), [(9_999, False), (10_000, True)])
def test_quantile__needs_ten_events_beyond(n: int, enough: bool) -> None:
    found = quantile(np.random.default_rng(1).normal(size=n), 0.999)
    assert isinstance(found, Cut) is enough


def test_mixture__cuts_where_both_components_are_equally_likely() -> None:
    values = two_peaks(5000, share=0.5, at=(0.3, 0.6), sd=(0.06, 0.06), seed=1)
    found = cut_of(mixture_cut(values))
    assert found.at == pytest.approx(0.45, abs=0.01)
    assert 0.0005 < found.se < 0.01
    one = mixture_cut(np.random.default_rng(1).normal(0.5, 0.1, 3000))
    assert isinstance(one, NoGate)
    assert one.reason == "one-peak"


def test_ellipse__lies_round_its_component() -> None:
    rng = np.random.default_rng(1)
    near = rng.multivariate_normal((0.3, 0.3), ((0.002, 0.001), (0.001, 0.003)), 3000)
    far = rng.multivariate_normal((0.8, 0.7), ((0.001, 0), (0, 0.001)), 2000)
    found = mixture_ellipse(np.concatenate([near, far]), near=(0.35, 0.35))
    assert isinstance(found, Ellipse)
    assert found.centre == pytest.approx((0.3, 0.3), abs=0.01)
    assert found.share == pytest.approx(0.6, abs=0.02)
    assert found.distance_square == pytest.approx(4.605, abs=1e-3)
    inverse = np.linalg.inv(found.covariance)
    away = near - np.array(found.centre)
    assert np.mean(np.einsum("ij,jk,ik->i", away, inverse, away) <= found.distance_square) == pytest.approx(
        0.9, abs=0.02
    )
    assert all(0.0002 < se < 0.01 for se in found.se)


class TestSingletBand:
    rng = np.random.default_rng(1)
    area = np.exp(rng.normal(11.3, 0.15, 10_000))
    height = np.exp(1.0 + 0.8 * np.log(area) + rng.normal(0, 0.03, 10_000))

    def test_band__is_the_line_and_its_spread(self) -> None:
        found = singlet_band(self.area, self.height)
        assert isinstance(found, Band)
        assert found.slope == pytest.approx(0.8, abs=0.01)
        assert found.spread == pytest.approx(0.03, rel=0.05)
        assert found.lower == pytest.approx(-3.5 * found.spread)
        assert found.quality > 0.998
        assert 0 < found.se < 0.01

    def test_pairs__do_not_move_it_and_fall_out(self) -> None:
        area = np.concatenate([self.area, 2 * self.area[:800]])
        height = np.concatenate([self.height, 1.05 * self.height[:800]])
        found = singlet_band(area, height, largest=5)
        assert isinstance(found, Band)
        assert found.slope == pytest.approx(0.8, abs=0.03)
        residual = np.log(height) - found.intercept - found.slope * np.log(area)
        inside = (residual > found.lower) & (residual < found.upper) & (area < found.areas[1])
        assert inside[10_000:].mean() < 0.01
        assert inside[:10_000].mean() > 0.99

    def test_vertices__are_the_band_in_data_units(self) -> None:
        found = singlet_band(self.area, self.height)
        assert isinstance(found, Band)
        outline = np.log(found.vertices())
        off = outline[:, 1] - found.intercept - found.slope * outline[:, 0]
        assert off[:8] == pytest.approx(np.full(8, found.lower))
        assert off[8:] == pytest.approx(np.full(8, found.upper))
        shifted = np.log(found.vertices(0.01))[:8, 1] - outline[:8, 1]
        assert shifted == pytest.approx(np.full(8, 0.01))

    @pytest.mark.parametrize(
        ("area", "height", "reason"),
        [
            (np.full(500, 1e5), np.geomspace(1e4, 1e5, 500), "no-fit"),
            (np.geomspace(1e4, 1e5, 500), np.full(500, 1e4), "no-fit"),
            (np.geomspace(1e4, 1e5, 50), np.geomspace(1e4, 1e5, 50), "too-few-events"),
            (-np.geomspace(1e4, 1e5, 500), np.geomspace(1e4, 1e5, 500), "too-few-events"),
        ],
    )
    def test_what_has_no_band__is_no_gate(self, area: np.ndarray, height: np.ndarray, reason: str) -> None:
        found = singlet_band(area, height)
        assert isinstance(found, NoGate)
        assert found.reason == reason


class TestWindow:
    at, sd = (0.25, 0.60), (0.07, 0.07)

    @pytest.mark.parametrize(("shift", "breach"), [(-1, True), (1, False)])
    def test_breach__is_reported_beyond_three_errors_and_not_within(self, shift: int, breach: bool) -> None:
        true = valley_of_two(0.3, self.at, self.sd)
        wrong = 0
        for seed in range(60):
            values = two_peaks(20_000, at=self.at, sd=self.sd, seed=seed)
            se = cut_of(valley(values, seed=seed)).se
            # the window begins three errors above (below) the true valley
            window = Window(true - shift * 3 * se, true - shift * 3 * se + 0.3)
            found = allowed(valley(values, window=window, seed=seed), window)
            wrong += isinstance(found, NoGate) is not breach
        assert wrong <= 1

    def test_search__is_wider_than_the_window_by_half(self) -> None:
        assert Window(0.2, 0.4).widened() == Window(pytest.approx(0.1), pytest.approx(0.5))
        assert ANYWHERE.widened() == ANYWHERE


def test_judged__widens_the_floor_where_another_population_has_no_valley() -> None:
    found = cut_of(valley(two_peaks(20_000, at=(0.2, 0.7), sd=(0.03, 0.05), seed=1)))
    clear = judged(found, two_peaks(2_000, at=(0.2, 0.7), sd=(0.03, 0.05), seed=2))
    smear = judged(found, np.random.default_rng(1).uniform(0.1, 0.9, 2_000))
    assert clear.u < 2 * found.u
    assert smear.u > 1.5 * clear.u
    assert smear.at == found.at
