"""Events at the upper end of a range: counted by default, removed where a template says so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from acquisition.acquisition_runs import a_run, at_rates, sample_of
from nkflow.acquisition import AcquisitionChecks, check_acquisition
from nkflow.acquisition.margin import limit_of
from nkflow.fcs.channels import Channel
from nkflow.fcs.sample import Sample

SECONDS = at_rates([(60.0, 300.0)], seed=1)
SIGNALS = a_run(SECONDS, seed=1)


def _with(column: int, values: np.ndarray, *, range_: float | None = None) -> Sample:
    signals = SIGNALS.copy()
    signals[:, column] = values
    sample = sample_of(signals, SECONDS)
    channels = tuple(
        replace(channel, range=range_ if channel.index == column else None) for channel in sample.channels
    )
    return replace(sample, channels=channels)


def test_range_of_floats__is_reached_at_pnr() -> None:
    values = np.minimum(SIGNALS[:, 0], 90_000.0)
    quality = check_acquisition(_with(0, values, range_=90_000.0))
    assert [(margin.channel, margin.piled) for margin in quality.margins] == [("FSC-A", False)]
    np.testing.assert_array_equal(quality.at_margin, values >= 90_000.0)


def test_pile_up__below_the_range_is_found() -> None:
    values = np.minimum(SIGNALS[:, 0], 95_000.0)
    quality = check_acquisition(_with(0, values, range_=262_144))
    (margin,) = quality.margins
    assert margin.piled
    assert margin.limit == 95_000.0
    assert margin.events == np.count_nonzero(values == 95_000.0)


def test_highest_event__is_no_margin() -> None:
    quality = check_acquisition(_with(0, SIGNALS[:, 0], range_=262_144))
    assert not quality.at_margin.any()
    assert quality.margins == ()


def test_dense_integers__are_no_pile_up() -> None:
    values = np.random.default_rng(2).poisson(3.0, len(SECONDS)).clip(0, 7).astype(float)
    assert check_acquisition(_with(2, values, range_=1024)).margins == ()


def test_constant_channel__is_no_margin() -> None:
    assert check_acquisition(_with(2, np.full(len(SECONDS), 5.0), range_=1)).margins == ()


def test_negative_cells_on_the_axis__stay() -> None:
    values = np.maximum(SIGNALS[:, 2], 0.0)
    quality = check_acquisition(_with(2, values, range_=262_144), AcquisitionChecks(margin="remove"))
    assert quality.mask.all()


def test_margins__are_kept_unless_the_template_removes_them() -> None:
    values = np.minimum(SIGNALS[:, 0], 95_000.0)
    kept = check_acquisition(_with(0, values, range_=262_144))
    assert kept.mask.all()
    assert kept.findings[0].code == "events-at-margin"
    cut = check_acquisition(_with(0, values, range_=262_144), AcquisitionChecks(margin="remove"))
    np.testing.assert_array_equal(cut.mask, values < 95_000.0)
    (segment,) = cut.segments
    assert (segment.reason, segment.channels, segment.duration) == ("margin", ("FSC-A",), 0.0)
    assert segment.events == cut.removed_events
    assert cut.kept_time == 1.0
    assert cut.steady_flow


@pytest.mark.parametrize(
    ("channel", "limit"),
    [
        (Channel(0, "FL1", data_type="I", range=1024), 1022.5),
        (Channel(0, "FL1", data_type="I", range=1024, gain=4.0), 255.625),
        (Channel(0, "FL1", data_type="I", range=1024, log=(4.0, 1.0)), 10 ** (4 * 1022.5 / 1024)),
        (Channel(0, "FL1", data_type="F", range=262_144), 262_144.0),
        (Channel(0, "FL1", data_type="F", range=262_144, gain=2.0), 131_072.0),
        (Channel(0, "FL1", data_type="F", range=None), np.inf),
        (Channel(0, "FL1", data_type="F", range=0), np.inf),
    ],
)
def test_limit__is_in_data_units(channel: Channel, limit: float) -> None:
    assert limit_of(channel) == pytest.approx(limit, rel=1e-12)
