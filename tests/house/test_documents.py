"""YAML documents: every mistake at once, with file, line and path; nothing guessed."""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field, PositiveFloat

from nkflow import documents
from nkflow.errors import DocumentError, LotError


class Circle(documents.Document):
    kind: Literal["circle"]
    radius: PositiveFloat


class Square(documents.Document):
    kind: Literal["square"]
    side: float


class Drawing(documents.Document):
    name: str
    made: dt.datetime | None = None
    shapes: tuple[Annotated[Circle | Square, Field(discriminator="kind")], ...] = ()
    copies: int = 1


GOOD = """\
name: NO
made: 2026-03-17T10:30:00Z
shapes:
  - {kind: circle, radius: 1e3}   # YAML 1.1 would read text here
  - kind: square
    side: 010
"""

BAD = """\
name: 5
shapes:
  - kind: circle
    radius: -1
  - {kind: square, side: '2'}
copies: 1.5
colour: red
"""


def test_words__stay_words_and_numbers_stay_numbers() -> None:
    drawing = documents.parse(GOOD, Drawing, name="d.yaml")
    assert drawing.name == "NO"
    assert drawing.made == dt.datetime(2026, 3, 17, 10, 30, tzinfo=dt.UTC)
    assert drawing.shapes == (Circle(kind="circle", radius=1000.0), Square(kind="square", side=10.0))


def test_mistakes__are_all_reported_at_once_with_their_lines() -> None:
    with pytest.raises(LotError) as caught:
        documents.parse(BAD, Drawing, name="d.yaml", error=LotError)
    places = {(problem.line, problem.path) for problem in caught.value.problems}
    assert places == {
        (1, "name"),
        (4, "shapes[0].radius"),
        (5, "shapes[1].side"),
        (6, "copies"),
        (7, "colour"),
    }
    assert "d.yaml:7: colour: found an unknown key" in str(caught.value)


def test_missing_field__names_the_key_to_add() -> None:
    with pytest.raises(DocumentError) as caught:
        documents.parse("copies: 2\n", Drawing, name="d.yaml")
    (problem,) = caught.value.problems
    assert (problem.path, problem.found, problem.next_step) == ("name", "nothing", "Add 'name'.")


def test_dump__reads_back_equal() -> None:
    drawing = documents.parse(GOOD, Drawing, name="d.yaml")
    text = documents.dump(drawing, comment="made by a test")
    assert text.startswith("# made by a test\n")
    assert documents.parse(text, Drawing, name="again") == drawing


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("name: a\nname: b\n", "duplicate key"),
        ("- 1\n", "a list of 1"),
        ("", "nothing"),
        ("[" * 100, "depth"),
        ("name: [1\n", "expected"),
        ("name: .nan\ncopies: .inf\n", "nan"),
    ],
)
def test_text__that_is_no_document_is_refused(text: str, found: str) -> None:
    with pytest.raises(DocumentError, match=found):
        documents.parse(text, Drawing, name="d.yaml")


def test_tags__stay_inert() -> None:
    with pytest.raises(DocumentError):
        documents.parse("name: !!python/object/apply:os.getcwd []\n", Drawing, name="d")


BOMB = "x0: &x0 [a, a, a, a, a, a, a, a, a, a]\n" + "".join(
    f"x{k}: &x{k} [{', '.join([f'*x{k - 1}'] * 10)}]\n" for k in range(1, 9)
)
CHAIN = "x0: &x0 [a]\n" + "".join(f"x{k}: &x{k} [*x{k - 1}]\n" for k in range(1, 3000))


@pytest.mark.parametrize("text", [BOMB, CHAIN])
def test_aliases__that_multiply_are_refused_before_they_are_written_out(text: str) -> None:
    start = time.process_time()
    with pytest.raises(DocumentError, match="aliases"):
        documents.parse(text, Drawing, name="d.yaml")
    assert time.process_time() - start < 5


@pytest.mark.parametrize("text", ["name: &a [*a]\n", "name: a\nshapes: &a\n  - *a\n"])
def test_aliases__of_what_they_stand_in_are_a_mistake(text: str) -> None:
    with pytest.raises(DocumentError):
        documents.parse(text, Drawing, name="d.yaml")


def test_aliases__of_a_value_are_that_value() -> None:
    text = "name: a\nshapes:\n  - &one {kind: circle, radius: 1}\n  - *one\n"
    assert documents.parse(text, Drawing, name="d.yaml").shapes == (Circle(kind="circle", radius=1.0),) * 2


def test_file__that_is_missing_large_or_binary_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="No such file"):
        documents.load(tmp_path / "absent.yaml", Drawing)
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00name")
    with pytest.raises(DocumentError, match="not UTF-8"):
        documents.load(tmp_path / "binary.yaml", Drawing)
    with (tmp_path / "large.yaml").open("wb") as file:
        file.truncate(documents.MAX_BYTES + 1)
    with pytest.raises(DocumentError, match="at most"):
        documents.load(tmp_path / "large.yaml", Drawing)


def test_schema__describes_the_model() -> None:
    schema = documents.json_schema(Drawing)
    assert schema["required"] == ["name"]
    assert schema["additionalProperties"] is False
