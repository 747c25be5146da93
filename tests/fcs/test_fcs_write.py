from __future__ import annotations

import warnings
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fcs.fcs_builder import INTEGERS, Build
from nkflow.compensation import Spillover
from nkflow.errors import InvalidValueError, OutputError
from nkflow.fcs import Sample, read_fcs, write_fcs

NAMES = ("FSC-A", "FITC-A", "Time")


def events(count: int = 1000) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.random.default_rng(7).normal(1000, 500, (count, 3)).astype(np.float32)


def test_FCS_W01__the_default_is_31_float32_little_endian(tmp_path: Path) -> None:
    path = write_fcs(tmp_path / "a.fcs", events(), channels=NAMES)
    sample = read_fcs(path)
    assert sample.version == "FCS3.1"
    assert [
        sample.keywords[key] for key in ("$DATATYPE", "$BYTEORD", "$MODE", "$NEXTDATA", "$P1B", "$P1E")
    ] == [
        "F",
        "1,2,3,4",
        "L",
        "0",
        "32",
        "0,0",
    ]
    assert not any(key.endswith("G") and key.startswith("$P") for key in sample.keywords)
    assert sample.findings == ()
    np.testing.assert_array_equal(sample.stored(), events())


def test_write_fcs__knows_its_options(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="byteorder"):
        write_fcs(tmp_path / "a.fcs", events(), channels=NAMES, byteorder="big")
    assert not (tmp_path / "a.fcs").exists()


def test_FCS_W01__large_whole_numbers_are_written_as_float64(tmp_path: Path) -> None:
    values = np.array([[1.5, 2.0, 2.0**24 + 1]])
    sample = read_fcs(write_fcs(tmp_path / "d.fcs", values, channels=NAMES))
    assert sample.channels[0].data_type == "D"
    np.testing.assert_array_equal(sample.stored(), values)
    single = read_fcs(write_fcs(tmp_path / "f.fcs", values, channels=NAMES, data_type="F"))
    np.testing.assert_array_equal(single.stored(), values.astype(np.float32))


def test_FCS_W02__the_offsets_have_twenty_digits(tmp_path: Path) -> None:
    path = write_fcs(tmp_path / "a.fcs", events(), channels=NAMES)
    content = path.read_bytes()
    sample = read_fcs(path)
    begin, end = sample.keywords["$BEGINDATA"], sample.keywords["$ENDDATA"]
    assert (len(begin), len(end)) == (20, 20)
    assert (int(content[26:34]), int(content[34:42])) == (int(begin), int(end))
    assert int(begin) == int(content[18:26]) + 1
    assert int(end) - int(begin) + 1 == events().nbytes
    assert content[int(end) + 1 :] == b"00000000"


def test_FCS_W02__a_segment_past_99999999_bytes_is_zero_in_header(tmp_path: Path) -> None:
    many = np.zeros((8_400_000, 3), dtype=np.float32)
    many[-1] = (1, 2, 3)
    path = write_fcs(tmp_path / "large.fcs", many, channels=NAMES)
    with path.open("rb") as file:
        header = file.read(58)
    assert path.stat().st_size > 99_999_999
    assert header[26:42].split() == [b"0", b"0"]
    sample = read_fcs(path)
    assert sample.n_events == len(many)
    assert sample.stored([2])[-1, 0] == 3


def test_FCS_W03__the_delimiter_is_absent_from_all_values(tmp_path: Path) -> None:
    keywords = {"A": "with \x1e and \x0c and |", "B": "and / too", "C": "", "D": " "}
    path = write_fcs(tmp_path / "a.fcs", events(), channels=NAMES, keywords=keywords)
    sample = read_fcs(path)
    assert path.read_bytes()[58:59] not in b"\x1e\x0c|/"
    assert (sample.keywords["A"], sample.keywords["B"]) == (keywords["A"], keywords["B"])
    assert "C" not in sample.keywords
    assert sample.findings == ()


def test_FCS_W03__without_a_free_delimiter_nothing_is_written(tmp_path: Path) -> None:
    everything = "x" + "".join(chr(code) for code in range(1, 127))
    with pytest.raises(InvalidValueError, match="delimiter"):
        write_fcs(tmp_path / "a.fcs", events(), channels=NAMES, keywords={"A": everything})
    assert not list(tmp_path.iterdir())


