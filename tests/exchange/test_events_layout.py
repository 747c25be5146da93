"""What stands where in exported events (STANDARDS 8.2), with names that spoil HDF5 and spreadsheets."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from nkflow.compensation import Spillover
from nkflow.exchange import read_gatingml, to_anndata, write_events
from nkflow.fcs import Sample, read_fcs, write_fcs
from nkflow.gating import Gating, Range, gate
from nkflow.gating.template import Population, Template
from nkflow.scales import Logicle

N = 2000
SPILL = Spillover(("B1/A", "PE-A"), np.array([[1.0, 0.2], [0.05, 1.0]]))
TEMPLATE = Template.of(
    Population(Range("FSC-A", low=1e5), "cells"),
    Population(Range("CD3", low=400), "a b", "cells"),
    Population(Range("PE-A", low=300), "a b"),
    scales={"CD3": Logicle(262144, 0.5, 4.5)},
    compensation="file",
)


def written(folder: Path, seed: int) -> Path:
    rng = np.random.default_rng(seed)
    dyes = np.exp(rng.normal([6.0, 6.0], 1.0, (N, 2))) - 100
    values = np.column_stack([rng.uniform(0, 25e4, N), dyes @ SPILL.matrix, np.arange(N) // 3])
    values[5, 1], values[6, 2] = np.nan, np.inf
    sample = Sample.from_arrays(
        values.astype(np.float32),
        ["FSC-A", "B1/A", "PE-A", "Time"],
        markers=["", "CD3", "", ""],
        spillover=SPILL,
        keywords={"$TIMESTEP": "0.01", "WELL/ID": "A/1"},
        name="x",
    )
    return write_fcs(folder / f"tube {seed}.fcs", sample)


@pytest.fixture(scope="module")
def gating(tmp_path_factory: pytest.TempPathFactory) -> Gating:
    return gate(read_fcs(written(tmp_path_factory.mktemp("tube"), 1)), TEMPLATE)


def test_anndata__has_every_column_of_the_layout(gating: Gating) -> None:
    # AD-01 to AD-04
    data = to_anndata(gating, keep=np.arange(N) >= 9)
    assert data.X.dtype == data.layers["raw"].dtype == data.layers["transformed"].dtype == np.float32
    assert data.uns["nkflow"]["x_state"] == "compensated, linear"
    assert list(data.var_names) == ["FSC-A", "B1/A", "PE-A", "Time"]
    assert set(data.var) >= {
        "channel", "marker", "kind", "feature", "detector", "dye", "pnr", "png", "pne", "transform", "bit_width",
        "index_in_file",
    }  # fmt: skip
    assert list(data.var["kind"]) == ["scatter", "fluorescence", "fluorescence", "time"]
    assert json.loads(data.var["transform"]["B1/A"])["kind"] == "logicle"
    assert list(data.obs["event"][:3]) == [0, 1, 2]
    assert data.obs["event"].dtype == np.int64
    assert data.obs["time_s"].dtype == np.float64
    assert data.obs["qc_keep"].sum() == N - 9
    assert [str(data.obs[name].dtype) for name in ("sample", "cells", "cells>a b", "a b")] == ["category"] + [
        "bool"
    ] * 3
    about = data.uns["nkflow"]
    assert (about["schema"], about["version"]) == ("nkflow.anndata", 1)
    assert about["samples"]["tube 1.fcs"]["sha256"] == gating.sample.sha256
    assert about["samples"]["tube 1.fcs"]["template_sha256"] == gating.template.sha256
    assert json.loads(data.uns["fcs"]["tube 1.fcs"])["$TIMESTEP"] == "0.01"


def test_h5ad__takes_slashes_and_empty_text(gating: Gating, tmp_path: Path) -> None:
    # AD-05: slashes would divide groups; what is not there is "", never None or NaN
    import anndata

    slash = gate(
        Sample.from_arrays(gating.sample.values(), gating.sample.channels, spillover=SPILL, name="a/b"),
        TEMPLATE,
    )
    back = anndata.read_h5ad(write_events(tmp_path / "t.h5ad", slash))
    assert list(back.var_names) == ["FSC-A", "B1/A", "PE-A", "Time"]
    assert list(back.obs_names[:1]) == ["a_b:0"]
    assert set(back.uns["spillover"]) == {"a_b"}
    for column in ("marker", "detector", "dye", "transform"):
        assert all(isinstance(text, str) for text in back.var[column])
    for path in ("cells", "cells>a b", "a b"):
        np.testing.assert_array_equal(back.obs[path], gating.mask(path.replace(">", "/")))


def test_parquet__is_compressed_column_by_column_and_keeps_nan(gating: Gating, tmp_path: Path) -> None:
    # AD-07, AD-08
    import pyarrow.parquet as pq

    made = write_events(tmp_path / "t.parquet", gating)
    group = pq.ParquetFile(made).metadata.row_group(0)
    columns = {group.column(k).path_in_schema: group.column(k) for k in range(group.num_columns)}
    assert {column.compression for column in columns.values()} == {"ZSTD"}
    assert not any(column.has_dictionary_page for column in columns.values())
    for name in ("FSC-A", "B1/A", "PE-A", "Time"):
        assert "BYTE_STREAM_SPLIT" in columns[name].encodings, name
    types = {field.name: str(field.type) for field in pq.read_schema(made)}
    assert types["event"] == "uint32"
    assert types["Time"] == "double"
    assert types["PE-A"] == "float"
    assert types["cells/a b"] == "bool"
    table = pq.read_table(made)
    assert table["B1/A"].null_count == 0
    for name in ("B1/A", "PE-A"):  # what is no number in one detector spoils both dyes
        assert np.flatnonzero(np.isnan(table[name].to_numpy())).tolist() == [5]
        assert np.flatnonzero(np.isinf(table[name].to_numpy())).tolist() == [6]
    about = json.loads(table.schema.metadata[b"nkflow"])
    assert (about["schema"], about["version"]) == ("nkflow.events", 1)
    assert set(about) >= {"text", "spillover", "transforms", "gating", "sha256"}
    assert about["aliases"]["B1/A"] == "B1_A"
    assert len(set(about["aliases"].values())) == len(about["aliases"])


def test_parquet_and_anndata__hold_the_same_events_and_gates(gating: Gating, tmp_path: Path) -> None:
    # AD-11
    import pyarrow.parquet as pq

    table = pq.read_table(write_events(tmp_path / "t.parquet", gating))
    data = to_anndata(gating)
    for number, name in enumerate(("FSC-A", "B1/A", "PE-A")):
        np.testing.assert_array_equal(table[name].to_numpy(), data.X[:, number])
    np.testing.assert_array_equal(table["Time"].to_numpy(), data.obs["time_s"])
    (tmp_path / "gates.xml").write_text(json.loads(table.schema.metadata[b"nkflow"])["gating"])
    again = gate(gating.sample, read_gatingml(tmp_path / "gates.xml"))
    for path in ("cells", "cells/a b", "a b"):
        np.testing.assert_array_equal(table[path].to_numpy(), data.obs[path.replace("/", ">")])
        np.testing.assert_array_equal(again.mask(path), gating.mask(path))
        assert 0 < gating.counts[path] < N
    back = Sample.from_arrays(np.asarray(data.layers["raw"]), list(data.var_names))
    path = write_fcs(tmp_path / "back.fcs", back)
    assert read_fcs(path).stored().tobytes() == gating.sample.stored().tobytes()
