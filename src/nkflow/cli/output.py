"""What verbs print: one JSON document on stdout, tables for people, progress on stderr."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import click

__all__ = ["echo_json", "echo_table", "escape", "force_option", "json_option", "progress", "threads_option"]


F = TypeVar("F", bound=Callable[..., Any])


def _remember_json(ctx: click.Context, _: click.Parameter, value: bool) -> bool:
    """Note on the context that errors must be documents too."""
    if value:
        ctx.meta["nkflow.json"] = True
    return value


def json_option(function: F) -> F:
    """Add ``--json``: exactly one document with ``schema`` and ``version`` on stdout."""
    return click.option(
        "--json",
        "as_json",
        is_flag=True,
        callback=_remember_json,
        is_eager=True,
        help="Print one JSON document on stdout.",
    )(function)


def force_option(function: F) -> F:
    """Add ``--force``: replace an output that exists; a folder only where it holds such an output alone."""
    return click.option("--force", is_flag=True, help="Replace an output that exists.")(function)


def threads_option(function: F) -> F:
    """Add ``--threads``; the numbers do not depend on it."""
    return click.option(
        "--threads",
        type=click.IntRange(1, 256),
        default=None,
        help="Threads; the results do not depend on it.",
    )(function)


def escape(text: str, *, keep_lines: bool = False) -> str:
    """Return `text` without anything that a terminal would obey: controls and bidi overrides are written out."""
    from nkflow.plots.text import visible

    return "\n".join(map(visible, text.split("\n"))) if keep_lines else visible(text)


def echo_json(document: Mapping[str, Any]) -> None:
    """Print `document` as JSON in ASCII, without NaN."""
    click.echo(json.dumps(document, indent=2, allow_nan=False))


def echo_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print aligned columns: text to the left, numbers to the right."""
    cells = [[escape(str(value)) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]
    right = [all(_is_number(row[i]) for row in cells) and bool(cells) for i in range(len(header))]

    def line(row: Sequence[str]) -> str:
        parts = (
            value.rjust(width) if to_right else value.ljust(width)
            for value, width, to_right in zip(row, widths, right, strict=True)
        )
        return "  ".join(parts).rstrip()

    click.echo(line(header))
    click.echo("  ".join("-" * width for width in widths))
    for row in cells:
        click.echo(line(row))


def _is_number(text: str) -> bool:
    """Tell whether `text` reads as a number or as the dash that stands for none."""
    stripped = text.replace(",", "").replace("%", "").strip()
    return (
        stripped in {"", "-", "–"} or stripped.lstrip("+-").replace(".", "", 1).replace("e", "", 1).isdigit()
    )


def progress(ctx: click.Context) -> Callable[[str], None]:
    """Return a function that says on stderr what is being done, unless ``--quiet``."""
    quiet = bool((ctx.find_root().obj or {}).get("quiet"))

    def say(message: str) -> None:
        if not quiet:
            click.echo(escape(message), err=True)

    return say
