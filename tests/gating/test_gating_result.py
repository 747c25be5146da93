"""What a gating tells: names, counts, frequencies, statistics, sub-samples, figures, records; and many tubes."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from nkflow.compensation import Spillover
from nkflow.errors import FCSError, GatingError, InvalidValueError
from nkflow.fcs.read import read_fcs
from nkflow.fcs.sample import Sample
from nkflow.fcs.write import write_fcs
from nkflow.gating import (
    Boolean,
    Ellipsoid,
    Gating,
    Not,
    NotEvaluable,
    Polygon,
    Quadrant,
    Range,
    Rectangle,
    Template,
    gate,
    gate_all,
)
from nkflow.gating import run as run_module
from nkflow.gating.frequency import frequency
from nkflow.gating.statistics import describe
from nkflow.scales import Linear, Logicle

NAMES = {"-+": "NK", "++": "NKT-like", "+-": "T", "--": "other"}


def tube(n: int = 20_000, seed: int = 1) -> Sample:
    rng = np.random.default_rng(seed)
    columns = {
        "FSC-A": rng.normal(1e5, 2e4, n),
        "CD3-A": rng.choice([50.0, 5000.0], n) * rng.lognormal(0, 0.5, n),
        "CD56-A": rng.choice([50.0, 5000.0], n) * rng.lognormal(0, 0.5, n),
    }
    return Sample.from_arrays(
        columns,
        markers={"CD3-A": "CD3", "CD56-A": "CD56"},
        spillover=Spillover(("CD3-A", "CD56-A"), [[1, 0.1], [0.2, 1]]),
        name="tube",
    )


def template(**changes: float) -> Template:
    scale = Logicle(262144.0, 0.5, 4.5)
    return Template.of(
        Range("FSC-A", low=6e4, high=1.5e5, name="cells"),
        Quadrant("CD3", 600, "CD56", 600, names=NAMES, parent="cells"),
        Polygon("CD3", "CD56", [(0, 0), (900, 0), (900, 900), (0, 900)], name="low", parent="cells"),
        Ellipsoid(["CD3", "CD56"], (50, 5000), [(600, 5000), (50, 20000)], name="round", parent="NK"),
        Rectangle({"CD3": (None, 100), "CD56": (100, None)}, name="low", parent="NK"),
        Boolean("or", ["NK", "NKT-like"], name="CD56+"),
        Boolean("and", ["cells", Not("CD56+")], name="CD56-"),
        Range("CD3", low=1e9, name="none", parent="T"),
        scales={"FSC-A": Linear(262144.0), "CD3": scale, "CD56": scale},
    )


@pytest.fixture(scope="module")
def gating() -> Gating:
    return gate(tube(), template(), threads=1)


def test_counts__go_by_bare_names_where_unique_and_by_paths_elsewhere(gating: Gating) -> None:
    expected = [
        "root",
        "cells",
        "NK",
        "NKT-like",
        "T",
        "other",
        "cells/low",
        "round",
        "cells/NK/low",
        "CD56+",
        "CD56-",
        "none",
    ]
    assert list(gating.counts) == expected
    assert len(gating.counts) == 12
    assert gating.counts["NK/low"] == gating.counts["cells/NK/low"]
    assert gating.counts["root"] == gating.n_events == 20_000
    assert gating.counts["cells/NK"] == gating.counts["NK"] == gating.mask("NK").sum()
    assert gating.paths[1] == "cells/NK"
    assert gating.parent("NK") == "cells"
    assert gating.parent("cells") == "root"
    assert gating.parent("root") is None


@pytest.mark.parametrize(
    ("name", "code"), [("nothing", "population-unknown"), ("low", "population-ambiguous")]
)
def test_names__that_mean_none_or_two_are_errors_that_list_what_there_is(
    gating: Gating, name: str, code: str
) -> None:
    for ask in (gating.counts.__getitem__, gating.mask, gating.bit, gating.parent, gating.histogram):
        with pytest.raises(GatingError) as caught:
            ask(name)
        assert caught.value.code == code
        assert "cells" in str(caught.value)
    assert name not in gating.counts


def test_leaves__are_disjoint_and_sum_to_their_parent_with_non_finite_events() -> None:
    sample = tube()
    columns = {channel.name: sample.values(channel.name)[:, 0].copy() for channel in sample.channels}
    columns["CD3-A"][:7] = [math.nan, math.inf, -math.inf, math.nan, math.nan, math.nan, math.nan]
    broken = Sample.from_arrays(columns, list(sample.channels), spillover=sample.spillover)
    gating = gate(broken, template().with_gate("cells", low=None))
    leaves = [gating.mask(name) for name in NAMES.values()]
    assert not np.logical_and.reduce(leaves).any()
    assert (
        sum(gating.counts[name] for name in NAMES.values()) + gating.non_finite["cells"]
        == gating.counts["cells"]
    )
    assert gating.non_finite["cells"] >= 5
    finding = next(finding for finding in gating.findings if finding.code == "non-finite")
    assert finding.severity == "warning"
    assert gating.mask("CD56-")[0] == gating.mask("cells")[0]  # NaN is inside a complement


def test_membership__is_packed_one_bit_per_population(gating: Gating) -> None:
    words = gating.membership()
    assert words.shape == (20_000, 1)
    assert words.dtype == np.uint64
    assert not words.flags.writeable
    for name in list(gating.counts)[1:]:
        bit = np.uint64(gating.bit(name))
        np.testing.assert_array_equal((words[:, 0] >> bit & np.uint64(1)).astype(bool), gating.mask(name))
    with pytest.raises(GatingError):
        gating.bit("root")
    assert gating.mask("root").all()


def test_membership__is_kept_only_when_asked_for() -> None:
    gating = gate(tube(), template(), membership=False)
    assert gating.counts["NK"] > 0
    with pytest.raises(GatingError, match="membership=True"):
        gating.mask("NK")
    assert gating.update(template().with_gate("cells", low=7e4)).counts["cells"] < gating.counts["cells"]


def test_membership__is_kept_of_any_number_of_events_in_memory(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(run_module, "MEMBERSHIP_LIMIT", 100)
    sample = tube(300)
    assert gate(sample, template()).membership().shape[0] == 300
    write_fcs(tmp_path / "tube.fcs", sample)
    with pytest.raises(GatingError, match="membership=True"):
        gate(read_fcs(tmp_path / "tube.fcs"), template()).membership()


def test_gate__knows_its_options() -> None:
    with pytest.raises(TypeError, match="membersip"):
        gate(tube(10), template(), membersip=False)


def test_many_populations__take_as_many_words_as_they_need() -> None:
    ranges = [Range("FSC-A", low=1000.0 * k, name=f"p{k}") for k in range(130)]
    gating = gate(tube(), Template.of(*ranges))
    assert gating.membership().shape == (20_000, 3)
    values = tube().values("FSC-A")[:, 0]
    for k in (0, 63, 64, 127, 128, 129):
        np.testing.assert_array_equal(gating.mask(f"p{k}"), values >= 1000.0 * k)


def test_frequency__names_its_reference_and_an_empty_one_is_not_evaluable(gating: Gating) -> None:
    found = gating.frequency("NK")
    assert found.of == "cells"
    assert found.low < found.value == gating.counts["NK"] / gating.counts["cells"] < found.high
    assert gating.frequency("NK", "CD56+").value == gating.counts["NK"] / gating.counts["CD56+"]
    assert frequency(0, 0, "none") == NotEvaluable("none holds no event")


def test_frequency__has_wilsons_interval() -> None:
    # Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29
    for count, total, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        found = frequency(count, total, "x")
        assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_table__has_a_row_per_population_and_never_a_nan(gating: Gating) -> None:
    table = gating.table()
    assert list(table.columns) == ["population", "path", "count", "of", "frequency", "low", "high", "note"]
    assert table["population"].tolist() == list(gating.counts)[1:]
    assert table["frequency"].dtype == float
    assert table.set_index("population").loc["none", "count"] == 0
    empty = gate(tube(), template().with_gate("T", x_cut=1e12), threads=1).table().set_index("population")
    assert empty.loc["none", "frequency"] is None
    assert empty.loc["none", "note"] == "T holds no event"
    assert not any(isinstance(v, float) and math.isnan(v) for v in empty.to_numpy().ravel())
    assert "<table" in gating._repr_html_()
    assert "NK" in repr(gating)


def test_values__are_compensated_as_they_were_gated(gating: Gating) -> None:
    sample = tube()
    expected = sample.spillover.apply(np.array(sample.values(["CD3-A", "CD56-A"])))
    values = gating.values("NK", ["CD56", "FSC-A", "CD3"])
    assert not values.flags.writeable
    np.testing.assert_array_equal(values[:, 2], expected[gating.mask("NK"), 0])
    np.testing.assert_array_equal(values[:, 0], expected[gating.mask("NK"), 1])
    np.testing.assert_array_equal(values[:, 1], sample.values("FSC-A")[gating.mask("NK"), 0])


def test_events__are_evenly_spaced_where_there_are_too_many(gating: Gating) -> None:
    every = gating.events("NK")
    np.testing.assert_array_equal(every, np.flatnonzero(gating.mask("NK")))
    some = gating.events("NK", 100)
    assert len(some) == 100
    assert set(some) <= set(every)
    assert np.ptp(np.diff(np.searchsorted(every, some))) <= 1
    assert gating.events("none", 100).size == 0


def test_statistics__are_exact() -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0, 10.0, math.nan, math.inf])
    found = describe(values, (25.0, 90.0))
    assert (found.count, found.non_finite) == (5, 2)
    assert (found.median, found.mean) == (3.0, 4.0)
    assert found.sd == pytest.approx(math.sqrt(50 / 4), rel=1e-15)
    assert found.percentiles == {25.0: 2.0, 90.0: pytest.approx(7.6, rel=1e-15)}
    assert found.geometric_mean == pytest.approx(240 ** (1 / 5), rel=1e-15)
    # type 7: h = (n - 1) p; P84.13 = 4 + 0.3652 * 6, P15.87 = 1 + 0.6348
    assert found.robust_cv == NotEvaluable(found.robust_cv.reason)  # 3 is within 3 SE of 0 here
    wide = describe(np.concatenate([values[:5] + 100] * 40))
    low, high = np.percentile(np.concatenate([values[:5] + 100] * 40), (15.87, 84.13))
    assert wide.robust_cv == pytest.approx(50 * (high - low) / 103, rel=1e-14)
    assert wide.cv == pytest.approx(100 * np.std(np.concatenate([values[:5]] * 40), ddof=1) / 104, rel=1e-12)


def test_statistics__say_why_a_number_can_not_be_had() -> None:
    assert describe(np.array([])).mean == NotEvaluable("no events")
    one = describe(np.array([7.0]))
    assert (one.mean, one.median, one.geometric_mean) == (7.0, 7.0, pytest.approx(7.0))
    assert one.sd == one.cv == NotEvaluable("one event")
    mixed = describe(np.array([-1.0, 0.0, 5.0, 6.0]))
    assert mixed.geometric_mean == NotEvaluable("2 of 4 events are not above 0")
    centred = describe(np.linspace(-1, 1, 101))
    assert isinstance(centred.cv, NotEvaluable)
    assert "within 3 SE" in centred.cv.reason
    assert json.dumps(mixed.as_dict(), allow_nan=False)


@pytest.mark.parametrize("unit", [2.0**1000, 2.0**-1000])
def test_statistics__of_huge_and_tiny_values_are_those_of_usual_ones(unit: float) -> None:
    values = np.array([5.0, 7.0, 6.0, 9.0])
    usual, found = describe(values), describe(values * unit)
    assert (found.cv, found.robust_cv, found.count) == (usual.cv, usual.robust_cv, 4)
    for name in ("mean", "median", "sd", "geometric_mean"):
        assert getattr(found, name) == getattr(usual, name) * unit
    assert found.percentiles == {percent: value * unit for percent, value in usual.percentiles.items()}
    assert describe(np.array([-1.0, 1.0]) * unit).cv == NotEvaluable("the centre is within 3 SE of 0")


def test_statistics__of_a_population_are_in_data_units(gating: Gating) -> None:
    found = gating.statistics("NK", "CD56")
    values = gating.values("NK", "CD56")[:, 0]
    assert found.median == np.median(values)
    assert found.count == gating.counts["NK"]


def test_histograms__hold_every_event_of_the_parent_once(gating: Gating) -> None:
    for histogram in gating.histograms:
        assert histogram.counts.sum() == gating.counts[histogram.population]
        assert not histogram.counts.flags.writeable
    assert [h.population for h in gating.histograms] == ["root", "cells", "NK", "T"]
    plane = gating.histogram("NK")
    assert plane.counts.shape == (256, 256)
    assert [outline.name for outline in plane.outlines] == [*NAMES.values(), "low"]
    assert plane.outlines[0].count == gating.counts["NK"]
    assert gating.histogram("CD56+") is None
    # the bins agree with the axis: right of the cut as many events as the gate says
    cut = round(256 * plane.x.scale.forward(600.0))
    assert (
        abs(plane.counts[:, cut:].sum() - gating.counts["T"] - gating.counts["NKT-like"])
        < 0.02 * plane.counts.sum()
    )


@pytest.mark.parametrize("membership", [True, False])
def test_histograms__left_out_of_the_pass_are_counted_when_somebody_looks(
    gating: Gating, membership: bool
) -> None:
    later = gate(tube(), template(), histograms=False, membership=membership)
    assert later.drawings == ()
    assert len(later.histograms) == len(gating.histograms)
    for first, second in zip(later.histograms, gating.histograms, strict=True):
        assert (first.population, first.x, first.y) == (second.population, second.x, second.y)
        np.testing.assert_array_equal(first.counts, second.counts)
        assert first.outlines == second.outlines


def test_figure__draws_every_kind_of_gate(gating: Gating) -> None:
    for name in ("cells", "NK", "round", "cells/low", "none"):
        figure = gating.figure(name)
        assert len(figure.data) >= 1
    with pytest.raises(GatingError, match="no drawing"):
        gating.figure("CD56+")


def test_record__is_plain_json_and_the_same_twice(gating: Gating) -> None:
    first, second = (
        json.dumps(g.as_dict(), allow_nan=False) for g in (gating, gate(tube(), template(), threads=2))
    )
    assert first == second
    record = gating.as_dict()
    assert record["counts"]["cells/NK"] == gating.counts["NK"]
    assert record["template"]["sha256"] == gating.template.sha256
    assert record["channels"] == {"FSC-A": "FSC-A", "CD3": "CD3-A", "CD56": "CD56-A"}
    assert record["spillover"]["matrix"] == [[1.0, 0.1], [0.2, 1.0]]


def test_gate_all__has_a_row_per_tube_and_population_and_fails_alone(tmp_path) -> None:
    write_fcs(tmp_path / "a.fcs", tube(500, 1))
    write_fcs(tmp_path / "b.fcs", tube(500, 2))
    (tmp_path / "c.fcs").write_bytes(b"FCS3.1 but not really")
    (tmp_path / "notes.txt").write_text("no tube")
    (tmp_path / "._a.fcs").write_bytes(b"\x00\x05\x16\x07")  # beside a.fcs, if a Mac copied it
    gatings = gate_all(tmp_path, template())
    table = gatings.table()
    assert table["tube"].unique().tolist() == ["a.fcs", "b.fcs", "c.fcs"]
    assert table[table["tube"] == "b.fcs"]["population"].tolist() == list(gatings["b.fcs"].counts)[1:]
    failed = table[table["tube"] == "c.fcs"]
    assert len(failed) == 1
    assert failed["note"].item().startswith("failed: ")
    assert failed["count"].item() is None
    assert [t.name for t in gatings.failures] == ["c.fcs"]
    with pytest.raises(FCSError):
        gatings["c.fcs"]
    with pytest.raises(InvalidValueError, match=r"a\.fcs"):
        gatings["d.fcs"]


def test_gate_all__takes_samples_as_well_and_wants_something_to_gate(tmp_path) -> None:
    gatings = gate_all([tube(300), tube(300, 2)], template())
    assert len(gatings.tubes) == 2
    with pytest.raises(InvalidValueError, match="no FCS file"):
        gate_all(tmp_path, template())


def test_threads__share_the_blocks_of_one_sample() -> None:
    one, four = (gate(tube(60_000), template(), threads=n) for n in (1, 4))
    assert one.membership().tobytes() == four.membership().tobytes()
    assert json.dumps(one.as_dict()) == json.dumps(four.as_dict())


@pytest.mark.parametrize("threads", [0, -1, 1.5, "2"])
def test_threads__are_a_whole_number_from_1(threads, tmp_path) -> None:
    (tmp_path / "no.fcs").write_bytes(b"")  # nothing that can be gated: told all the same
    gating = gate(tube(300), template())
    for call in (
        lambda: gate(tube(300), template(), threads=threads),
        lambda: gating.update(template().with_gate("cells", low=7e4), threads=threads),
        lambda: gate_all([tube(300)], template(), threads=threads),
        lambda: gate_all(tmp_path, template(), threads=threads),
    ):
        with pytest.raises(InvalidValueError, match="threads") as caught:
            call()
        assert (caught.value.found, caught.value.expected) == (repr(threads), "a whole number from 1")
    assert dict(gate(tube(300), template(), threads=np.int64(2)).counts) == dict(gating.counts)
