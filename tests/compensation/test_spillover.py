"""`Spillover` against the vectors of the standard and against solving the equations directly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nkflow.compensation import Spillover
from nkflow.errors import CompensationError

VECTOR = np.array([[1.0, 0.12], [0.26, 1.0]])


def random_spillover(rng: np.random.Generator, n: int) -> Spillover:
    matrix = rng.uniform(0.0, 0.3, (n, n))
    np.fill_diagonal(matrix, 1.0)
    return Spillover(tuple(f"D{i}-A" for i in range(n)), matrix)


def test_apply__gives_the_vector_of_the_standard() -> None:
    # STANDARDS CO-01; the transposed mistake gives (3.7894, 0.5047)
    result = Spillover(("A", "B"), VECTOR).apply(np.array([[3.85, 1.49]]))
    assert result == pytest.approx(np.array([[3.5741123, 1.06110652]]), abs=5e-9)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 28))
def test_apply__undoes_the_spill_of_random_asymmetric_matrices(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    spillover = random_spillover(rng, n)
    true = rng.normal(0.0, 1e4, (50, n))
    allowed = 1e-12 * spillover.condition * np.abs(true).max()
    np.testing.assert_allclose(spillover.apply(true @ spillover.matrix), true, rtol=0.0, atol=allowed)


def test_apply__keeps_negative_values() -> None:
    assert Spillover(("A", "B"), VECTOR).apply(np.array([[0.0, 10.0]]))[0, 0] < 0.0


def test_apply__makes_an_event_with_nan_nan_and_no_other() -> None:
    result = Spillover(("A", "B"), VECTOR).apply(np.array([[np.nan, 1.0], [1.0, 1.0]]))
    assert np.isnan(result[0]).all()
    assert np.isfinite(result[1]).all()


def test_apply__takes_no_events() -> None:
    assert Spillover(("A", "B"), VECTOR).apply(np.empty((0, 2))).shape == (0, 2)


@pytest.mark.parametrize("shape", [(3, 3), (2,)])
def test_apply__refuses_other_columns(shape: tuple[int, ...]) -> None:
    with pytest.raises(CompensationError, match="do not fit") as caught:
        Spillover(("A", "B"), VECTOR).apply(np.zeros(shape))
    assert caught.value.code == "shape"


def test_apply__reproduces_the_reference_file(reference) -> None:
    folder = reference / "compensation" / "flowkit_apply"
    spillover = Spillover.from_csv(folder / "comp_complete_example.csv")
    events = np.fromfile(folder / "test_comp_example.npy").reshape(10703, 18)[:, -len(spillover.names) :]
    expected = np.linalg.solve(spillover.matrix.T, events.T).T
    np.testing.assert_allclose(spillover.apply(events), expected, rtol=1e-10, atol=1e-8)


def test_inverse__agrees_with_lapack_and_is_read_only() -> None:
    spillover = random_spillover(np.random.default_rng(7), 20)
    np.testing.assert_allclose(spillover.inverse, np.linalg.inv(spillover.matrix), rtol=0, atol=1e-13)
    with pytest.raises(ValueError, match="read-only"):
        spillover.inverse[0, 0] = 2.0


def test_inverse__needs_pivoting_where_the_diagonal_is_zero() -> None:
    swapped = Spillover(("A", "B"), np.array([[0.0, 1.0], [1.0, 0.5]]))
    np.testing.assert_array_equal(swapped.inverse, [[-0.5, 1.0], [1.0, 0.0]])


@pytest.mark.parametrize(
    ("matrix", "code"),
    [([[1.0, 0.5], [1.0, 0.5]], "singular"), ([[1.0, 0.5], [1.0, 0.5 + 1e-9]], "ill-conditioned")],
)
def test_inverse__refuses_dyes_that_cant_be_told_apart(matrix: list[list[float]], code: str) -> None:
    with pytest.raises(CompensationError) as caught:
        _ = Spillover(("A", "B"), np.array(matrix)).inverse
    assert caught.value.code == code


def test_inverse__unmixes_by_least_squares_where_there_are_more_detectors() -> None:
    # STANDARDS CO-11, OLS
    mixing = Spillover(("X", "Y"), np.array([[1.0, 0.5, 0.1], [0.2, 1.0, 0.6]]), ("D1", "D2", "D3"))
    observed = np.array([[100.0, 120.0, 60.0], [10.0, 200.0, 150.0], [200.0, 50.0, 5.0]])
    expected = [[83.14227916, 80.5799056], [-39.54821308, 230.04045853], [206.52393796, -45.68442347]]
    np.testing.assert_allclose(mixing.apply(observed), expected, rtol=0, atol=5e-9)


@pytest.mark.parametrize(
    ("names", "matrix", "detectors", "code"),
    [
        (("A", "B"), [[1.0, 0.0]], (), "shape"),
        ((), np.empty((0, 0)), (), "shape"),
        (("A", "B"), [[1.0], [0.0]], ("D",), "shape"),
        (("A", "A"), np.eye(2), (), "names"),
        (("A", ""), np.eye(2), (), "names"),
        (("A", "B"), np.eye(2), ("D", "D"), "names"),
        (("A", "B"), [[1.0, np.nan], [0.0, 1.0]], (), "non-finite"),
        (("A", "B"), [[1.0, np.inf], [0.0, 1.0]], (), "non-finite"),
        (("A", "B"), [[1.0, 0.0], [0.0, 0.0]], (), "empty-row"),
    ],
)
def test_spillover__refuses_what_is_no_matrix(names, matrix, detectors, code) -> None:
    with pytest.raises(CompensationError) as caught:
        Spillover(names, np.array(matrix), detectors)
    assert caught.value.code == code


def test_spillover__owns_a_read_only_copy() -> None:
    given_matrix = VECTOR.copy()
    spillover = Spillover(("A", "B"), given_matrix)
    given_matrix[0, 1] = 9.0
    assert spillover.matrix[0, 1] == 0.12
    with pytest.raises(ValueError, match="read-only"):
        spillover.matrix[0, 1] = 9.0


def test_identity__is_recognised_within_what_instruments_write() -> None:
    off = np.eye(3)
    off[0, 1] = 1e-6
    assert Spillover.identity(("A", "B", "C")).is_identity
    assert Spillover(("A", "B", "C"), off).is_identity
    off[0, 1] = 2e-5
    assert not Spillover(("A", "B", "C"), off).is_identity


def test_sha256__knows_names_and_every_bit_but_not_the_source() -> None:
    one = Spillover(("A", "B"), VECTOR, source="here")
    nudged = VECTOR.copy()
    nudged[0, 1] = np.nextafter(0.12, 1.0)
    assert one.sha256 == Spillover(("A", "B"), VECTOR, source="there").sha256
    assert one.sha256 != Spillover(("A", "C"), VECTOR).sha256
    assert one.sha256 != Spillover(("A", "B"), nudged).sha256


def test_doubts__name_conditioning_diagonal_and_inverted_matrices() -> None:
    def codes(matrix: list[list[float]]) -> set[str]:
        names = tuple("ABCD"[: len(matrix)])
        return {doubt.code for doubt in Spillover(names, np.array(matrix)).doubts}

    assert codes([[1.0, 0.12], [0.26, 1.0]]) == set()
    assert codes([[1.0, 0.9995], [1.0, 1.0]]) == {"ill-conditioned"}
    assert codes([[1.0, 0.1], [0.1, 0.8]]) == {"diagonal"}
    inverted = np.linalg.inv([[1.0, 0.2, 0.1], [0.1, 1.0, 0.1], [0.05, 0.1, 1.0]])
    np.fill_diagonal(inverted, 1.0)
    assert codes(inverted.tolist()) == {"inverted"}


def test_weights__hold_only_the_wanted_dyes_in_the_asked_order() -> None:
    spillover = random_spillover(np.random.default_rng(3), 4)
    weights = spillover.weights(["D3-A", "D1-A"])
    np.testing.assert_array_equal(weights, spillover.inverse.T[[3, 1]])
    with pytest.raises(CompensationError, match="D9-A") as caught:
        spillover.weights(["D9-A"])
    assert caught.value.code == "unknown-dye"
