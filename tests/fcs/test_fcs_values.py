from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fcs.fcs_builder import INTEGERS, Build
from nkflow.fcs import Sample, read_fcs
from nkflow.gating import Range, Template, gate

Open = Callable[..., Sample]


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    def open_(build: Build, **options: Any) -> Sample:
        path = tmp_path / "values.fcs"
        path.write_bytes(build.bytes())
        return read_fcs(path, **options)

    return open_


def codes(sample: Sample) -> set[str]:
    return {finding.code for finding in sample.findings}


LOG = INTEGERS.bend(ranges=(1024, 1024, 1024), events=((0, 256, 512), (1023, 1, 7)))


def test_FCS_V01__a_logarithm_divides_by_the_range(opened: Open) -> None:
    sample = opened(LOG.bend(keywords={f"$P{n}E": "4,1" for n in (1, 2, 3)}))
    expected = 10.0 ** (4 * np.array(LOG.events) / 1024)
    np.testing.assert_allclose(sample.values(), expected, rtol=1e-15)
    np.testing.assert_allclose(sample.values()[0], [1, 10, 100], rtol=1e-15)
    assert sample.values()[1, 0] == pytest.approx(
        9910.45856, abs=5e-6
    )  # STANDARDS.md §1.5; R - 1 would give 10000
    np.testing.assert_array_equal(sample.stored(), LOG.events)


def test_FCS_V01__decades_and_offset_as_written_by_old_cytometers(opened: Open) -> None:
    sample = opened(LOG.bend(keywords={"$P1E": " 3.84, 0.2"}))
    np.testing.assert_allclose(
        sample.values()[:, 0], 0.2 * 10 ** (3.84 * np.array([0, 1023]) / 1024), rtol=1e-15
    )
    assert sample.channels[0].log == (3.84, 0.2)


def test_FCS_V02__an_offset_of_zero_is_one(opened: Open) -> None:
    sample = opened(LOG.bend(keywords={"$P1E": "4,0", "$P2E": "4.0,0.00"}))
    assert sample.channels[0].log == sample.channels[1].log == (4.0, 1.0)
    assert sample.values()[0].tolist() == pytest.approx([1, 10, 512])
    assert "log-offset-zero" in codes(sample)


@pytest.mark.parametrize("text", ["junk", "4", "4,1,2", "4;1", "-4,1", "0,1"])
def test_FCS_V02__what_is_no_logarithm_is_linear(text: str, opened: Open) -> None:
    sample = opened(LOG.bend(keywords={"$P1E": text}))
    assert sample.values()[:, 0].tolist() == [0, 1023]
    assert ("log-unreadable" in codes(sample)) == (text not in ("-4,1", "0,1"))


def test_FCS_V03__floats_are_never_logarithmic(opened: Open) -> None:
    sample = opened(Build(keywords={"$P1E": "4,1"}))
    np.testing.assert_array_equal(sample.values(), sample.stored())
    assert "log-on-float" in codes(sample)


def test_FCS_V04__the_range_is_the_declared_one_not_the_mask(opened: Open) -> None:
    sample = opened(LOG.bend(ranges=(1000, 1024, 1024), events=((500, 1, 1),), keywords={"$P1E": "4,1"}))
    assert sample.values()[0, 0] == pytest.approx(10 ** (4 * 500 / 1000))


def test_FCS_V04__a_logarithm_without_a_range_is_an_error_finding(opened: Open) -> None:
    sample = opened(LOG.bend(ranges=("junk", 1024, 1024), keywords={"$P1E": "4,1"}))
    assert sample.values()[1, 0] == 1023
    assert [f.severity for f in sample.findings if f.code == "log-without-range"] == ["error"]


def test_FCS_V05__gain_divides_linear_channels_and_never_time(opened: Open) -> None:
    build = Build(names=("FSC-A", "FITC-A", "Time"), keywords={"$P1G": "2.5", "$P2G": "0", "$P3G": "100"})
    sample = opened(build)
    np.testing.assert_array_equal(sample.values(), np.array(build.events) / [2.5, 1, 1])
    assert [channel.gain for channel in sample.channels] == [2.5, 1.0, 1.0]
    assert "gain-unreadable" in codes(sample)


def test_FCS_V05__gain_is_not_applied_beside_a_logarithm(opened: Open) -> None:
    sample = opened(LOG.bend(keywords={"$P2E": "4,1", "$P2G": "2"}))
    assert sample.values()[0, 1] == pytest.approx(10)


