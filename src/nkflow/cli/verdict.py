"""How a verdict is shown in a terminal, and the exit code it gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from nkflow.cli.output import echo_table, escape

__all__ = ["echo_dose", "echo_limits", "leave", "verdict_is_data_option"]

F = TypeVar("F", bound=Callable[..., Any])

NOT_PASS = 5
_COLOURS = {"PASS": "green", "FAIL": "red", "INVALID": "red", "INCONCLUSIVE": "yellow", "PENDING": "yellow"}


def verdict_is_data_option(function: F) -> F:
    """Add ``--verdict-is-data``: a workflow engine must not retry a lot because it failed."""
    return click.option(
        "--verdict-is-data", is_flag=True, help="Exit 0 whatever the verdict; the document tells it."
    )(function)


def leave(verdict: str, *, as_data: bool, unreadable: bool = False) -> None:
    """End with the exit code that belongs to `verdict`."""
    if verdict == "PASS" or (as_data and not unreadable):
        return
    click.get_current_context().exit(3 if unreadable else NOT_PASS)


def echo_dose(document: Mapping[str, Any]) -> None:
    """Print verdict, reasons and limits of a dose document."""
    verdict = str(document["verdict"])
    click.secho(verdict, bold=True, fg=_COLOURS.get(verdict))
    for reason in document.get("reasons", ()):
        click.echo(f"  {escape(str(reason))}")
    echo_limits(document)


def echo_limits(document: Mapping[str, Any]) -> None:
    """Print one row a limit."""
    click.echo()
    rows = [
        (limit["name"], limit.get("reported", "-"), f"{limit['op']} {limit['limit']}", limit["verdict"])
        for limit in document.get("limits", ())
    ]
    echo_table(("limit", "value", "must be", "verdict"), rows)
