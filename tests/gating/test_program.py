"""The kernel that runs a whole program over a block, against its slow twin that reads the rows aloud."""

from __future__ import annotations

import numpy as np
import pytest

from naive import logic as naive_logic
from naive import program as naive_program
from nkflow.compensation import Spillover
from nkflow.fcs.sample import Sample
from nkflow.gating import (
    Boolean,
    Dimension,
    Ellipsoid,
    Not,
    Polygon,
    Population,
    Quadrant,
    Range,
    Rectangle,
    Template,
    gate,
)
from nkflow.gating.bind import bind
from nkflow.gating.compile import compile_program
from nkflow.kernels import logic
from nkflow.kernels import program as op
from nkflow.scales import Arcsinh, Biex, Linear, Logicle

CORNERS = [(0.0, 0.0), (8.0, 0.0), (9.0, 9.0), (1.0, 7.0)]
OPERATIONS = {
    op.RECALL, op.RANGE, op.RECTANGLE, op.COMBINE, op.EXCLUDE, op.SELECT, op.SHOW,
    op.POLYGON, op.ELLIPSOID, op.EVEN_BINS, op.FIND_BINS, op.LINE, op.PLANE,
    op.COMPENSATE, op.NEAR,
}  # fmt: skip


def _template() -> Template:
    """Every kind of step at least once."""
    outcomes = {"-+": "a", "+*": "b"}
    return Template.of(
        Polygon("A", "B", CORNERS, name="linear"),
        Polygon("C", "D", CORNERS, name="curved", parent="linear"),
        Range("D", low=1.0, name="range", parent="linear"),
        Rectangle(tuple((Dimension(c), 0.0, 7.0) for c in "ABC"), name="box", parent="range"),
        Quadrant("C", 2.0, "D", 3.0, names=outcomes, parent="range"),
        Ellipsoid(["B", "C"], (3.0, 3.0), [(8.0, 3.0), (3.0, 8.0)], name="round", parent="box"),
        Boolean("or", ["a", Not("round")], name="either", parent="linear"),
        Boolean("and", ["range", Not("box")], name="both", parent="linear"),
        Population(Range("A", high=6.0), "rest", "root", ("range",)),
        scales={"A": Linear(10.0), "B": Linear(16.0), "C": Logicle(10.0, 0.5, 3.0), "D": Biex(max_range=10.0)}
        | {"E": Arcsinh(10.0, 2.0, 1.0)},
        compensation="file",
    )


def _sample(n: int) -> Sample:
    rng = np.random.default_rng(n)
    values = {name: rng.choice([0.0, 1.0, 2.0, 3.0, 7.0, 8.5, -1.0, 20.0], n) for name in "ABCDE"}
    values["A"][3] = np.nan
    return Sample.from_arrays(values, spillover=Spillover(("B", "C"), [[1, 0.5], [0.25, 1]]))


@pytest.mark.parametrize("kept", [False, True])
def test_run_block__equals_its_twin(kept: bool) -> None:
    n, template = 150, _template()
    sample = _sample(n)
    earlier = gate(sample, template, threads=1)
    recalled = {0: 0, 2: 2} if kept else {}
    program = compile_program(bind(sample, template), recalled=recalled)
    seen = {int(row[0]) for row in program.constants.steps}
    assert seen | {op.RECALL} == OPERATIONS
    assert (op.RECALL in seen) == kept
    columns, results = program.columns, []
    for module in (op, naive_program):
        block, out = program.block(), np.zeros((n, 1), dtype=np.uint64)
        block.begin(n)
        with sample.open() as reader:
            reader.read(0, n, columns.decode, block.columns)
        shape = len(columns.decode), columns.first_ratio, len(columns.labels)
        words = earlier.membership()
        found = module.run_block(program.constants, block.memory, words, *shape, 1e250, out)
        assert found == (0, False)  # there is a NaN
        drawn = [h[:-1].copy() for h in block.histograms]
        results.append((out, block.memory.masks, block.counts, block.memory.bins[:, :n], *drawn))
    for fast, slow in zip(*results, strict=True):
        np.testing.assert_array_equal(fast, slow)
    np.testing.assert_array_equal(results[0][0], earlier.membership())


@pytest.mark.parametrize("any_of", [True, False])
@pytest.mark.parametrize("parent", [0, -1])
def test_logic__equals_its_twin(any_of: bool, parent: int) -> None:
    masks = np.random.default_rng(6).random((5, 64)) < 0.6
    operands, others = np.array([1, 0, 2, 1, 3, 0]), np.array([1, 3])
    out, expected = np.zeros(64, bool), np.ones(64, bool)
    logic.combine(masks, parent, any_of, operands, out)
    naive_logic.combine(masks, parent, any_of, operands, expected)
    np.testing.assert_array_equal(out, expected)
    logic.exclude(masks, others, out)
    naive_logic.exclude(masks, others, expected)
    np.testing.assert_array_equal(out, expected)