def test_FCS_V06__gain_is_an_option(opened: Open) -> None:
    floats = Build(keywords={"$P1G": "2"})
    assert opened(floats).values()[3, 0] == 500
    assert opened(floats, apply_gain=False).values()[3, 0] == 1000
    assert opened(floats, apply_gain="int-only").values()[3, 0] == 1000
    integers = INTEGERS.bend(keywords={"$P1G": "2"})
    assert opened(integers, apply_gain="int-only").values()[3, 0] == 500


@pytest.mark.parametrize("name", ["Time", "TIME", "time", "HDR-T", "T1"])
def test_FCS_V07__time_is_in_seconds_where_the_step_is_stated(name: str, opened: Open) -> None:
    build = Build(names=("FSC-A", "FITC-A", name), keywords={"$TIMESTEP": "0.01", "$P3G": "12.5"})
    sample = opened(build)
    assert (sample.time_step, sample.time_is_seconds, sample.channels[2].kind) == (0.01, True, "time")
    np.testing.assert_array_equal(sample.values(name)[:, 0], np.array([3, 30, 300, 3000]) * 0.01)
    np.testing.assert_array_equal(sample.stored(name)[:, 0], [3, 30, 300, 3000])


@pytest.mark.parametrize("step", [None, "  ", "xxx", "0", "-1"])
def test_FCS_V07__time_is_in_ticks_without_a_step(step: str | None, opened: Open) -> None:
    sample = opened(Build(names=("Time", "FITC-A", "PE-A"), keywords={"$TIMESTEP": step, "TIMETICKS": "100"}))
    assert (sample.time_step, sample.time_is_seconds) == (None, False)
    assert sample.values("Time")[:, 0].tolist() == [1, 10, 100, 1000]


def test_FCS_V07__the_type_of_fcs_32_names_time(opened: Open) -> None:
    build = Build(
        version="FCS3.2",
        names=("Ticks", "A", "B"),
        keywords={"$P1TYPE": "Time", "$TIMESTEP": "2", "$CYT": "x"},
    )
    assert opened(build).values("Ticks")[:, 0].tolist() == [2, 20, 200, 2000]


def test_FCS_V08__display_hints_change_nothing(opened: Open) -> None:
    sample = opened(Build(keywords={"$P1D": "Logarithmic,4,0.1", "$P2D": "Linear,0,1024"}))
    np.testing.assert_array_equal(sample.values(), sample.stored())


def test_FCS_V09__calibration_is_never_applied(opened: Open) -> None:
    sample = opened(Build(keywords={"$P1CALIBRATION": "1.234,MESF", "$P2CALIBRATION": "2,0.5,ABC"}))
    np.testing.assert_array_equal(sample.values(), sample.stored())
    assert sample.keywords["$P1CALIBRATION"] == "1.234,MESF"


def test_values__of_a_real_file_are_those_of_its_decoded_copy(reference: Path) -> None:
    """`$PnE` 4,0 on four channels of data1.fcs; time in ticks (TIMETICKS is never multiplied)."""
    sample = read_fcs(reference / "transforms" / "data1.fcs")
    np.testing.assert_array_equal(
        sample.stored(), np.load(reference / "transforms" / "data1_original_events.npy")
    )
    expected = np.load(reference / "transforms" / "data1_preprocessed.npy")
    np.testing.assert_allclose(sample.values(), expected, rtol=1e-12)


def test_CO_03__compensation_begins_at_decoded_values(tmp_path: Path) -> None:
    """Logarithmic integers are decoded, then compensated: on stored values the matrix would mean nothing."""
    build = INTEGERS.bend(
        events=((0, 512, 256), (5, 1023, 768), (9, 100, 0)),
        ranges=(1024,) * 3,
        keywords={"$P2E": "4,1", "$P3E": "4,0", "SPILL": "2,PE-A,FITC-A,1,0.12,0.26,1"},
    )
    path = tmp_path / "log.fcs"
    path.write_bytes(build.bytes())
    stored = np.array([[256, 512], [768, 1023], [0, 100]])
    decoded = 10.0 ** (4 * stored / 1024)  # PE-A, FITC-A, in the order of the matrix
    expected = decoded @ np.linalg.inv([[1, 0.12], [0.26, 1]])
    template = Template.of(Range("PE-A", low=-1e6, name="all"), compensation="file")
    gating = gate(read_fcs(path), template)
    for channel, column in zip(("PE-A", "FITC-A"), expected.T, strict=True):
        np.testing.assert_allclose(np.ravel(gating.values("all", channel)), column, rtol=1e-12)
    assert np.ravel(gating.values("all", "FSC-A")).tolist() == [0, 5, 9]  # CO-02: what it does not list stays
