"""``nkflow simulate``: a lot with known truth."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from nkflow.cli.output import echo_json, escape, force_option, json_option

__all__ = ["simulate"]


@click.command()
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="The folder to make."
)
@click.option("--seed", type=click.IntRange(0), required=True, help="Same seed, same bytes.")
@click.option("--difficulty", type=click.Choice(["ordinary", "hard"]), default="ordinary", show_default=True)
@click.option("--fault", "faults", multiple=True, help="A fault in every sample tube; may be repeated.")
@click.option("--events", type=click.IntRange(100), default=None, help="Events in a sample tube.")
@click.option(
    "--single-stains", type=click.Choice(["cells", "beads"]), default=None, help="Add compensation controls."
)
@force_option
@json_option
def simulate(
    out: Path,
    seed: int,
    difficulty: Literal["ordinary", "hard"],
    faults: tuple[str, ...],
    events: int | None,
    single_stains: Literal["cells", "beads"] | None,
    force: bool,
    as_json: bool,
) -> None:
    """Make a lot whose true composition and dose are known: FCS files, lot.yaml, truth.json.

    \b
    Example:
      nkflow simulate --seed 7 --out lot7 && nkflow release lot7/lot.yaml --out lot7-release
    """
    from nkflow.simulate.lot import simulate_lot

    given = {} if events is None else {"events": events}
    lot = simulate_lot(seed, difficulty=difficulty, faults=faults, single_stains=single_stains, **given)
    folder = lot.write(out, force=force)
    if as_json:
        echo_json(
            {
                "schema": "nkflow.simulate",
                "version": 1,
                "folder": str(folder),
                "seed": seed,
                "truth": dict(lot.truth),
            }
        )
    else:
        click.echo(f"{len(lot.tubes) + len(lot.controls)} tubes and lot.yaml in {escape(str(folder))}")
