"""The spillover spreading matrix (STANDARDS CO-24)."""

from __future__ import annotations

import math

import numpy as np
import pytest

import nkflow as nk
from nkflow.controls.spreading import spread
from nkflow.simulate.stains import simulate_controls


def test_spread__gives_the_published_vector() -> None:
    assert spread(150, 40, 20_000, 200) == pytest.approx(1.0274023338, abs=1e-10)
    assert spread(30, 40, 20_000, 200) == 0.0
    assert math.isnan(spread(150, 40, 200, 200))


def test_simulated_controls__spread_as_photon_noise_says() -> None:
    """Noise of variance p * light in a neighbour: CD3 gives V500 a spread of about sqrt(18 * 0.185)."""
    made = simulate_controls(3, "beads", events=12_000)
    found = nk.spreading(made.spillover, made.controls, unstained=made.negatives)
    assert found.names == made.spillover.names
    assert np.isnan(np.diag(found.matrix)).all()
    into = found.matrix[0, 1]
    assert into == pytest.approx(math.sqrt(18 * 0.185), rel=0.15)
    assert np.nanmax(found.matrix[0, 2:]) < 0.5 * into
    assert found.svg().count("<rect") == 56 + 1  # a cell for each pair, on one grey ground


def test_detector_without_control__has_no_row() -> None:
    made = simulate_controls(3, "beads", events=6000)
    found = nk.spreading(made.spillover, {"PE-A": made.controls["PE-A"]})
    assert np.isnan(found.matrix[[0, 1, 2, 4, 5, 6, 7]]).all()
    assert np.isfinite(np.delete(found.matrix[3], 3)).all()


def test_values_below_zero__count_like_any_other() -> None:
    # STANDARDS CO-25: clipped at zero or put on a scale, the widths would be other ones
    made = simulate_controls(3, "beads", events=6000)

    def lower(sample: nk.Sample) -> nk.Sample:
        values = np.array(sample.values())
        values[:, [sample.index(name) for name in made.spillover.detectors]] -= 50_000.0
        return nk.Sample.from_arrays(
            values, sample.channels, keywords=dict(sample.keywords), name=sample.name
        )

    unstained = [lower(sample) for sample in made.negatives]
    controls = {name: lower(made.controls[name]) for name in ("PE-A", "V450-A")}
    expected = nk.spreading(made.spillover, {n: made.controls[n] for n in controls}, unstained=made.negatives)
    found = nk.spreading(made.spillover, controls, unstained=unstained)
    np.testing.assert_allclose(found.matrix, expected.matrix, rtol=1e-3, atol=1e-3)
    assert np.nanmax(found.matrix) > 1
