"""``nkflow inspect``: what is in a file, and what is odd about it."""

from __future__ import annotations

from pathlib import Path

import click

from nkflow.cli.output import echo_json, json_option
from nkflow.errors import DataError

__all__ = ["inspect"]


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option(
    "--cross-check", is_flag=True, help="Read with fcsparser and FlowIO too, and compare value for value."
)
@json_option
def inspect(files: tuple[Path, ...], cross_check: bool, as_json: bool) -> None:
    """Show what is in FCS files, and what is odd about them.

    \b
    Exit code 3: a file can't be read, or can't be trusted.
    Examples:
      nkflow inspect tube.fcs
      nkflow inspect *.fcs --json
      nkflow inspect tube.fcs --cross-check
    """
    from nkflow.fcs.inspect import inspect as look_into

    documents, trusted = [], True
    for file in files:
        inspection = look_into(file, cross_check=cross_check)
        trusted = trusted and inspection.trusted
        documents.append(inspection.as_dict())
        if not as_json:
            for line in inspection.lines():
                click.echo(line)
    if as_json:
        echo_json({"schema": "nkflow.inspect", "version": 1, "trusted": trusted, "files": documents})
    if not trusted:
        click.get_current_context().exit(DataError.exit_code)
