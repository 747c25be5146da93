"""The contract that every gate keeps, and the boundary vectors of STANDARDS.md §5.1."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nkflow.errors import GateError, TemplateError
from nkflow.fcs.sample import Sample
from nkflow.gating import (
    Boolean,
    Dimension,
    Divider,
    Ellipsoid,
    Not,
    Polygon,
    Population,
    Quadrant,
    Range,
    Rectangle,
    Template,
    gate,
    parse_template,
)
from nkflow.scales import Linear, Log, Logicle, Ratio

SCALE = Linear(10.0)
INSIDE, OUTSIDE = (2.0, 2.0, 2.0), (50.0, 50.0, 50.0)
GATES = {
    "range": Range("x", 1, 5),
    "open range": Range("x", high=5),
    "display range": Range(Dimension("x", SCALE), 0.1, 0.5, "display"),
    "rectangle": Rectangle({"x": (1, 5), "y": (None, 5)}),
    "box": Rectangle({"x": (1, 5), "y": (1, 5), "z": (1, None)}),
    "polygon": Polygon("x", "y", [(1, 1), (5, 1), (5, 5), (1, 5)]),
    "ellipse": Ellipsoid(["x", "y"], (2, 2), [(4, 2), (2, 3)]),
    "ellipsoid": Ellipsoid(
        ["x", "y", "z"], (2, 2, 2), covariance=np.eye(3).tolist(), distance_square=9.0, space="display"
    ),
    "quadrant": Quadrant("x", 5, "y", 5, names={"--": "gate", "++": "other"}),
    "quadrant of three": Quadrant("x", (5, 60), "y", 5, {"0-+": "gate"}, [Divider("z", 1)]),
    "ratio": Range(Dimension("x", per="y", ratio=Ratio(1, 0, 1)), 1, 5),
}


def events(*rows: tuple[float, ...]) -> Sample:
    return Sample.from_arrays(np.array(rows, dtype=np.float64), ["x", "y", "z"])


def template(shape, *more, **options) -> Template:
    name = "" if isinstance(shape, Quadrant) else "gate"
    return Template.of(Population(shape, name), *more, compensation="none", **options)


def masked(shape, *rows: tuple[float, ...], **options) -> list[bool]:
    return gate(events(*rows), template(shape, **options)).mask("gate").tolist()


@pytest.mark.parametrize("shape", GATES.values(), ids=GATES.keys())
class TestEveryGate:
    def test_gate__tells_inside_from_outside(self, shape) -> None:
        assert masked(shape, INSIDE, OUTSIDE)[0]
        if shape is not GATES["ratio"]:
            assert not masked(shape, INSIDE, OUTSIDE)[1]

    @pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
    def test_gate__leaves_out_what_is_no_number(self, shape, bad: float) -> None:
        for k in range(len(shape.dimensions) if shape is not GATES["ratio"] else 2):
            event = tuple(bad if place == k else value for place, value in enumerate(INSIDE))
            outside = Population(Boolean("not", ["gate"]), "outside")
            gating = gate(events(event, INSIDE), template(shape, outside))
            assert gating.mask("gate").tolist() == [False, True]
            assert gating.mask("outside").tolist() == [True, False]
            assert gating.findings or not gating.non_finite["root"]

    def test_gate__stays_within_its_parent(self, shape) -> None:
        names = (
            {o: "gate" if n == "gate" else n for o, n in shape.pairs} if isinstance(shape, Quadrant) else None
        )
        child = Population(shape, "" if names else "gate", "left")
        gating = gate(
            events(INSIDE, INSIDE), Template.of(Range("z", low=9, name="left"), child, compensation="none")
        )
        assert gating.counts["gate"] == 0

    def test_gate__loads_back_equal_from_yaml(self, shape) -> None:
        written = template(shape)
        again = parse_template(written.to_yaml())
        assert again == written
        assert again.sha256 == written.sha256
        assert again.populations[0].gate == shape

    def test_gate__is_frozen_and_can_be_a_key(self, shape) -> None:
        with pytest.raises(AttributeError):
            shape.space = "display"
        assert len(set(shape.dimensions)) >= 1

    def test_gate__finds_no_event_among_none(self, shape) -> None:
        empty = Sample.from_arrays(np.empty((0, 3)), ["x", "y", "z"])
        gating = gate(empty, template(shape))
        assert gating.counts["gate"] == 0
        assert gating.mask("gate").shape == (0,)


def test_range__takes_its_low_end_in_and_leaves_its_high_end_out() -> None:
    assert masked(Range("x", 20, 80), (20, 0, 0), (80, 0, 0), (79.999, 0, 0), (19.999, 0, 0)) == [
        True,
        False,
        True,
        False,
    ]


def test_range__pulled_back_agrees_with_the_scale_on_both_sides() -> None:
    scale = Logicle(262144.0, 0.5, 4.5)
    shape = Range(Dimension("x", scale), 0.3, 0.6, "display")
    low, high = scale.pull_back(0.3), scale.pull_back(0.6)
    below = (np.nextafter(low, -np.inf), np.nextafter(high, -np.inf))
    assert masked(shape, *((x, 0.0, 0.0) for x in (low, below[0], high, below[1]))) == [
        True,
        False,
        False,
        True,
    ]


def test_range__on_a_log_scale_holds_what_is_not_positive_only_without_a_low_end() -> None:
    # STANDARDS TR-04
    x = Dimension("x", Log(10000.0, 4.0))
    rows = ((0.0, 0, 0), (-5.0, 0, 0), (1e-300, 0, 0), (10.0, 0, 0))
    assert masked(Range(x, high=0.5, space="display"), *rows) == [True, True, True, True]
    assert masked(Range(x, -1e3, 0.5, "display"), *rows) == [False, False, True, True]
    assert masked(Range(x, -1e3, space="display"), *rows) == [False, False, True, True]


def test_ratio__without_a_value_is_outside_every_gate() -> None:
    # STANDARDS TR-05: 0 / 0 is NaN, 1 / 0 infinite
    ratio = Dimension("x", per="y", ratio=Ratio(1, 0, 0))
    rows = ((0.0, 0.0, 0), (1.0, 0.0, 0), (1.0, 1.0, 0))
    assert masked(Range(ratio, high=2), *rows) == [False, False, True]
    assert masked(Range(ratio, low=-9), *rows)[0] is False


def test_gate__sees_what_float32_can_not_hold() -> None:
    # STANDARDS TR-23: as float32 all three would be 16777216
    rows = tuple((x, 0.0, 0.0) for x in (16777216.0, 16777217.0, 16777217.5))
    assert masked(Range("x", 16777217.0, 16777217.5), *rows) == [False, True, False]
    square = [(16777216.5, -1), (16777217.25, -1), (16777217.25, 1), (16777216.5, 1)]
    assert masked(Polygon("x", "y", square), *rows) == [False, True, False]


def test_quadrant__sends_a_tie_up() -> None:
    names = {"--": "a", "-+": "b", "+-": "c", "++": "d"}
    shape = Quadrant("x", 17.75, "y", 3.0, names=names)
    sample = events((17.75, 3.0, 0), (17.75, 2.9, 0), (17.7, 3.0, 0), (17.7, 2.9, 0))
    gating = gate(sample, Template.of(shape, compensation="none"))
    assert [gating.events(name).tolist() for name in "dcba"] == [[0], [1], [2], [3]]


def test_quadrant__knows_middle_intervals_and_free_dimensions() -> None:
    shape = Quadrant("x", (0.0, 10.0), "y", 5.0, names={"1*": "middle", "-+": "up left", "2-": "down right"})
    sample = events((0, 9, 0), (9.9, 0, 0), (10, 9, 0), (-1, 5, 0), (10, 4, 0))
    gating = gate(sample, Template.of(shape, compensation="none"))
    assert gating.mask("middle").tolist() == [True, True, False, False, False]
    assert gating.events("up left").tolist() == [3]
    assert gating.events("down right").tolist() == [4]


SQUARE = [(0, 0), (1, 0), (1, 1), (0, 1)]
BOW_TIE = [(0, 0), (2, 2), (2, 0), (0, 2)]
PENTAGRAM = [(math.cos(math.radians(90 + 144 * k)), math.sin(math.radians(90 + 144 * k))) for k in range(5)]


@pytest.mark.parametrize(
    ("vertices", "inside", "outside"),
    [
        (
            SQUARE,
            [*SQUARE, (0.5, 0), (1, 0.5), (0.5, 1), (0, 0.5), (0.5, 0.5)],
            [(1.0001, 0.5), (0.5, -1e-9)],
        ),
        (BOW_TIE, [(0.5, 1), (1.5, 1), (1, 1)], [(1, 0.5), (1, 1.5)]),
        (PENTAGRAM, [(0, 0.9), *PENTAGRAM], [(0, 0), (0, -0.9)]),
        ([*SQUARE[:2], SQUARE[1], *SQUARE[2:], SQUARE[3]], [(0.5, 0.5), (1, 0)], [(2, 0)]),
        ([(0, 0), (2, 2), (1, 1)], [(1, 1), (0.5, 0.5), (2, 2)], [(1, 0.9), (2.5, 2.5)]),
        ([(3, 3)] * 3, [(3, 3)], [(3, 3.1), (0, 0)]),
    ],
    ids=["square", "bow-tie", "pentagram", "doubled vertices", "no area", "a point"],
)
def test_polygon__is_even_odd_with_its_boundary(vertices, inside, outside) -> None:
    rows = [(*point, 0.0) for point in (*inside, *outside)]
    expected = [True] * len(inside) + [False] * len(outside)
    for turned in (vertices, vertices[::-1], vertices[2:] + vertices[:2]):
        assert masked(Polygon("x", "y", turned), *rows) == expected


def test_polygon__has_edges_straight_in_display_space() -> None:
    scale = Logicle(262144.0, 0.5, 4.5)
    corners = [(0, 0), (1e5, 0), (1e5, 1e5)]  # the hypotenuse bulges upwards where x is logicle
    high = (3e4, 5e4, 0.0)
    assert masked(Polygon("x", "y", corners), high) == [False]
    assert masked(Polygon(Dimension("x", scale), "y", corners), high) == [True]


def test_ellipsoid__has_its_surface_inside() -> None:
    shape = Ellipsoid(["x", "y"], (0, 0), covariance=[[4, 0], [0, 1]], distance_square=1.0, space="display")
    assert masked(shape, (2, 0, 0), (0, 1, 0), (2.0001, 0, 0), (0, -1, 0)) == [True, True, False, True]


def test_ellipsoid__takes_any_form_where_it_is_told_to() -> None:
    # x y <= 1: no ellipsoid, and the standard's formula all the same
    shape = Ellipsoid(["x", "y"], (0, 0), covariance=[[0, 2], [2, 0]], space="display", indefinite=True)
    assert masked(shape, (1, 1, 0), (2, 1, 0), (-9, 9, 0), (-2, -1, 0)) == [True, False, True, False]


def test_ellipsoid__half_axes_end_on_its_surface() -> None:
    scale = Logicle(262144.0, 0.5, 4.5)
    x, y = Dimension("x", scale), Dimension("y", scale)
    shape = Ellipsoid([x, y], (1000, 1000), [(8000, 1000), (1000, 3000)])
    assert masked(shape, (7990, 1000, 0), (8010, 1000, 0), (1000, 2990, 0), (1000, 3010, 0)) == [
        True,
        False,
        True,
        False,
    ]


def test_boolean__complement_is_of_all_events_then_within_the_parent() -> None:
    # b stands inside a; its complement within the parent "small" holds events outside a as well
    entries = [
        Range("x", low=5, name="a"),
        Range("y", low=5, name="b", parent="a"),
        Range("z", high=5, name="small"),
        Boolean("and", ["small", Not("b")], name="gate", parent="small"),
    ]
    sample = events((9, 9, 0), (9, 0, 0), (0, 9, 0), (9, 9, 9))
    gating = gate(sample, Template.of(*entries, compensation="none"))
    assert gating.mask("gate").tolist() == [False, True, True, False]


def test_exclude__takes_populations_out_again() -> None:
    entries = [
        Population(Range("x", low=0), "gate", exclude=("beads",)),
        Population(Range("y", low=5), "beads"),
    ]
    gating = gate(events((1, 9, 0), (1, 0, 0), (-1, 0, 0)), Template.of(*entries, compensation="none"))
    assert gating.mask("gate").tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Range("x"), "low or a high"),
        (lambda: Range("x", 5, 5), "empty"),
        (lambda: Range("x", math.nan), "finite"),
        (lambda: Range("", 5), "name"),
        (lambda: Rectangle({}), "at least one"),
        (lambda: Polygon("x", "y", [(0, 0), (1, 1)]), "at least 3"),
        (lambda: Polygon("x", "y", [(0, 0), (1, 1), (1, math.inf)]), "finite"),
        (lambda: Ellipsoid(["x", "y"], (0, 0)), "either"),
        (lambda: Ellipsoid(["x", "y"], (0, 0), covariance=[[1, 0], [0, 1]]), "display"),
        (lambda: Ellipsoid(["x", "y"], (0, 0), covariance=[[1, 2], [2, 1]], space="display"), "flat"),
        (lambda: Ellipsoid(["x", "y"], (0, 0), covariance=[[1, 0], [1, 1]], space="display"), "symmetric"),
        (
            lambda: Ellipsoid(
                ["x", "y"], (0, 0), covariance=[[1, 1], [1, 1]], space="display", indefinite=True
            ),
            "no inverse",
        ),
        (lambda: Ellipsoid(["x", "y"], (0, 0, 0), [(1, 0), (0, 1)]), "one number for each"),
        (lambda: Quadrant("x", 1, "y", 2), "names"),
        (lambda: Quadrant("x", (2, 1), names={"-": "a"}), "ascending"),
        (lambda: Quadrant("x", 1, "y", 2, names={"-": "a"}), "one sign"),
        (lambda: Quadrant("x", 1, names={"2": "a"}), "one sign"),
        (lambda: Quadrant("x", 1, names={"*": "a", "-": "b"}), "overlap"),
        (lambda: Quadrant("x", 1, "y", names={"-": "a"}), "y_cut"),
        (lambda: Quadrant("x", 1, names={"-": "a"}, name="q"), "outcomes"),
        (lambda: Boolean("and", ["a"]), "at least 2"),
        (lambda: Boolean("not", ["a", "b"]), "exactly 1"),
        (lambda: Boolean("xor", ["a", "b"]), "and, or, not"),
        (lambda: Dimension("x", per="y"), "constants"),
    ],
)
def test_gate__refuses_what_can_not_be_evaluated(make, words: str) -> None:
    with pytest.raises(GateError, match=words):
        make()


@pytest.mark.parametrize(
    ("ends", "scale", "words"),
    [
        ([(2, 2), (3, 3)], None, "in one line"),
        ([(2, 2), (3, 3)], SCALE, "in one line"),
        ([(10, 10), (100, 100)], Log(1e3, 3), "in one line"),
        ([(10, 1), (100, 1)], Log(1e3, 3), "in one line"),
        ([(1, 1), (2, 3)], None, "in one line"),  # an end at the centre
        ([(-5, 1), (1, 5)], Log(1e3, 3), "no place on its scale"),
    ],
)
def test_ellipsoid__flat_on_its_scales_is_refused_where_it_is_read(ends, scale, words: str) -> None:
    scales = {} if scale is None else {"x": scale, "y": scale}
    flat = Population(Ellipsoid(["x", "y"], (1, 1), ends), "flat", "gate")
    with pytest.raises(TemplateError, match=words) as caught:
        template(GATES["range"], flat, scales=scales)
    assert [problem.path for problem in caught.value.problems] == ["populations[1].gate"]


def test_ellipsoid__flat_in_display_units_is_refused_where_it_is_made() -> None:
    with pytest.raises(GateError, match="flat"):
        Ellipsoid(["x", "y"], (0, 0), [(0.1, 0.1), (0.2, 0.2)], space="display")


def test_ellipsoid__straight_in_data_units_may_bound_something_on_its_scales() -> None:
    shape = Ellipsoid(["x", "y"], (1, 1), [(10, 100), (100, 1090)])  # in one line as they stand
    with pytest.raises(TemplateError, match="flat"):
        template(shape)
    assert masked(shape, (1, 1, 0), (900, 1, 0), scales={"x": Log(1e3, 3), "y": Log(1e4, 4)}) == [True, False]


@pytest.mark.parametrize("scale", [None, Log(1e3, 3)])
def test_ellipsoid__flat_at_the_last_moment_is_told_by_its_path(scale) -> None:
    scales = {} if scale is None else {"x": scale, "y": scale}
    good = Population(Ellipsoid(["x", "y"], (1, 1), [(10, 1), (1, 10)]), "flat", "gate")
    fine = template(GATES["open range"], good, scales=scales).document
    gates = [entry.gate for entry in fine.populations]
    bad = gates[1].model_copy(update={"half_axes": ((10.0, 10.0), (100.0, 100.0))})  # nobody looks
    entries = (fine.populations[0], fine.populations[1].model_copy(update={"gate": bad}))
    with pytest.raises(GateError, match="flat") as caught:
        gate(events(INSIDE), Template(fine.model_copy(update={"populations": entries})))
    assert caught.value.where == "gate/flat"


def test_polygon__without_a_place_on_its_scale_is_told_by_its_path() -> None:
    scales = {"x": Log(1e3, 3)}
    shape = Population(Polygon("x", "y", [(-5, 0), (5, 5), (5, 0)]), "odd", "gate")
    with pytest.raises(GateError, match="no place on its scale") as caught:
        gate(events(INSIDE), template(GATES["open range"], shape, scales=scales))
    assert caught.value.where == "gate/odd"


@pytest.mark.parametrize(
    "make",
    [
        lambda: Range("x", "low", 1),
        lambda: Range("x", True, None),
        lambda: Rectangle({"x": 1}),
        lambda: Rectangle({"x": (0, 1, 2)}),
        lambda: Rectangle({"x": (0, "one")}),
        lambda: Polygon("x", "y", [(0, 0, 0), (1, 1, 1), (2, 0, 0)]),
        lambda: Polygon("x", "y", "abc"),
        lambda: Polygon("x", "y", None),
        lambda: Polygon("x", "y", [(0, 0), (1, None), (2, 0)]),
        lambda: Ellipsoid(["x", "y"], ("a", 0), [(1, 0), (0, 1)]),
        lambda: Ellipsoid(["x", "y"], (0, 0), [1, 2]),
        lambda: Quadrant("x", "high", names={"+": "up"}),
    ],
)
def test_coordinates__that_are_no_numbers_are_refused_by_name(make) -> None:
    with pytest.raises(GateError):
        make()


def test_coordinates__may_be_numbers_of_any_kind() -> None:
    assert Range("x", np.float32(1), np.int64(3)) == Range("x", 1, 3)
    assert Quadrant("x", np.int64(3), "y", np.float32(4), names={"++": "up"}).dividers[1].values == (4.0,)
    assert Quadrant("x", np.array([1, 2]), names={"+": "up"}).dividers[0].values == (1.0, 2.0)
    assert Polygon("x", "y", np.eye(3)[:, :2]).vertices == ((1.0, 0.0), (0.0, 1.0), (0.0, 0.0))


def test_ratio__is_drawn_where_ratios_are() -> None:
    sample = Sample.from_arrays({"x": np.linspace(1.0, 3.0, 200), "y": np.full(200, 2.0)})
    ratio = Range(Dimension("x", per="y", ratio=Ratio(1, 0, 0)), 0.8, 1.2, name="round")
    drawn = gate(sample, Template.of(ratio)).histogram("round")
    assert np.count_nonzero(drawn.counts) > 50
