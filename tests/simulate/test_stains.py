"""Simulated compensation controls: what is in them, and that a lot with them is the same lot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import nkflow as nk
from nkflow.errors import InvalidValueError
from nkflow.simulate.spectra import degraded, true_spillover, wrong
from nkflow.simulate.stains import StainFault, simulate_controls


def test_single_stain__carries_one_dye() -> None:
    made = simulate_controls(1, events=6000)
    assert set(made.controls) == set(made.spillover.names)
    plain = made.spillover.apply(made.controls["PE-A"].values(list(made.spillover.names)))
    tops = np.quantile(plain, 0.999, axis=0)
    assert tops.argmax() == made.spillover.names.index("PE-A")
    assert np.sort(tops)[-2] < 0.1 * tops.max()


def test_beads__are_half_without_dye_and_killed_cells_are_nearly_all_dead() -> None:
    made = simulate_controls(2, "beads", events=6000)
    pe = made.controls["PE-A"].values(["PE-A"])[:, 0]
    assert np.mean(pe > 10_000) == pytest.approx(0.5, abs=0.03)
    killed = made.controls["PerCP-Cy5-5-A"].values(["PerCP-Cy5-5-A"])[:, 0]
    assert np.mean(killed > 5000) > 0.9
    dark = made.negatives[1].values(["PerCP-Cy5-5-A"])[:, 0]
    assert np.quantile(dark, 0.99) < 1000


def test_same_seed__same_bytes() -> None:
    one, two = (simulate_controls(3, events=2000).controls["APC-A"].stored() for _ in range(2))
    assert np.array_equal(one, two)
    other = simulate_controls(4, events=2000).controls["APC-A"].stored()
    assert one.shape != other.shape or not np.array_equal(one, other)


def test_degraded__moves_light_to_the_donor_and_keeps_a_unit_diagonal() -> None:
    truth = true_spillover()
    broken = degraded(truth, "APC-Cy7-A", "APC-A", 0.1)
    assert np.allclose(np.diag(broken.matrix), 1)
    assert broken.matrix[7, 6] == pytest.approx((0.9 * 0.032 + 0.1) / (0.9 + 0.1 * 0.135))
    assert np.array_equal(broken.matrix[:7], truth.matrix[:7])
    off = wrong(truth, "PE-A", "APC-A", 0.02).matrix - truth.matrix
    assert off[3, 6] == pytest.approx(0.02)
    assert np.count_nonzero(off) == 1


@pytest.mark.parametrize("arguments", [{"seed": -1}, {"seed": 1, "faults": [StainFault("dim", "CD99")]}])
def test_arguments_that_mean_nothing__are_refused(arguments: dict) -> None:
    with pytest.raises(InvalidValueError):
        simulate_controls(**arguments)


def test_lot_with_single_stains__is_the_same_lot(tmp_path: Path) -> None:
    plain = nk.simulate_lot(5, events=3000)
    more = nk.simulate_lot(5, events=3000, single_stains="beads")
    assert len(more.controls) == len(plain.controls) + 10
    assert [tube.role for tube in more.controls[-10:]] == ["single-stain"] * 8 + ["unstained"] * 2
    assert more.controls[len(plain.controls)].marker == "CD3"
    one, two = plain.write(tmp_path / "plain"), more.write(tmp_path / "more")
    files = {path.name for path in one.iterdir()}
    assert {path.name for path in two.iterdir()} == files | {"compensation"}
    assert all((one / name).read_bytes() == (two / name).read_bytes() for name in files)
    assert len(list((two / "compensation").glob("*.fcs"))) == 10
    assert nk.Spillover.from_csv(two / "compensation" / "true_spillover.csv").agrees_with(more.spillover)
