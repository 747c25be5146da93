from __future__ import annotations

import hashlib
import os
import threading
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fcs.fcs_builder import EVENTS, INTEGERS, Build
from nkflow.errors import FCSChangedError, FCSError, InvalidValueError, PanelError
from nkflow.fcs import Sample, read_fcs
from nkflow.fcs.source import FileMark

TRUTH = np.array(EVENTS, dtype=float)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "tube.fcs"
    made.write_bytes(Build(keywords={"$P2S": "CD3 FITC", "$P3S": "CD56", "$CYT": "Simulated"}).bytes())
    return made


def test_sample__has_the_interface_of_the_design(path: Path) -> None:
    sample = read_fcs(path)
    assert (sample.n_events, sample.version, sample.name) == (4, "FCS3.1", "tube.fcs")
    assert (sample.path, sample.cytometer, sample.data_set) == (path, "Simulated", 0)
    assert sample.keywords["$PAR"] == "3"
    assert [channel.index for channel in sample.channels] == [0, 1, 2]
    np.testing.assert_array_equal(sample.stored(), TRUTH)
    np.testing.assert_array_equal(sample.values(["CD3", "CD56"]), TRUTH[:, 1:])
    np.testing.assert_array_equal(sample.values("FSC-A"), TRUTH[:, :1])
    np.testing.assert_array_equal(sample.stored([2, 0]), TRUTH[:, [2, 0]])
    assert (sample.index("CD56"), sample.index("FITC-A")) == (2, 1)
    assert read_fcs(path, name="tube A").name == "tube A"


def test_sample__missing_markers_list_what_is_there(path: Path) -> None:
    with pytest.raises(PanelError, match=r"FSC-A, FITC-A \(CD3 FITC\), PE-A \(CD56\)"):
        read_fcs(path).values(["CD19"])


def test_sample__is_frozen_and_its_arrays_read_only(path: Path) -> None:
    sample = read_fcs(path)
    with pytest.raises(FrozenInstanceError):
        sample.name = "other"  # type: ignore[misc]
    for array in (sample.stored(), sample.values(), Sample.from_arrays({"A": [1.0]}).stored()):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 1
    with pytest.raises(TypeError):
        sample.keywords["$PAR"] = "4"  # type: ignore[index]


