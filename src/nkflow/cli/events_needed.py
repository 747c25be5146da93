"""``nkflow events-needed``: how many events to acquire."""

from __future__ import annotations

import click

from nkflow.cli.output import echo_json, json_option

__all__ = ["events_needed"]

_POSITIVE = click.FloatRange(0, min_open=True)


@click.command("events-needed")
@click.option("--dose", "dose_per_kg", type=_POSITIVE, required=True, help="Dosed cells per kg.")
@click.option("--limit", "limit_per_kg", type=_POSITIVE, required=True, help="T cells per kg, upper limit.")
@click.option("--expected", type=click.IntRange(0), help="T events that will be seen.  [default: 0]")
@click.option("--ratio", type=click.FloatRange(0), help="T cells that come with each dosed cell, instead.")
@click.option("--confidence", type=click.FloatRange(0.5, 1, True, True), default=0.95, show_default=True)
@click.option("--phi", type=click.FloatRange(1), default=1.0, show_default=True, help="Over-dispersion of T.")
@json_option
def events_needed(expected: int | None, ratio: float | None, as_json: bool, **asked: float) -> None:
    """How many dosed cells must be acquired so that T below LIMIT can be shown at DOSE.

    \b
    Counting alone is in it: the one-sided upper bound of the T events, per dosed event, times DOSE.
    Examples:
      nkflow events-needed --dose 5e6 --limit 5e4 --expected 20
      nkflow events-needed --dose 5e6 --limit 5e4 --ratio 0.004 --phi 1.5
    """
    from nkflow.counting.evaluable import NotEvaluable
    from nkflow.counting.rare import events_needed as needed
    from nkflow.counting.rare import events_to_acquire

    if expected is not None and ratio is not None:
        raise click.UsageError("give --expected or --ratio, not both")
    seen = expected or 0
    found = needed(seen, **asked) if ratio is None else events_to_acquire(ratio, **asked)
    events, reason = (None, found.reason) if isinstance(found, NotEvaluable) else (found, "")
    if as_json:
        given = {"ratio": ratio} if ratio is not None else {"expected": seen}
        head = {"schema": "nkflow.events-needed", "version": 1, "events": events, "reason": reason}
        echo_json(head | given | asked)
    elif events is None:
        click.echo(f"no number of events is enough: {reason}")
    else:
        when = f"no more than {seen} T events are seen" if ratio is None else f"T is {ratio:g} of them"
        click.echo(f"{events:,} events of the dosed population, if {when}")
