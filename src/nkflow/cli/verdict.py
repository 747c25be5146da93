"""How a verdict is shown in a terminal, and the exit code it gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

from nkflow.cli.output import echo_table, escape

__all__ = ["echo_dose", "leave", "verdict_is_data_option"]

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


def _residual(found: Mapping[str, Any]) -> str:
    """Return residual T as it may be reported: a number, or what can be said instead of one."""
    text = f"residual T ({found['population']}): {found.get('text', '-')} cells/kg"
    if found["upper_case_per_kg"] is not None:
        text += f"; with CD3dim {found['upper_case_per_kg']:.4g}"
    if found["all_cd3_per_kg"] is not None and found["population"] != "CD3+":
        text += f"; all CD3+ {found['all_cd3_per_kg']:.4g}"
    return text


def echo_dose(verdict: str, reasons: Sequence[str], dose: Mapping[str, Any] | None) -> None:
    """Print verdict, reasons, the dose in one line and a row a limit."""
    click.secho(verdict, bold=True, fg=_COLOURS.get(verdict))
    for reason in reasons:
        click.echo(f"  {escape(str(reason))}")
    if dose is None:
        return
    click.echo()
    if dose["volume_ml"] is not None:
        low, high = dose["delivered_interval"]["low"], dose["delivered_interval"]["high"]
        definitions = dose["protocol"]["definitions"]
        click.echo(
            f"infuse {dose['volume_ml']:g} mL: {dose['delivered_per_kg']:.4g} viable "
            f"{definitions['dosed_population']} cells/kg (95 % {low:.4g} to {high:.4g}), "
            f"prescribed {dose['prescribed_per_kg']:.4g}"
        )
        click.echo(_residual(dose["residual_t"]))
    click.echo(f"maximum dose of this bag: {dose['bag']['max_dose_per_kg']:.4g} cells/kg")
    words = (
        f"{word.replace('_', ' ').replace(' t', ' T')} = {escape(str(meant))}"
        for word, meant in dose["protocol"]["definitions"].items()
    )
    click.echo(f"by the protocol: {', '.join(words)}\n")
    echo_table(("limit", "value", "must be", "rule", "verdict", "assurance"), _rows(dose))


def _rows(dose: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return a row a limit, then a row an external result."""
    rows: list[tuple[Any, ...]] = [
        (
            name,
            f"{limit['reportable']} {limit['unit']}" if limit["reportable"] else "-",
            f"{limit['op']} {limit['limit']:g}",
            limit["rule"],
            limit["verdict"],
            limit["assurance"] or "-",
        )
        for name, limit in dose["limits"].items()
    ]
    rows += [
        (
            name,
            _found(check["result"]),
            check["required"],
            "external",
            check["verdict"],
            "-",
        )
        for name, check in dose["externals"].items()
    ]
    return rows


def _found(result: Mapping[str, Any] | None) -> str:
    """Return a result of another test in a few words."""
    if result is None or result["state"] == "pending":
        return "-"
    below = None if result["below"] is None else f"< {result['below']:g}"
    value = None if result["value"] is None else f"{result['value']:g}"
    return (result["outcome"] or value or below or "-") + (
        " (interim)" if result["state"] == "interim" else ""
    )
