"""Gated events go out and read back equal: FCS, Parquet, CSV, AnnData (STANDARDS 8.2)."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from nkflow.compensation import Spillover
from nkflow.errors import GatingError, InvalidValueError, OutputError
from nkflow.exchange import read_gatingml, to_anndata, write_events, write_populations
from nkflow.exchange.events_columns import read_parquet_metadata
from nkflow.fcs import Sample, read_fcs, write_fcs
from nkflow.gating import Quadrant, Range, gate
from nkflow.gating.template import Population, Template
from nkflow.scales import Logicle

N = 3000
SPILL = Spillover(("FITC-A", "PE-A"), np.array([[1.0, 0.2], [0.05, 1.0]]))
NAMES = ["FSC-A", "FITC-A", "PE-A", "Time"]


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    rng = np.random.default_rng(2)
    dyes = np.exp(rng.normal([6.0, 7.0], 1.2, (N, 2))) - 100
    values = np.column_stack([rng.uniform(0, 25e4, N), dyes @ SPILL.matrix, np.arange(N) // 3])
    values[7, 1] = np.nan
    sample = Sample.from_arrays(
        values.astype(np.float32),
        NAMES,
        markers=["", "CD3", "=CD56", ""],
        spillover=SPILL,
        keywords={"$TIMESTEP": "0.01", "WELL/ID": "A/1"},
        name="tube",
    )
    return write_fcs(tmp_path_factory.mktemp("tube") / "tube.fcs", sample)


TEMPLATE = Template.of(
    Population(Range("FSC-A", low=1e5), "cells"),
    Population(Quadrant("CD3", 400, "PE-A", 900, names={"-+": "NK", "++": "=NKT", "+-": "T"}), "", "cells"),
    Population(Range("FSC-A", low=2e5), "cells", "cells"),
    scales={"CD3": Logicle(262144, 0.5, 4.5)},
    compensation="file",
)


@pytest.fixture(scope="module")
def gating(path):
    return gate(read_fcs(path), TEMPLATE)


def compensated(gating, inside) -> np.ndarray:
    values = np.array(gating.sample.values())
    values[:, 1:3] = SPILL.apply(np.ascontiguousarray(values[:, 1:3]))
    return values[inside]


def test_write_events__fcs_reads_back_equal_and_is_not_compensated_again(gating, tmp_path) -> None:
    inside = gating.mask("NK")
    back = read_fcs(write_events(tmp_path / "nk.fcs", gating, "NK"))
    assert [c.name for c in back.channels] == ["FSC-A", "Comp-FITC-A", "Comp-PE-A", "Time"]
    assert [c.marker for c in back.channels] == ["", "CD3", "=CD56", ""]
    assert back.spillover is None
    np.testing.assert_array_equal(back.values()[:, :3], compensated(gating, inside).astype(np.float32)[:, :3])
    np.testing.assert_allclose(back.values()[:, 3], gating.sample.values()[inside][:, 3], rtol=1e-15)
    assert back.keywords["WELL/ID"] == "A/1"
    again = gate(back, _of_exported())
    assert again.counts["NK"] == inside.sum()


def _of_exported() -> Template:
    return Template.of(
        Population(Quadrant("Comp-FITC-A", 400, "Comp-PE-A", 900, names={"-+": "NK"})),
        compensation="file-or-none",
    )


def test_write_events__fcs_as_it_stands_keeps_bits_and_matrix(gating, path, tmp_path) -> None:
    back = read_fcs(write_events(tmp_path / "raw.fcs", gating, compensated=False))
    np.testing.assert_array_equal(back.stored(), read_fcs(path).stored())
    assert back.spillover.sha256 == SPILL.sha256
    assert gate(back, TEMPLATE).counts == gating.counts


def test_write_events__fcs_leaves_out_what_quality_did_not_keep(gating, tmp_path) -> None:
    keep = np.arange(N) >= 1000
    back = read_fcs(write_events(tmp_path / "kept.fcs", gating, keep=keep, compensated=False))
    assert back.n_events == 2000


def test_write_events__parquet_reads_back_equal(gating, tmp_path) -> None:
    import pyarrow.parquet as pq

    keep = np.arange(N) >= 1000
    made = write_events(tmp_path / "t.parquet", gating, keep=keep)
    table = pq.read_table(made)
    everything = np.ones(N, dtype=bool)
    expected = compensated(gating, everything)
    for number, name in enumerate(NAMES[:3]):
        assert str(table.schema.field(name).type) == "float"
        np.testing.assert_array_equal(table[name].to_numpy(), expected[:, number].astype(np.float32))
        assert table[name].null_count == 0  # NaN stays NaN
    np.testing.assert_array_equal(table["Time"].to_numpy(), expected[:, 3])
    np.testing.assert_array_equal(table["event"].to_numpy(), np.arange(N))
    np.testing.assert_array_equal(table["qc_keep"].to_numpy(), keep)
    for name in ("cells", "cells/NK", "cells/T", "cells/cells"):
        np.testing.assert_array_equal(table[name].to_numpy(), gating.mask(name))
    about = read_parquet_metadata(made)
    assert about["text"]["WELL/ID"] == "A/1"
    assert about["aliases"]["FITC-A"] == "FITC_A"
    assert about["compensated"] == ["FITC-A", "PE-A"]
    assert Spillover.from_csv_text(about["spillover"]).sha256 == SPILL.sha256
    assert made.read_bytes() == write_events(tmp_path / "again.parquet", gating, keep=keep).read_bytes()


def test_write_events__csv_is_exact_and_safe_in_a_spreadsheet(gating, tmp_path) -> None:
    made = write_events(tmp_path / "t.csv", gating, "cells")
    with made.open(newline="") as stream:
        header, *rows = list(csv.reader(stream))
    assert header == ["event", *NAMES, "qc_keep", "cells", "cells/NK", "cells/=NKT", "cells/T", "cells/cells"]
    inside = gating.mask("cells")
    assert len(rows) == inside.sum()
    column = [np.float32(row[2]) if row[2] else np.float32("nan") for row in rows]
    np.testing.assert_array_equal(column, compensated(gating, inside).astype(np.float32)[:, 1])
    assert any(row[2].startswith("-") for row in rows)  # a negative number is no formula
    assert [row[7] for row in rows] == ["1" if nk else "0" for nk in gating.mask("NK")[inside]]


def test_csv__puts_an_apostrophe_before_what_would_be_a_formula(tmp_path) -> None:
    sample = Sample.from_arrays(np.ones((5, 2)), ["=cmd|calc", "-A"], name="+tube")
    gating = gate(sample, Template.of(Range("-A", low=-0.5, name="@sum"), compensation="none"))
    header = write_events(tmp_path / "t.csv", gating).read_text().split("\n")[0]
    assert '"\'=cmd|calc"' in header
    assert '"\'-A"' in header
    assert '"\'@sum"' in header
    text = write_populations(tmp_path / "p.csv", [gating]).read_text()
    assert "'+tube" in text
    assert "'@sum,'@sum,5,root,1.0," in text


def test_write_populations__reads_back_equal(gating, tmp_path) -> None:
    import pyarrow.parquet as pq

    rows = list(gating.rows())
    back = pq.read_table(write_populations(tmp_path / "p.parquet", gating)).to_pylist()
    assert back == rows
    document = json.loads(write_populations(tmp_path / "p.json", [gating, gating]).read_text())
    assert document["schema"] == "nkflow.populations"
    assert len(document["rows"]) == 2 * len(rows)
    assert document["rows"][0] == {"tube": "tube.fcs", **rows[0]}
    with pytest.raises(InvalidValueError, match="xlsx"):
        write_populations(tmp_path / "p.xlsx", gating)


def test_to_anndata__has_the_documented_layout_and_reads_back_equal(gating, tmp_path) -> None:
    import anndata

    made = write_events(tmp_path / "t.h5ad", gating)
    for data in (to_anndata(gating), anndata.read_h5ad(made)):
        everything = np.ones(N, dtype=bool)
        np.testing.assert_array_equal(data.X, compensated(gating, everything).astype(np.float32))
        np.testing.assert_array_equal(data.layers["raw"], gating.sample.stored())
        shown = Logicle(262144, 0.5, 4.5).forward(compensated(gating, everything)[:, 1])
        np.testing.assert_array_equal(data.layers["transformed"][:, 1], shown.astype(np.float32))
        assert list(data.var_names) == NAMES
        assert list(data.var["marker"]) == ["", "CD3", "=CD56", ""]
        assert list(data.obs_names[:2]) == ["tube.fcs:0", "tube.fcs:1"]
        np.testing.assert_array_equal(data.obs["cells>NK"], gating.mask("NK"))
        np.testing.assert_allclose(data.obs["time_s"], gating.sample.values()[:, 3])
        assert json.loads(data.uns["fcs"]["tube.fcs"])["WELL/ID"] == "A/1"
        np.testing.assert_array_equal(data.uns["spillover"]["tube.fcs"].to_numpy(), SPILL.matrix)
        assert data.uns["nkflow"]["x_state"] == "compensated, linear"
        (tmp_path / "gates.xml").write_text(data.uns["gating"])
        again = gate(gating.sample, read_gatingml(tmp_path / "gates.xml"))
        np.testing.assert_array_equal(again.mask("NK"), gating.mask("NK"))
        back = Sample.from_arrays(np.asarray(data.layers["raw"]), list(data.var_names))
        np.testing.assert_array_equal(
            read_fcs(write_fcs(tmp_path / "back.fcs", back, force=True)).stored(), gating.sample.stored()
        )


def test_to_anndata__joins_tubes_of_one_panel_only(gating, path) -> None:
    data = to_anndata([gating, gating], "NK")
    assert data.n_obs == 2 * gating.counts["NK"]
    assert list(data.obs["sample"].cat.categories) == ["tube.fcs", "tube.fcs (2)"]
    other = Sample.from_arrays(np.ones((4, 4)), NAMES, markers=["", "CD3", "CD16", ""], spillover=SPILL)
    with pytest.raises(GatingError, match="CD16"):
        to_anndata([gating, gate(other, TEMPLATE)])


def test_write_events__refuses_what_it_can_not_do(gating, tmp_path) -> None:
    with pytest.raises(InvalidValueError, match="xlsx"):
        write_events(tmp_path / "t.xlsx", gating)
    with pytest.raises(GatingError):
        write_events(tmp_path / "t.csv", gating, "nobody")
    write_events(tmp_path / "t.csv", gating)
    with pytest.raises(OutputError):
        write_events(tmp_path / "t.csv", gating)
    write_events(tmp_path / "t.csv", gating, "T", force=True)
    assert not list(tmp_path.glob(".*"))
