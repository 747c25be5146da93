"""``nkflow dose``: the dose from counts that another program gated."""

from __future__ import annotations

from pathlib import Path

import click

from nkflow.cli.output import echo_json, json_option
from nkflow.cli.verdict import echo_dose, leave, verdict_is_data_option

__all__ = ["dose"]


@click.command()
@click.argument("lot", type=click.Path(path_type=Path), metavar="LOT.yaml")
@verdict_is_data_option
@json_option
def dose(lot: Path, verdict_is_data: bool, as_json: bool) -> None:
    """Compute the dose of a lot whose tubes are counts gated elsewhere.

    \b
    Exit code 5: any verdict but PASS.
    Example:
      nkflow dose lot.yaml --json
    """
    from nkflow.dose.document import dose_document, load_counted

    document = dose_document(*load_counted(lot))
    if as_json:
        echo_json(document)
    else:
        echo_dose(document["verdict"], document["reasons"], document)
    leave(document["verdict"], as_data=verdict_is_data)
