"""``nkflow release``: the whole job for one lot."""

from __future__ import annotations

from pathlib import Path

import click

from nkflow.cli.output import echo_json, escape, force_option, json_option, progress, threads_option
from nkflow.cli.verdict import echo_dose, leave, verdict_is_data_option

__all__ = ["release"]


@click.command()
@click.argument("lot", type=click.Path(path_type=Path), metavar="LOT.yaml")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="The folder to make."
)
@click.option(
    "--second-engine/--no-second-engine",
    default=True,
    help="Gate with FlowKit too and compare.  [default: on]",
)
@verdict_is_data_option
@threads_option
@force_option
@json_option
def release(
    lot: Path,
    out: Path,
    second_engine: bool,
    verdict_is_data: bool,
    threads: int | None,
    force: bool,
    as_json: bool,
) -> None:
    """Read, gate, count and judge one lot; write its record and its page.

    \b
    nkflow never releases: it computes a verdict, a person signs.
    Exit codes: 0 PASS; 3 a tube can't be read or gated (the record says INVALID); 5 any other verdict.
    Example:
      nkflow release lot.yaml --out release
    """
    from nkflow.kernels.needed import compile_needed
    from nkflow.release.files import refuse_existing
    from nkflow.release.pipeline import FILES
    from nkflow.release.pipeline import release as run

    refuse_existing(out, force=force, names=FILES)
    say = progress(click.get_current_context())
    compile_needed(say)
    result = run(lot, threads=threads, second_engine=second_engine, progress=say)
    written = result.write(out, force=force)
    if as_json:
        echo_json(result.record)
    else:
        echo_dose(result.verdict, result.reasons, result.record["dose"])
        click.echo(
            f"\npage:   {escape(str(written / 'page.html'))}\nrecord: {escape(str(written / 'record.json'))}"
        )
    leave(result.verdict, as_data=verdict_is_data, unreadable=result.unreadable)
