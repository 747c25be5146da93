"""``nkflow events-needed``: how many events to acquire."""

from __future__ import annotations

import click

from nkflow.cli.output import echo_json, json_option

__all__ = ["events_needed"]


@click.command("events-needed")
@click.option(
    "--dose", "dose_per_kg", type=click.FloatRange(0, min_open=True), required=True, help="Cells per kg."
)
@click.option(
    "--limit", type=click.FloatRange(0, min_open=True), required=True, help="T cells per kg, upper limit."
)
@click.option(
    "--expected", type=click.IntRange(0), default=0, show_default=True, help="T events that will be seen."
)
@json_option
def events_needed(dose_per_kg: float, limit: float, expected: int, as_json: bool) -> None:
    """How many dosed cells must be acquired so that T below LIMIT can be shown at DOSE.

    \b
    Example:
      nkflow events-needed --dose 5e6 --limit 5e4 --expected 20
    """
    from nkflow.counting.rare import events_needed as needed

    events = needed(expected, dose_per_kg=dose_per_kg, limit_per_kg=limit)
    if as_json:
        echo_json({"schema": "nkflow.events-needed", "version": 1, "events": events, "expected": expected})
    else:
        click.echo(f"{events:,} events of the dosed population, if no more than {expected} T events are seen")
