"""FlowJo's and FACSDiva's tables of a spillover matrix, and matrices that are the inverse of one."""

from __future__ import annotations

import numpy as np
import pytest

from nkflow.compensation import Spillover
from nkflow.errors import CompensationError

MATRIX = np.array([[1.0, 0.18, 0.02], [0.01, 1.0, 0.3], [0.005, -0.001, 1.0]])
NAMES = ("FITC-A", "PE-A", "APC-A")


@pytest.mark.parametrize(
    "head",
    [
        ",Comp-FITC-A,Comp-PE-A,Comp-APC-A",
        ",FITC-A :: CD3,PE-A :: CD56,APC-A :: CD19",
        ",Comp-FITC-A :: CD3,Comp-PE-A::CD56,Comp-APC-A",
        ",<FITC-A>,<PE-A>,<APC-A>",
    ],
)
def test_from_csv_text__takes_the_detector_out_of_flowjos_names(head: str) -> None:
    rows = [
        f"{cell},{','.join(map(repr, row))}"
        for cell, row in zip(head.split(",")[1:], MATRIX.tolist(), strict=True)
    ]
    spillover = Spillover.from_csv_text("\n".join([head, *rows]))
    assert spillover.names == spillover.detectors == NAMES
    np.testing.assert_array_equal(spillover.matrix, MATRIX)


def test_to_csv__writes_divas_list_that_reads_back() -> None:
    text = Spillover(NAMES, MATRIX).to_csv("diva")
    assert text.splitlines()[0] == "Fluorochrome,-% Fluorochrome,Spectral Overlap"
    assert "PE-A,FITC-A,18.0" in text.splitlines()
    back = Spillover.from_csv_text(text)
    order = [back.names.index(name) for name in NAMES]
    np.testing.assert_allclose(back.matrix[np.ix_(order, order)], MATRIX, rtol=0, atol=1e-15)


def test_from_csv_text__refuses_a_list_with_something_else_than_percent() -> None:
    with pytest.raises(CompensationError, match="not a number"):
        Spillover.from_csv_text("Fluorochrome,-% Fluorochrome,Spectral Overlap\nPE,FITC,much\nFITC,PE,1\n")


def test_from_csv_text__refuses_the_inverse_unless_it_is_called_one() -> None:
    spillover = Spillover(NAMES, MATRIX)
    text = Spillover(NAMES, spillover.inverse).to_csv()
    with pytest.raises(CompensationError, match="inverse") as caught:
        Spillover.from_csv_text(text, source="compensation.csv")
    assert caught.value.code == "inverted"
    read = Spillover.from_csv_text(text, inverted=True)
    np.testing.assert_allclose(read.matrix, MATRIX, rtol=0, atol=1e-12)


def test_from_csv_text__refuses_a_matrix_that_can_not_be_inverted() -> None:
    with pytest.raises(CompensationError) as caught:
        Spillover.from_csv_text(",A,B\nA,1,1\nB,1,1\n")
    assert caught.value.code == "singular"
    with pytest.raises(CompensationError) as caught:
        Spillover.from_csv_text(",A,B\nA,1,1\nB,1,1.000000001\n")
    assert caught.value.code == "ill-conditioned"


def test_from_csv_text__reads_measured_matrices_with_small_negatives() -> None:
    noise = np.eye(4) - 1e-4 * (1 - np.eye(4))
    noise[0, 1] = 0.02
    assert Spillover.from_csv_text(Spillover(("A", "B", "C", "D"), noise).to_csv()).matrix[1, 0] == -1e-4
