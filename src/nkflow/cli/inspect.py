"""``nkflow inspect``: what is in a file, and what is odd about it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nkflow.cli.output import echo_json, escape, json_option
from nkflow.errors import DataError

if TYPE_CHECKING:
    from nkflow.acquisition.quality import Quality

__all__ = ["inspect"]


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option(
    "--cross-check", is_flag=True, help="Read with fcsparser and FlowIO too, and compare value for value."
)
@click.option(
    "--acquisition", is_flag=True, help="Say whether the run was steady: clogs, bubbles, drifts, clock."
)
@json_option
def inspect(files: tuple[Path, ...], cross_check: bool, acquisition: bool, as_json: bool) -> None:
    """Show what is in FCS files, and what is odd about them.

    \b
    Exit code 3: a file can't be read, or can't be trusted.
    Examples:
      nkflow inspect tube.fcs
      nkflow inspect *.fcs --json
      nkflow inspect tube.fcs --cross-check
      nkflow inspect tube.fcs --acquisition
    """
    from nkflow.acquisition.check import check_acquisition
    from nkflow.fcs.inspect import inspect as look_into

    documents, trusted = [], True
    for file in files:
        inspection = look_into(file, cross_check=cross_check)
        trusted = trusted and inspection.trusted
        document = inspection.as_dict()
        lines = list(inspection.lines())
        if acquisition and inspection.sample is not None:
            quality = check_acquisition(inspection.sample)
            document["acquisition"] = quality.as_dict()
            lines += _run(quality)
        documents.append(document)
        for line in () if as_json else lines:
            click.echo(line)
    if as_json:
        echo_json({"schema": "nkflow.inspect", "version": 1, "trusted": trusted, "files": documents})
    if not trusted:
        click.get_current_context().exit(DataError.exit_code)


def _run(quality: Quality) -> list[str]:
    """Return lines about the run over time."""
    odd = (f"  {finding.severity}: {finding.message} {finding.consequence}" for finding in quality.findings)
    return [escape(line.rstrip()) for line in (f"acquisition: {quality.summary}", *odd)]