@pytest.mark.parametrize(
    "build",
    [
        Build(),
        Build(order="4,3,2,1"),
        INTEGERS,
        INTEGERS.bend(bits=(8, 16, 32)),
        INTEGERS.bend(bits=(10, 12, 9), packed="lsb", ranges=(1024, 4096, 512)),
        Build(types="AAA", bits=(5, 6, 7)),
    ],
)
def test_reader__gives_any_block_in_any_order(build: Build, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    rows = rng.integers(0, 250, (97, 3)).tolist()
    path = tmp_path / "blocks.fcs"
    path.write_bytes(build.bend(events=rows).bytes())
    sample = read_fcs(path)
    truth = np.array(rows, dtype=float)
    out = np.full((2, 40), -1.0)
    with sample.open() as reader:
        for first, count in ((0, 40), (57, 40), (13, 1), (96, 1), (50, 0), (3, 37)):
            out[:] = -1
            reader.read(first, count, [2, 0], out)
            np.testing.assert_array_equal(out[:, :count], truth[first : first + count, [2, 0]].T)
            assert (out[:, count:] == -1).all()
        for first, count in ((-1, 2), (90, 8), (0, 98), (0, -1)):
            with pytest.raises(FCSError, match="not in the sample"):
                reader.read(first, count, [0], out)


@pytest.mark.parametrize(
    "build", [Build(), INTEGERS, INTEGERS.bend(bits=(10, 12, 9), packed="lsb", ranges=(1024, 4096, 512))]
)
def test_reader__picks_single_events(build: Build, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    rows = rng.integers(0, 250, (20_001, 3))
    path = tmp_path / "picked.fcs"
    path.write_bytes(build.bend(events=rows.tolist()).bytes())
    spread = np.sort(rng.choice(20_001, 300, replace=False))
    for sample in (read_fcs(path), Sample.from_arrays(rows.astype(float), ["A", "B", "C"])):
        with sample.open() as reader:
            for positions in (spread, np.array([0, 20_000]), np.array([8191, 8192]), np.arange(0)):
                out = np.full((3, 301), -1.0)
                reader.pick(positions, [2, 0], out)
                np.testing.assert_array_equal(out[:2, : len(positions)], rows[positions][:, [2, 0]].T)
                assert (out[:2, len(positions) :] == -1).all()
                assert (out[2] == -1).all()
            with pytest.raises((FCSError, IndexError)):
                reader.pick(np.array([20_001]), [0], out)


def test_reader__looks_again_at_columns_that_may_have_changed(path: Path) -> None:
    out = np.empty((2, 4))
    for sample in (read_fcs(path), Sample.from_arrays(TRUTH, ["A", "B", "C"])):
        with sample.open() as reader:
            columns = np.array([0, 1])
            reader.read(0, 4, columns, out)
            columns[:] = 2, 1
            reader.read(0, 4, columns, out)
            np.testing.assert_array_equal(out, TRUTH[:, [2, 1]].T)
            columns[0] = 3
            with pytest.raises(FCSError, match="can't be read into"):
                reader.read(0, 4, columns, out)
            frozen = np.array([1, 2])
            frozen.flags.writeable = False
            for _ in range(2):
                reader.read(0, 4, frozen, out)
                np.testing.assert_array_equal(out, TRUTH[:, [1, 2]].T)
            for bad in (np.empty((1, 4)), np.empty((2, 3)), np.empty((2, 4), np.float32)):
                with pytest.raises(FCSError, match="can't be read into"):
                    reader.read(0, 4, frozen, bad)


@pytest.mark.parametrize("columns", [[3], [-1], [0, 1, 2, 0, 1]])
def test_reader__never_leaves_its_arrays(columns: list[int], path: Path) -> None:
    samples = (read_fcs(path), Sample.from_arrays(TRUTH, ["A", "B", "C"]))
    for sample in samples:
        with sample.open() as reader:
            with pytest.raises(FCSError, match="can't be read into"):
                reader.read(0, 4, columns, np.empty((4, 4)))
            for out in (np.empty((3, 3)), np.empty((3, 4), np.float32)):
                with pytest.raises(FCSError, match="can't be read into"):
                    reader.read(0, 4, [0], out)
        for wanted in ([3], [-1]):
            with pytest.raises(PanelError, match="0 to 2"):
                sample.stored(wanted)
            with pytest.raises(PanelError, match="0 to 2"):
                sample.values(wanted)


def test_reader__sees_that_the_file_changed(path: Path) -> None:
    sample = read_fcs(path)
    content = path.read_bytes()
    out = np.empty((1, 4))
    with sample.open() as reader:
        reader.read(0, 4, [0], out)
        path.write_bytes(content[:-4])
        with pytest.raises(FCSChangedError, match="shorter"):
            reader.read(0, 4, [0], out)
        path.write_bytes(content)
        os.utime(path, ns=(1, 1))
        with pytest.raises(FCSChangedError, match="changed after its header"):
            reader.read(0, 4, [0], out)
    for ask in (
        sample.stored,
        sample.open,
    ):  # also where nothing is read then: an edit whose columns are held
        with pytest.raises(FCSChangedError, match="changed after its header"):
            ask()
    path.unlink()
    for ask in (sample.stored, sample.values, lambda: sample.sha256):
        with pytest.raises(FCSChangedError):
            ask()


def test_sha256__is_that_of_the_file(path: Path) -> None:
    sample = read_fcs(path)
    assert sample.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    os.utime(path, ns=(1, 1))
    with pytest.raises(FCSChangedError):
        read_fcs(path, 0).events.__class__(**vars(sample.events)).sha256()


@pytest.mark.parametrize(
    "build",
    [
        Build(tail=b"behind" * 9),
        Build(text_after_data=True),
        Build(events=()),
        INTEGERS.bend(bits=(10, 12, 9), packed="msb", order="4,3,2,1"),
    ],
)
def test_hasher__gives_the_hash_of_the_blocks_that_were_read(build: Build, tmp_path: Path) -> None:
    path = tmp_path / "hash.fcs"
    path.write_bytes(build.bytes())
    sample = read_fcs(path)
    hasher = sample.hasher()
    out = np.empty((1, 4))
    with sample.open(hasher) as reader:
        for first in (2, 0, 3, 1)[: sample.n_events]:
            reader.read(first, 1, [1], out)
        for first in (1, 0)[: sample.n_events]:
            reader.read(first, 1, [1], out)
    assert hasher.hexdigest() == hasher.hexdigest() == hashlib.sha256(path.read_bytes()).hexdigest()


def test_hasher__needs_every_event(path: Path) -> None:
    sample = read_fcs(path)
    hasher = sample.hasher()
    with sample.open(hasher) as reader:
        reader.read(0, 3, [0], np.empty((1, 4)))
    with pytest.raises(FCSError, match="not every event"):
        hasher.hexdigest()


def test_hasher__takes_blocks_from_many_threads(tmp_path: Path) -> None:
    rows = np.random.default_rng(1).integers(0, 60000, (5000, 3)).tolist()
    path = tmp_path / "threads.fcs"
    path.write_bytes(INTEGERS.bend(events=rows).bytes())
    sample = read_fcs(path)
    hasher = sample.hasher()
    blocks = iter(range(0, 5000, 50))
    lock = threading.Lock()
    sums = np.zeros(3)

    def work() -> None:
        out = np.empty((3, 50))
        with sample.open(hasher) as reader:
            while True:
                with lock:
                    first = next(blocks, None)
                if first is None:
                    return
                reader.read(first, 50, [0, 1, 2], out)
                with lock:
                    sums[:] += out.sum(axis=1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert hasher.hexdigest() == sample.sha256
    assert sums.tolist() == np.sum(rows, axis=0).tolist()


def test_from_arrays__is_the_same_interface(path: Path) -> None:
    table = TRUTH.astype(np.float32)
    sample = Sample.from_arrays(table, ["FSC-A", "FITC-A", "PE-A"], markers={"PE-A": "CD56"}, name="made")
    assert (sample.n_events, sample.name, sample.path, sample.findings) == (4, "made", None, ())
    assert sample.stored().dtype == np.float32
    np.testing.assert_array_equal(sample.values(["CD56"])[:, 0], TRUTH[:, 2])
    assert [(c.kind, c.feature) for c in sample.channels] == [
        ("scatter", "A"),
        ("fluorescence", "A"),
        ("fluorescence", "A"),
    ]
    assert sample.sha256 == Sample.from_arrays(table, ["FSC-A", "FITC-A", "PE-A"]).sha256
    assert sample.sha256 != Sample.from_arrays(table + 1, ["FSC-A", "FITC-A", "PE-A"]).sha256
    assert sample.hasher().hexdigest() == sample.sha256
    by_name = Sample.from_arrays({"A": [1, 2], "Time": [3, 4]}, keywords={"$timestep": "0.5"})
    assert (by_name.time_step, by_name.values("Time")[:, 0].tolist()) == (0.5, [3, 4])
    derived = Sample.from_arrays(read_fcs(path).values(), read_fcs(path).channels)
    assert derived.index("CD56") == 2
    np.testing.assert_array_equal(derived.values(), TRUTH)


def test_from_arrays__owns_its_events() -> None:
    table = np.ones((3, 2))
    sample = Sample.from_arrays(table, ["A", "B"])
    table[:] = 7
    assert sample.values().tolist() == [[1, 1]] * 3


def test_from_arrays__values_are_data_units_whatever_the_channel_says(tmp_path: Path) -> None:
    path = tmp_path / "log.fcs"
    path.write_bytes(
        INTEGERS.bend(
            ranges=(1024,) * 3, events=((512, 1, 1),), keywords={"$P1E": "4,1", "$P2G": "4"}
        ).bytes()
    )
    sample = read_fcs(path)
    derived = Sample.from_arrays(sample.values(), sample.channels)
    np.testing.assert_array_equal(derived.values(), sample.values())


@pytest.mark.parametrize(
    ("columns", "options"),
    [
        (np.ones(3), {"channels": ["A"]}),
        (np.ones((3, 2)), {"channels": ["A"]}),
        (np.ones((3, 2)), {"channels": ["A", "A"]}),
        (np.ones((3, 2)), {"channels": ["A", "B"], "markers": ["CD3"]}),
        (np.ones((3, 2)), {}),
        ([np.ones(3), np.ones(4)], {"channels": ["A", "B"]}),
        ([np.ones((3, 3))], {"channels": ["A"]}),
        ([], {"channels": []}),
    ],
)
def test_from_arrays__refuses_what_is_no_table(columns: Any, options: Any) -> None:
    with pytest.raises(InvalidValueError):
        Sample.from_arrays(columns, **options)


@pytest.mark.parametrize("bad", ["missing.fcs", "."])
def test_read_fcs__needs_a_regular_file(bad: str, tmp_path: Path) -> None:
    with pytest.raises(FCSError, match="can't be opened"):
        read_fcs(tmp_path / bad)
    with pytest.raises(FCSError, match="can't be opened"):
        read_fcs(str(tmp_path) + "/nul\0byte")
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    with pytest.raises(FCSError, match="not a regular file"):
        read_fcs(fifo)


def test_opening__loads_no_numba(path: Path) -> None:
    import subprocess
    import sys

    program = (
        f"import sys; from nkflow.fcs import read_fcs; read_fcs({str(path)!r}); print('numba' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "False\n"


def test_hashed_meanwhile__leaves_the_hash_known(path: Path) -> None:
    sample = read_fcs(path)
    with sample.hashed_meanwhile():
        values = sample.values()
    assert vars(sample)["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    np.testing.assert_array_equal(values, read_fcs(path).values())
    changed = read_fcs(path)
    os.utime(path, ns=(1, 1))
    with pytest.raises(FCSChangedError), changed.hashed_meanwhile():
        pass


def test_hash__of_a_file_that_changes_meanwhile_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = read_fcs(path)
    check, asked = FileMark.check, []

    def once(self: FileMark, descriptor: int, where: Path) -> None:
        check(self, descriptor, where)
        if not asked:
            os.utime(path, ns=(1, 1))  # right after the first look
        asked.append(where)

    monkeypatch.setattr(FileMark, "check", once)
    with pytest.raises(FCSChangedError):
        _ = sample.sha256
    assert len(asked) == 1
