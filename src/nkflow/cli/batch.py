"""``nkflow batch``: a folder of tubes, one table."""

from __future__ import annotations

from pathlib import Path

import click

from nkflow.cli.output import echo_json, escape, force_option, json_option, progress
from nkflow.errors import DataError

__all__ = ["batch"]


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--template", "-t", required=True, metavar="NAME|PATH", help="A shipped template, or a YAML file."
)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="The folder to make."
)
@click.option("--workers", type=click.IntRange(1, 256), default=1, show_default=True, help="Local processes.")
@force_option
@json_option
def batch(folder: Path, template: str, out: Path, workers: int, force: bool, as_json: bool) -> None:
    """Gate every FCS file of a FOLDER; one row a tube and population, failures included.

    \b
    A bad file fails by itself: it becomes a row with its reason, the others are done, and the exit code is 3.
    What was odd about a tube that could be gated is said too, and stands in batch.json.
    Example:
      nkflow batch tubes --template nk_release_7aad --out gated --workers 2
    """
    from nkflow.laboratory.batch import FILES
    from nkflow.laboratory.batch import batch as run
    from nkflow.release.files import refuse_existing, write_folder

    refuse_existing(out, force=force, names=FILES)
    result = run(folder, template, workers=workers, progress=progress(click.get_current_context()))
    write_folder(out, result.files(), force=force)
    if as_json:
        echo_json(result.as_dict())
    else:
        click.echo(
            f"{result.n_done} tubes gated, {result.n_failed} failed; table in {escape(str(out / 'table.csv'))}"
        )
        for name, reason in result.failures:
            click.echo(f"  {escape(name)}: {escape(reason.removeprefix(f'{name}: '))}")
        for name, finding in result.findings:
            if finding.severity == "error":
                click.echo(f"  {escape(name)}: error: {escape(f'{finding.message}; {finding.consequence}')}")
        warnings = sum(finding.severity == "warning" for _, finding in result.findings)
        if warnings:
            click.echo(f"  {warnings} warnings; they stand in {escape(str(out / 'batch.json'))}")
    if result.n_failed:
        click.get_current_context().exit(DataError.exit_code)