def test_FCS_W04__ranges_hold_the_values_and_names_have_no_comma(tmp_path: Path) -> None:
    values = np.array([[10.2, -5.0, np.nan], [3.0, np.inf, 7.0]])
    matrix = Spillover(("A,1", "A_1"), np.array([[1, 0.2], [0.1, 1]]))
    sample = read_fcs(write_fcs(tmp_path / "a.fcs", values, channels=("A,1", "A_1", "B"), spillover=matrix))
    assert [channel.range for channel in sample.channels] == [12, 2, 8]
    assert [channel.name for channel in sample.channels] == ["A_1-1", "A_1-2", "B"]
    assert sample.spillover is not None
    assert sample.spillover.names == ("A_1-1", "A_1-2")


@pytest.mark.parametrize("byte_order", ["little", "big"])
@pytest.mark.parametrize("data_type", ["F", "D", "I"])
def test_FCS_W05__what_is_written_reads_back_everywhere(
    data_type: Any, byte_order: Any, tmp_path: Path
) -> None:
    import flowio

    values = np.round(np.abs(events())) if data_type == "I" else events()
    matrix = Spillover(("FSC-A", "FITC-A"), np.array([[1, 0.123456789], [0.1, 1]]))
    path = write_fcs(
        tmp_path / "a.fcs",
        values,
        channels=NAMES,
        spillover=matrix,
        data_type=data_type,
        byte_order=byte_order,
    )
    sample = read_fcs(path)
    np.testing.assert_array_equal(sample.stored(), values)
    assert sample.spillover is not None
    np.testing.assert_array_equal(sample.spillover.matrix, matrix.matrix)
    theirs = flowio.FlowData(path)
    np.testing.assert_array_equal(theirs.as_array(preprocess=False), values)
    assert tuple(theirs.pnn_labels) == NAMES
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import FlowCal

        calibrated = FlowCal.io.FCSData(str(path))
    np.testing.assert_array_equal(np.asarray(calibrated), values)
    assert calibrated.channels == NAMES


@pytest.mark.parametrize(
    "name",
    [
        "gating/flowsom_mouse_nk/68983.fcs",
        "parse/Stratedigm - S1400.fcs",
        "parse/EY_2013-07-19_PBS_FCS_3.1_Custom_Add_Well_A1.001.fcs",
        "parse/cyflow_cube_8.fcs",
        "transforms/data1.fcs",
        "human_nk/cytof_whole_blood/Gates_PTLG021_Unstim_Control_1.fcs",
    ],
)
def test_FCS_W05__a_real_file_keeps_values_names_matrix_and_time(
    name: str, reference: Path, tmp_path: Path
) -> None:
    first = read_fcs(reference / name)
    second = read_fcs(write_fcs(tmp_path / "a.fcs", first, data_type="D"))
    np.testing.assert_array_equal(second.values(), first.values())
    assert [(c.name, c.marker, c.kind) for c in second.channels] == [
        (c.name, c.marker, c.kind) for c in first.channels
    ]
    assert second.time_step == first.time_step
    assert (second.spillover is None) == (first.spillover is None)
    assert second.keywords.get("$CYT") == first.keywords.get("$CYT")
    for here, there in (
        (first.acquired.begin, second.acquired.begin),
        (first.acquired.end, second.acquired.end),
    ):
        assert (here is None) == (there is None)
        assert here is None or there is None or abs((here - there).total_seconds()) <= 0.01


def test_write__integers_keep_their_keywords_and_ticks(tmp_path: Path) -> None:
    (tmp_path / "in.fcs").write_bytes(
        INTEGERS.bend(
            names=("Time", "FITC-A", "PE-A"), keywords={"$TIMESTEP": "0.01", "$OP": "me", "$P2S": "CD3"}
        ).bytes()
    )
    first = read_fcs(tmp_path / "in.fcs")
    second = read_fcs(
        write_fcs(
            tmp_path / "out.fcs", first, data_type="I", keywords={"$OP": "you", "New": "1", "$P3S": "CD56"}
        )
    )
    np.testing.assert_array_equal(second.stored(), first.stored())
    np.testing.assert_array_equal(second.values(), first.values())
    assert [second.keywords[key] for key in ("$OP", "NEW", "$TIMESTEP", "$P2S", "$P3S")] == [
        "you",
        "1",
        "0.01",
        "CD3",
        "CD56",
    ]


