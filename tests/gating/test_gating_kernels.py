"""Every gating kernel against its slow twin, event for event, with ties on every boundary."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from naive import bits as naive_bits
from naive import ellipsoid as naive_ellipsoid
from naive import finite as naive_finite
from naive import histogram as naive_histogram
from naive import orientation as naive_orientation
from naive import polygon as naive_polygon
from naive import ranges as naive_ranges
from naive import select as naive_select
from nkflow.gating.axis_bins import axis_bins
from nkflow.gating.outline_cells import cells_of
from nkflow.kernels import bits, ellipsoid, finite, histogram, orientation, polygon, ranges, select
from nkflow.plots.axis import Axis
from nkflow.scales import ArcsinhCofactor, Biex, Hyperlog, Linear, Log, Logicle, Scale

LOWEST = -np.finfo(np.float64).max
small = st.integers(-4, 4).map(float)  # few values: ties everywhere
odd = st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324, 1e300])
values = st.lists(small | odd | st.floats(-5, 5), min_size=1, max_size=40)
# products of coordinates must not underflow: nothing between 0 and 1e-100
plain = st.floats(-4, 4).map(lambda value: 0.0 if abs(value) < 1e-100 else value)
share = st.sampled_from([0.0, 0.25, 1 / 3, 0.5, 0.7])
quick = settings(deadline=None, max_examples=150)


def array(items) -> np.ndarray:
    return np.array(items, dtype=np.float64)


@quick
@given(values, small | st.just(LOWEST), small | st.just(math.inf), st.integers(0, 2**32 - 1))
def test_in_range__equals_its_twin(x: list[float], low: float, high: float, seed: int) -> None:
    parent = np.random.default_rng(seed).random(len(x)) < 0.7
    out, expected = np.zeros(len(x), bool), np.zeros(len(x), bool)
    ranges.in_range(array(x), low, high, parent, out)
    naive_ranges.in_range(x, low, high, parent, expected)
    np.testing.assert_array_equal(out, expected)


@quick
@given(values, st.tuples(small, small, small, small), st.integers(0, 2**32 - 1))
def test_in_rectangle__equals_its_twin(x: list[float], ends: tuple[float, ...], seed: int) -> None:
    rng = np.random.default_rng(seed)
    y, parent = rng.permutation(array(x)), rng.random(len(x)) < 0.7
    out, expected = np.zeros(len(x), bool), np.zeros(len(x), bool)
    ranges.in_rectangle(array(x), ends[0], ends[1], y, ends[2], ends[3], parent, out)
    naive_ranges.in_rectangle(x, ends[0], ends[1], y, ends[2], ends[3], parent, expected)
    np.testing.assert_array_equal(out, expected)


coordinate = small | plain | st.sampled_from([0.1, 0.3, 1e-9, 1 / 3, 1e15, -1e15])


@quick
@given(st.lists(coordinate, min_size=6, max_size=6), share)
def test_orientation__has_the_exact_sign(c: list[float], t: float) -> None:
    ax, ay, bx, by = c[:4]
    for px, py in ((c[4], c[5]), (ax, ay), (ax + t * (bx - ax), ay + t * (by - ay))):
        expected = naive_orientation.orientation(ax, ay, bx, by, px, py)
        assert np.sign(orientation.orientation(ax, ay, bx, by, px, py)) == expected
        assert np.sign(orientation.side_of_line(ax, ay, bx, by, px, py)) == expected


def test_orientation__is_right_where_rounding_is_not() -> None:
    # Kettner et al. 2008, fig. 2: the float determinant gets most of these points wrong
    step = 2.0**-53
    wrong = 0
    for i, j in product(range(0, 64, 3), range(0, 64, 5)):
        px, py = 0.5 + i * step, 0.5 + j * step
        expected = naive_orientation.orientation(12.0, 12.0, 24.0, 24.0, px, py)
        plain = np.sign((12.0 - px) * (24.0 - py) - (12.0 - py) * (24.0 - px))
        wrong += plain != expected
        assert np.sign(orientation.orientation(12.0, 12.0, 24.0, 24.0, px, py)) == expected
    assert wrong > 0


vertex = st.tuples(small, small) | st.tuples(plain, plain)


@quick
@given(st.lists(vertex, min_size=3, max_size=9), st.lists(vertex, min_size=0, max_size=30), share)
@example([(0.0, 0.0), (0.0, 0.0), (0.0, 0.0)], [(0.0, 0.0), (1.0, 0.0)], 0.5)
def test_mark_polygon__equals_its_twin(
    vertices: list[tuple[float, float]], points: list[tuple[float, float]], t: float
) -> None:
    vx, vy = array(vertices).T.copy()
    on_edges = [
        (ax + t * (bx - ax), ay + t * (by - ay))
        for (ax, ay), (bx, by) in zip(vertices, vertices[1:] + vertices[:1], strict=True)
    ]
    grid = list(product(np.arange(-4.5, 5, 0.5), np.arange(-4.5, 5, 0.5)))
    tried = array([*points, *vertices, *on_edges, *grid, (math.nan, 0), (0, math.nan), (math.inf, 0)])
    x, y = tried.T.copy()
    box, cells = cells_of(vx, vy)
    for parent in (np.ones(len(x), bool), np.arange(len(x)) % 3 > 0, np.zeros(len(x), bool)):
        out, expected = np.ones(len(x), bool), np.ones(len(x), bool)
        polygon.mark_polygon(x, y, parent, vx, vy, box, cells, out)
        naive_polygon.mark_polygon(x, y, parent, vx, vy, expected)
        np.testing.assert_array_equal(out, expected)


def test_mark_polygon__looks_at_edges_in_few_cells() -> None:
    angle = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    _, cells = cells_of(np.cos(angle), np.sin(angle))
    assert np.mean(cells == polygon.EDGE) < 0.1
    assert np.mean(cells == polygon.INSIDE) > 0.6


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e12])
@pytest.mark.parametrize("shift", [0.0, 1e3, -1e9])
def test_mark_polygon__equals_its_twin_at_any_size_and_place(scale: float, shift: float) -> None:
    rng = np.random.default_rng(5)
    vx, vy = rng.random((2, 12)) * scale + shift
    x, y = rng.random((2, 2000)) * scale + shift
    x[:12], y[:12] = vx, vy
    box, cells = cells_of(vx, vy)
    parent = rng.random(len(x)) < 0.8
    out, expected = np.ones(len(x), bool), np.ones(len(x), bool)
    polygon.mark_polygon(x, y, parent, vx, vy, box, cells, out)
    naive_polygon.mark_polygon(x, y, parent, vx, vy, expected)
    np.testing.assert_array_equal(out, expected)


@quick
@given(st.integers(0, 3), st.integers(0, 2**32 - 1))
def test_near__equals_its_twin(n_axes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    columns, parent = np.round(rng.normal(0, 2, (4, 70))), rng.random(70) < 0.8
    columns[rng.random(columns.shape) < 0.05] = rng.choice([math.nan, math.inf, -math.inf])
    axes = rng.permutation(4)[:n_axes]
    sides = np.tile([-3.0, 3.0, -1.0, 2.0], (n_axes, 1))
    out, expected = np.ones(70, bool), np.ones(70, bool)
    index = np.empty(71, dtype=np.uint32)
    count = select.near(columns, axes, sides.ravel(), parent, out, index)
    assert index[:count].tolist() == naive_select.near(columns, axes, sides, parent, expected)
    np.testing.assert_array_equal(out, expected)


@quick
@given(st.integers(2, 5), st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.5, 4.0, 1e9]))
def test_mark_ellipsoid__equals_its_twin(n: int, seed: int, distance_square: float) -> None:
    rng = np.random.default_rng(seed)
    points = np.round(rng.normal(0, 2, (n + 1, 60)))
    points[rng.random(points.shape) < 0.02] = math.nan
    rows = rng.permutation(n + 1)[:n]
    centre, form = np.round(rng.normal(0, 1, n)), np.round(rng.normal(0, 1, (n, n)), 1)
    out, expected = np.ones(60, bool), np.ones(60, bool)
    arguments = (points, rows, np.arange(60, dtype=np.uint32), 50, centre)
    ellipsoid.mark_ellipsoid(*arguments, form.ravel(), distance_square, out)
    naive_ellipsoid.mark_ellipsoid(*arguments, form, distance_square, expected)
    np.testing.assert_array_equal(out, expected)
    assert out[50:].all()  # as they were


@quick
@given(st.lists(st.booleans(), min_size=1, max_size=70))
def test_select__equals_its_twin(mask: list[bool]) -> None:
    x = np.arange(len(mask), dtype=np.float64) * 1.5
    results = []
    for module in (select, naive_select):
        index, out, back = (
            np.full(len(mask) + 1, 99, np.uint32),
            np.full(len(mask), -1.0),
            np.full(len(mask), -1.0),
        )
        count = module.select(np.array(mask), index)
        module.take(x, index, count, out)
        module.put(out, index, count, back)
        results.append((count, index[:count].tolist(), out.tolist(), back.tolist()))
    assert results[0] == results[1]


@pytest.mark.parametrize("stored", [np.float32, np.float64])
@pytest.mark.parametrize("n", [0, 1, 30])
def test_take_columns__equals_its_twin(stored: type[np.floating], n: int) -> None:
    rng = np.random.default_rng(n)
    x, rows, index = rng.normal(0, 1e4, (5, 40)).astype(stored), np.array([3, 0, 3]), rng.integers(0, 40, n)
    results = []
    for module in (select, naive_select):
        out = np.full((4, 31), -1.0)
        module.take_columns(x, rows, index.astype(np.uint64), out)
        results.append(out)
    np.testing.assert_array_equal(*results)


@pytest.mark.parametrize("n", [8, 64, 2040, 2048, 8192])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_count_true__equals_its_twin(n: int, share: float) -> None:
    masks = np.random.default_rng(n).random((3, n)) < share
    counts, expected = np.array([5, 6, 7]), np.array([5, 6, 7])
    select.count_true(masks.view(np.uint64), counts)
    naive_select.count_true(masks, expected)
    np.testing.assert_array_equal(counts, expected)


@pytest.mark.parametrize("n_populations", [1, 7, 8, 9, 63, 64, 65, 130, 512])
@pytest.mark.parametrize("n_events", [1, 61, 64])
def test_pack__equals_its_twin_and_unpack_gives_it_back(n_populations: int, n_events: int) -> None:
    masks = np.random.default_rng(n_populations).random((n_populations, 64)) < 0.5
    words = -(-n_populations // 64)
    out, expected = np.full((n_events, words), 7, np.uint64), np.full((n_events, words), 9, np.uint64)
    memory = np.full((8, 64), 255, np.uint8)
    bits.pack(masks.view(np.uint64), n_populations, memory.view(np.uint64), memory, out)
    naive_bits.pack(masks, expected)
    np.testing.assert_array_equal(out, expected)
    for p in range(n_populations):
        fast, slow = np.ones(64, bool), np.ones(64, bool)
        bits.unpack(out, p, fast)
        naive_bits.unpack(expected, p, slow)
        np.testing.assert_array_equal(fast, slow)
        np.testing.assert_array_equal(fast[:n_events], masks[p, :n_events])


@pytest.mark.parametrize(("populations", "n_words"), [([3], 1), ([0, 5, 63], 1), ([2, 64, 127], 2), ([], 1)])
def test_renew_and_tally__equal_their_twins(populations: list[int], n_words: int) -> None:
    rng = np.random.default_rng(8)
    old = rng.integers(0, 2**64, (90, n_words), np.uint64)
    now = [(old[:, p // 64] >> np.uint64(p % 64) & np.uint64(1)).astype(bool) for p in range(64 * n_words)]
    masks = np.array(now) ^ (rng.random((64 * n_words, 90)) < 0.1)
    results = []
    for module in (bits, naive_bits):
        out, index, marks = old.copy(), np.full(91, 7, np.uint32), np.ones(96, np.bool_)
        counts, wanted = np.arange(64 * n_words + 1), np.array(populations, dtype=np.int64)
        count = module.renew(out, masks, wanted, marks, marks.view(np.uint64), index)
        module.tally(old, out, wanted, counts)
        results.append((count, index[:count].tolist(), out.tolist(), counts.tolist()))
    assert results[0] == results[1]
    assert (3 < results[0][0] < 50) == bool(populations)


@pytest.mark.parametrize(("above", "below"), [([1, 2], [0, 5]), ([3, 64], [2, 127]), ([9], [])])
def test_leave__equals_its_twin(above: list[int], below: list[int]) -> None:
    rng = np.random.default_rng(9)
    old, new = rng.integers(0, 2**64, (2, 60, 2), np.uint64)
    of = [np.zeros(2, np.uint64), np.zeros(2, np.uint64)]
    for words, populations in zip(of, (above, below), strict=True):
        for p in populations:
            words[p // 64] |= np.uint64(1 << p % 64)
    results = []
    for module in (bits, naive_bits):
        out, index, counts = new.copy(), np.arange(3, 57, dtype=np.uint32), np.arange(129)
        wanted = np.array(sorted(above + below), dtype=np.int64)
        kept = module.leave(old, out, index, *of, wanted, counts)
        results.append((kept, index[:kept].tolist(), out.tolist(), counts.tolist()))
    assert results[0] == results[1]
    assert 20 < results[0][0] < 50


SCALES = [
    Linear(10.0),
    Linear(1e9, 1e3),
    Log(1e4, 4.0),
    Logicle(262144.0, 0.5, 4.5),
    Hyperlog(1e3, 1.0, 4.0, 1.0),
    Biex(),
    ArcsinhCofactor(5.0),
    Logicle(262144.0, 0.5, 4.5, bounds=(0.2, 0.7)),
]


@pytest.mark.parametrize("scale", SCALES, ids=repr)
def test_find_bins__equals_its_twin_on_every_edge(scale: Scale) -> None:
    ends = {"Biex": (0.0, 4096.0), "ArcsinhCofactor": (-3.0, 8.0)}.get(type(scale).__name__, (0.0, 1.0))
    bins = axis_bins(Axis("x", scale, *ends), 32)
    edges = bins.edges[1:-1]
    rng = np.random.default_rng(3)
    beside = [edges, np.nextafter(edges, -np.inf), np.nextafter(edges, np.inf)]
    random = [rng.normal(0, 1e3, 300), rng.lognormal(8, 3, 300), -rng.lognormal(3, 3, 100)]
    special = [[math.nan, math.inf, -math.inf, 0.0, -0.0, 1e300, -1e300, 5e-324]]
    x = np.concatenate([*beside, *random, *special])
    x = rng.permutation(x)
    out, expected = np.zeros(len(x), np.uint16), np.zeros(len(x), np.uint16)
    naive_histogram.find_bins(x, bins.edges, expected)
    histogram.find_bins(x, bins.edges, bins.guide.ravel(), bins.offset, bins.numbers, out)
    np.testing.assert_array_equal(out, expected)
    if bins.even is not None:
        histogram.find_even_bins(x, *bins.even, 32, out)
        np.testing.assert_array_equal(out, expected)
    assert bins.numbers[2] == 1 or not np.isfinite(edges).all()  # one comparison an event


def test_axis_bins__are_even_where_a_scale_is_straight() -> None:
    even = axis_bins(Axis("x", Linear(262144.0), 0.0, 1.0), 256).even
    assert even == (0.0, 1 / 1024)
    for curved in (Logicle(262144.0, 0.5, 4.5), Log(1e4, 4.0), ArcsinhCofactor(5.0)):
        assert axis_bins(Axis("x", curved, 0.0, 1.0), 256).even is None
    assert axis_bins(Axis("x", Linear(262144.0, bounds=(0.2, 0.7)), 0.0, 1.0), 256).even is None


@given(values, small, st.sampled_from([0.3, 1.0, 8.0]))
def test_find_even_bins__equals_its_twin(x: list[float], start: float, step: float) -> None:
    out, expected = np.zeros(len(x), np.uint16), np.zeros(len(x), np.uint16)
    histogram.find_even_bins(array(x), start, step, 9, out)
    naive_histogram.find_even_bins(x, start, step, 9, expected)
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("share", [0.0, 0.6, 1.0])
def test_fill__equals_its_twin(share: float) -> None:
    rng = np.random.default_rng(4)
    x, y = rng.integers(0, 9, (2, 1201)).astype(np.uint16)
    mask = rng.random(1201) < share
    line, slow_line = np.zeros(9, np.int32), np.zeros(9, np.int32)
    plane, slow_plane = np.zeros((9, 9), np.int32), np.zeros((9, 9), np.int32)
    histogram.fill_line(x, mask, line)
    histogram.fill_plane(x, y, mask, 9, plane.ravel())
    naive_histogram.fill_line(x, mask, slow_line)
    naive_histogram.fill_plane(x, y, mask, slow_plane)
    np.testing.assert_array_equal(line, slow_line)
    np.testing.assert_array_equal(plane[:-1], slow_plane[:-1])  # the last row is for what has no place
    assert line.sum() == plane.sum() == 1201


@quick
@given(values)
def test_finite__equals_its_twin(x: list[float]) -> None:
    rows = array([x, [0.0] * len(x)])
    for first, last, limit in ((0, 1, math.inf), (0, 2, 2.0), (1, 2, 1e300), (1, 1, 1.0)):
        part = rows[first:last]
        assert finite.all_below(part, limit) == naive_finite.all_below(part, limit)
    out, expected = np.zeros(len(x), bool), np.zeros(len(x), bool)
    out[0] = expected[0] = True  # stays
    finite.mark_non_finite(array(x), out)
    naive_finite.mark_non_finite(x, expected)
    np.testing.assert_array_equal(out, expected)
