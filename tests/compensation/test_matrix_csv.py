"""Matrices as CSV: what R, FlowJo and spreadsheets write, and what must not be guessed."""

from __future__ import annotations

import numpy as np
import pytest

from nkflow.compensation import Spillover
from nkflow.errors import CompensationError


@pytest.mark.parametrize(
    "text",
    [
        "A,B\n1,0.12\n0.26,1\n",
        '"","A","B"\n"A",1,0.12\n"B",0.26,1\n',
        "A;B\r\n1;0.12\r\n0.26;1\r\n\r\n",
        "A\tB\nA\t1\t0.12\nB\t0.26\t1\n",
        ",A,B\nB,0.26,1\nA,1,0.12\n",
        ",A,B\nFITC,1,0.12\nPE,0.26,1\n",
    ],
)
def test_from_csv_text__reads_the_usual_layouts(text: str) -> None:
    spillover = Spillover.from_csv_text(text)
    assert spillover.names == spillover.detectors == ("A", "B")
    np.testing.assert_array_equal(spillover.matrix, [[1.0, 0.12], [0.26, 1.0]])


def test_from_csv_text__keeps_dye_names_of_a_matrix_with_more_detectors() -> None:
    spillover = Spillover.from_csv_text(",D1,D2,D3\nX,1,0.5,0.1\nY,0.2,1,0.6\n")
    assert spillover.names == ("X", "Y")
    assert spillover.detectors == ("D1", "D2", "D3")


def test_to_csv__round_trips_bit_for_bit() -> None:
    rng = np.random.default_rng(5)
    matrix = np.eye(3) + rng.uniform(0, 0.1, (3, 3))
    spillover = Spillover(("A, odd", 'B "q"', "C"), matrix)
    back = Spillover.from_csv_text(spillover.to_csv())
    assert back.names == spillover.names
    np.testing.assert_array_equal(back.matrix, spillover.matrix)
    assert back.sha256 == spillover.sha256


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A,B\n",
        "1,0.1\n0.1,1\n",
        "A,B\n1,0.12\n0.26\n",
        "A,B\n1,x\n0.26,1\n",
        "A;B\n1;0,12\n0,26;1\n",
        "A,B\n100,12\n26,100\n",
        "A,B,C\n1,0,0\n0,1,0\n",
        "A,B\n1,nan\n0,1\n",
    ],
)
def test_from_csv_text__refuses_what_it_would_have_to_guess(text: str) -> None:
    with pytest.raises(CompensationError):
        Spillover.from_csv_text(text, source="matrix.csv")


def test_from_csv__names_the_file_that_is_missing_or_not_text(tmp_path) -> None:
    with pytest.raises(CompensationError, match=r"none\.csv"):
        Spillover.from_csv(tmp_path / "none.csv")
    (tmp_path / "odd.csv").write_bytes(b"A,B\n\xff,1\n")
    with pytest.raises(CompensationError, match=r"odd\.csv"):
        Spillover.from_csv(tmp_path / "odd.csv")
    (tmp_path / "big.csv").write_bytes(b"0" * (4 * 1024 * 1024 + 1))
    with pytest.raises(CompensationError, match="too large"):
        Spillover.from_csv(tmp_path / "big.csv")


@pytest.mark.parametrize(
    "name",
    [
        "spillover_reference.csv",
        "CytoExploreR_Reference-Internal-Spillover-Matrix.csv",
        "CytoExploreR_Reference-Universal-Spillover-Matrix.csv",
    ],
)
def test_from_csv__reads_the_matrices_of_cytoexplorer(reference, name: str) -> None:
    spillover = Spillover.from_csv(reference / "compensation" / "cytoexplorer" / name)
    assert len(spillover.names) == 11
    assert spillover.names[:2] == ("Alexa Fluor 488-A", "PE-A")
    np.testing.assert_array_equal(np.diag(spillover.matrix), np.ones(11))
    assert spillover.source == name
