"""YAML <-> pydantic models; every mistake of a document at once, as file:line:path, found, expected.

A document is YAML 1.2 (so ``NO`` and ``on`` stay words, and a duplicate key is an error) or JSON, which is
YAML. It is validated *as JSON*, strictly: ``"5"`` is not a number and ``1`` is not a truth value, while lists
may stand for tuples and text for dates.
"""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from nkflow.errors import DocumentError, Problem

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_VALUES",
    "Document",
    "dump",
    "json_schema",
    "load",
    "parse",
    "problem_at",
    "read_text",
    "shipped",
    "tree",
    "validate",
]

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 40
MAX_VALUES = 2_000_000

M = TypeVar("M", bound=BaseModel)


class Document(BaseModel):
    """A frozen model whose unknown keys are mistakes and whose numbers are finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy with some fields changed; what was computed of the old ones does not come along."""
        copied = super().model_copy(update=update, deep=deep)
        for name in set(vars(copied)) - set(type(copied).model_fields):
            del vars(copied)[name]
        return copied


def read_text(path: str | Path, *, error: type[DocumentError] = DocumentError) -> str:
    """Return the text of the document at `path` (UTF-8, at most `MAX_BYTES`).

    Raises
    ------
    DocumentError
        (or the given subclass) where the file is missing, too large or not UTF-8.
    """
    path = Path(path)
    name = str(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise error(
                f"{name} can't be read",
                [Problem(name, None, "", f"{path.stat().st_size} bytes", f"at most {MAX_BYTES}")],
            )
        return path.read_bytes().decode("utf-8-sig")
    except OSError as problem:
        found = problem.strerror or type(problem).__name__
        raise error(
            f"{name} can't be read", [Problem(name, None, "", found, "a readable file", "Check the path.")]
        ) from problem
    except UnicodeDecodeError as problem:
        raise error(
            f"{name} can't be read", [Problem(name, None, "", "bytes that are not UTF-8", "UTF-8 text")]
        ) from problem


def load(path: str | Path, model: type[M], *, error: type[DocumentError] = DocumentError) -> M:
    """Read the YAML (or JSON) document at `path` and validate it as `model`."""
    return parse(read_text(path, error=error), model, name=str(path), error=error)


def parse(text: str, model: type[M], *, name: str, error: type[DocumentError] = DocumentError) -> M:
    """Validate the YAML (or JSON) `text`; `name` stands for the file in messages.

    Raises
    ------
    DocumentError
        (or the given subclass) with one `Problem` for every mistake.
    """
    return validate(tree(text, name=name, error=error), model, name=name, error=error)


def validate(document: object, model: type[M], *, name: str, error: type[DocumentError] = DocumentError) -> M:
    """Validate plain values (or a ruamel tree, which knows its lines) as `model`."""
    if not isinstance(document, Mapping):
        raise error(
            f"{name} is not a document",
            [Problem(name, 1, "", _short(document), "a mapping of keys to values")],
        )
    try:
        text = json.dumps(_plain(document), allow_nan=True)
        return model.model_validate_json(text)
    except ValidationError as problem:
        problems = _merged(_problem(item, document, name) for item in problem.errors(include_url=False))
        count = len(problems)
        raise error(f"{name} has {count} mistake{'s' if count != 1 else ''}", problems) from None


def problem_at(
    tree: object, loc: tuple[int | str, ...], *, name: str, expected: str, next_step: str = ""
) -> Problem:
    """Return the problem of what stands at `loc` of a ruamel `tree`, with its line."""
    path, line, found = _locate(tree, loc)
    return Problem(name, line, path, found, expected, next_step)


def dump(model: BaseModel, *, comment: str = "") -> str:
    """Return `model` as YAML that `parse` reads back equal; fields that hold their default are left out."""
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 110
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    yaml.dump(json.loads(model.model_dump_json(exclude_defaults=True, by_alias=True)), stream)
    head = "".join(f"# {line}\n" for line in comment.splitlines())
    return head + stream.getvalue()


def shipped(kind: str) -> Path:
    """Return the folder `kind` that comes with nkflow: inside a wheel, or beside ``src/`` in a checkout."""
    package = Path(__file__).parent
    inside = package / kind
    return inside if inside.is_dir() else package.parents[1] / kind


def json_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON Schema of `model`, for editors that complete and check YAML."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **model.model_json_schema()}


def tree(text: str, *, name: str, error: type[DocumentError] = DocumentError) -> object:
    """Parse YAML into a tree that knows its line numbers; tags stay inert, aliases may not multiply."""
    yaml = YAML(typ="rt")
    yaml.max_depth = MAX_DEPTH
    try:
        read = yaml.load(text)
        _measure(read, {})
        return read
    except MarkedYAMLError as problem:
        mark = problem.problem_mark
        line = None if mark is None else mark.line + 1
        found = " ".join((problem.problem or str(problem)).split())
        raise error(
            f"{name} is not valid YAML",
            [Problem(name, line, "", found, "YAML 1.2 without duplicate keys")],
        ) from None
    except (YAMLError, RecursionError, ValueError) as problem:
        found = " ".join(str(problem).split())[:200]
        raise error(
            f"{name} is not valid YAML",
            [Problem(name, None, "", found, f"YAML nested at most {MAX_DEPTH} deep")],
        ) from None


def _measure(node: object, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """Return how many values a node has and how deep it is, with all aliases written out; refuse too much.

    An alias stands behind its anchor, so that what it means is `known` already, or is the node it stands in.
    """
    if isinstance(node, str) or not isinstance(node, Mapping | Sequence):
        return 1, 0
    if id(node) not in known:
        known[id(node)] = (MAX_VALUES + 1, 0)  # for an alias to itself
        inner = [_measure(child, known) for child in (node.values() if isinstance(node, Mapping) else node)]
        values, depth = 1 + sum(n for n, _ in inner), 1 + max((d for _, d in inner), default=0)
        if values > MAX_VALUES or depth > MAX_DEPTH:
            raise ValueError(
                f"aliases or lists that stand for more than {MAX_VALUES} values or {MAX_DEPTH} levels"
            )
        known[id(node)] = (values, depth)
    return known[id(node)]


def _plain(node: object) -> object:
    """Return a ruamel tree as values that JSON knows; dates become ISO 8601 text."""
    if isinstance(node, Mapping):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, Sequence) and not isinstance(node, str):
        return [_plain(item) for item in node]
    if isinstance(node, bool) or node is None:
        return node
    if isinstance(node, int):
        return int(node)
    if isinstance(node, float):
        return float(node)
    if isinstance(node, dt.date | dt.time):
        return node.isoformat()
    return str(node)


def _problem(item: ErrorDetails, tree: object, name: str) -> Problem:
    """Turn one pydantic error into a `Problem` with the line where it stands."""
    kind, given = item["type"], item.get("ctx", {})
    path, line, found = _locate(tree, item["loc"], absent=kind in ("missing", "template"))
    if kind == "missing":
        return Problem(
            name, line, path, "nothing", "a value: the field is required", f"Add '{item['loc'][-1]}'."
        )
    if kind == "extra_forbidden":
        return Problem(name, line, path, "an unknown key", "a key of this document", "Check its spelling.")
    if kind.startswith("union_tag"):
        key = str(given["discriminator"]).strip("'")
        found = f"{key}: {given['tag']}" if "tag" in given else f"no {key}"
        expected = f"one of {given['expected_tags']}" if "tag" in given else f"a mapping that has '{key}'"
        return Problem(name, line, path, found, expected, f"Say which {key} it is.")
    if item["msg"].startswith("Input should be "):
        expected = item["msg"].removeprefix("Input should be ")
        return Problem(name, line, path, found, _in_yaml(expected), _next_step(kind))
    message = item["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    if kind not in ("value_error", "assertion_error", "template"):
        message = f"the {message[:1].lower()}{message[1:]}"  # one of pydantic's: "Tuple should have ..."
        message = message.replace("the tuple ", "the list ").replace(" after validation", "")
    # a sentence: a rule of several fields, or of a name; what a mapping holds is no news, nor what is in it already
    told = found.startswith(("a mapping with ", "a list of ", "nothing")) or found.strip("'") in message
    return Problem(name, line, path, "" if told else found, "", _next_step(kind), message)


def _in_yaml(expected: str) -> str:
    """Return pydantic's words for a type, which are those of JSON, in those of YAML."""
    words = {"a valid array": "a list", "an object": "a mapping", "a valid number": "a number"}
    return words.get(expected, expected)


def _merged(problems: Iterable[Problem]) -> list[Problem]:
    """Return one problem per place: a value that may be of several types is one mistake, not one per type."""
    places: dict[tuple[str, int | None, str], list[Problem]] = {}
    for problem in problems:
        places.setdefault((problem.path, problem.line, problem.found), []).append(problem)
    return [
        replace(
            ones[0],
            expected=", or ".join(dict.fromkeys(p.expected for p in ones if p.expected)),
            message="; ".join(dict.fromkeys(p.message for p in ones if p.message)),
        )
        for ones in places.values()
    ]


_NEXT_STEPS = (
    (("greater_than", "less_than", "finite_number"), "Check the number and its unit."),
    (("too_short", "too_long"), "Add or take away entries."),
    (("string_too", "string_pattern"), "Write another text."),
    (("literal_error", "enum"), "Use one of these words."),
    (("date", "time"), "Write 2026-03-17 for a date, 2026-03-17T10:30:00Z for a time."),
    (
        ("int", "float", "string", "bool", "dict", "list", "tuple", "model", "path"),
        "Write a value of that type.",
    ),
)
"""What to do about a mistake, by the beginning of pydantic's name for it."""


def _next_step(kind: str) -> str:
    """Return what the reader can do; a check of our own says it itself."""
    return next((step for kinds, step in _NEXT_STEPS if kind.startswith(kinds)), "")


def _locate(tree: object, loc: tuple[int | str, ...], *, absent: bool = True) -> tuple[str, int | None, str]:
    """Follow `loc` as far as the tree goes; union tags that pydantic adds are passed over.

    `absent`: the last step may be a key that is not there, and not a tag; it is named all the same.
    """
    node, line, path = tree, _line(tree), ""
    for step in loc:
        if isinstance(node, Mapping) and step in node:
            line = _line(node, step) or line
            node = node[step]
            path += f".{step}" if path else str(step)
        elif (
            isinstance(node, Sequence)
            and not isinstance(node, str)
            and isinstance(step, int)
            and step < len(node)
        ):
            line = _line(node, step) or line
            node = node[step]
            path += f"[{step}]"
        elif absent and step == loc[-1] and isinstance(node, Mapping):
            path += f".{step}" if path else str(step)
    return path, line, _short(node)


def _line(node: object, key: object = None) -> int | None:
    """Return the line (from 1) of `node`, or of its entry `key`, where the tree knows it."""
    if not isinstance(node, CommentedMap | CommentedSeq):
        return None
    if key is None:
        return int(node.lc.line) + 1
    position = node.lc.data.get(key) if node.lc.data else None
    return None if position is None else int(position[0]) + 1


def _short(value: object) -> str:
    """Return `value` as a reader of the message recognises it, cut to one line."""
    if isinstance(value, Mapping):
        return f"a mapping with {', '.join(map(str, list(value)[:6])) or 'no keys'}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"a list of {len(value)}"
    return "nothing" if value is None else ascii(value)[:80]