def test_FCS_M03__writing_says_where_a_file_comes_from(tmp_path: Path) -> None:
    (tmp_path / "in.fcs").write_bytes(Build(keywords={"$P1G": "2"}).bytes())
    now = datetime(2026, 3, 17, 9, 5, 1)
    sample = read_fcs(write_fcs(tmp_path / "out.fcs", read_fcs(tmp_path / "in.fcs"), modified=now))
    stated = [sample.keywords[key] for key in ("$ORIGINALITY", "$LAST_MODIFIER", "$LAST_MODIFIED")]
    assert stated == ["DataModified", "nkflow", "17-MAR-2026 09:05:01"]
    assert sample.values()[0, 0] == 0.5


def test_write__the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    one, two = (
        write_fcs(tmp_path / name, events(), channels=NAMES).read_bytes() for name in ("a.fcs", "b.fcs")
    )
    assert one == two


def test_write__no_events_at_all(tmp_path: Path) -> None:
    sample = read_fcs(write_fcs(tmp_path / "none.fcs", np.empty((0, 3)), channels=NAMES))
    assert sample.stored().shape == (0, 3)


def test_write__an_existing_file_needs_force(tmp_path: Path) -> None:
    path = write_fcs(tmp_path / "a.fcs", events(10), channels=NAMES)
    with pytest.raises(OutputError, match="exists"):
        write_fcs(path, events(5), channels=NAMES)
    assert read_fcs(path).n_events == 10
    assert read_fcs(write_fcs(path, events(5), channels=NAMES, force=True)).n_events == 5


def test_write__a_file_over_itself(tmp_path: Path) -> None:
    path = write_fcs(tmp_path / "a.fcs", events(), channels=NAMES)
    write_fcs(path, read_fcs(path), force=True)
    np.testing.assert_array_equal(read_fcs(path).stored(), events())


@pytest.mark.parametrize(
    ("values", "options"),
    [
        (np.array([[0.5, 1, 2]]), {"data_type": "I"}),
        (np.array([[-1.0, 1, 2]]), {"data_type": "I"}),
        (np.array([[2.0**32, 1, 2]]), {"data_type": "I"}),
        (np.array([[np.nan, 1, 2]]), {"data_type": "I"}),
        (np.array([[1e300, 1, 2]]), {"data_type": "F"}),
        (np.array([[-1e300, 1, 2]]), {"data_type": "F"}),
        (np.ones((2, 3)), {"data_type": "X"}),
        (np.ones((2, 3)), {"byte_order": "middle"}),
        (np.ones((2, 3)), {"keywords": {"$TOT": "7"}}),
        (np.ones((2, 3)), {"keywords": {"$P1G": "7"}}),
        (np.ones((2, 3)), {"spillover": Spillover(("FSC-A", "APC-A"), np.eye(2) + 0.01)}),
    ],
)
def test_write__what_does_not_fit_is_refused_and_nothing_is_left(
    values: Any, options: Any, tmp_path: Path
) -> None:
    with pytest.raises(InvalidValueError):
        write_fcs(tmp_path / "a.fcs", values, channels=NAMES, **options)
    assert not list(tmp_path.iterdir())


def test_write__in_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="can't be written"):
        write_fcs(tmp_path / "no" / "a.fcs", events(10), channels=NAMES)


def test_write__a_sample_in_memory_with_time_in_seconds(tmp_path: Path) -> None:
    seconds = np.arange(100) * 0.01
    sample = Sample.from_arrays({"FSC-A": np.ones(100), "Time": seconds}, keywords={"$TIMESTEP": "0.01"})
    path = write_fcs(tmp_path / "t.fcs", sample)
    back = read_fcs(path)
    assert back.stored("Time")[:, 0].tolist() == list(range(100))
    np.testing.assert_array_equal(back.values("Time")[:, 0], seconds)
