"""The error tree: what a message says, and which exit code a branch has."""

from __future__ import annotations

import pytest

from nkflow import errors


def _classes() -> list[type[errors.NkflowError]]:
    found, todo = [], [errors.NkflowError]
    while todo:
        cls = todo.pop()
        found.append(cls)
        todo.extend(cls.__subclasses__())
    return [cls for cls in found if cls.__module__ == "nkflow.errors"]


def test_tree__is_the_one_drawn_in_the_docstring() -> None:
    drawn = errors.__doc__ or ""
    for cls in _classes():
        assert cls.__name__ in drawn
        assert cls.__name__ in errors.__all__


@pytest.mark.parametrize("cls", _classes())
def test_error__says_where_found_expected_and_next_step(cls: type[errors.NkflowError]) -> None:
    if issubclass(cls, errors.DocumentError):
        problem = errors.Problem("lot.yaml", 7, "recipient.mass_kg", "0", "more than 0", "Weigh again.")
        error: errors.NkflowError = cls("lot.yaml has 1 mistake", [problem])
        assert "lot.yaml:7: recipient.mass_kg: found 0; expected more than 0. Weigh again." in str(error)
    else:
        error = cls("it broke", where="$TOT", found="x", expected="a number", next_step="Ask again.")
        assert str(error) == "$TOT: it broke; found x; expected a number. Ask again."
    assert error.as_dict()["code"] == cls.default_code
    assert cls.exit_code in {1, 2, 3, 4, 6}


def test_codes__differ_between_branches() -> None:
    codes = {cls.default_code for cls in _classes()}
    assert len(codes) == len(_classes())
