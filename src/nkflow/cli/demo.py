"""``nkflow demo``: the shipped lot, from FCS to verdict."""

from __future__ import annotations

from pathlib import Path

import click

from nkflow.cli.output import echo_json, echo_table, escape, force_option, json_option, progress
from nkflow.cli.verdict import echo_dose, leave, verdict_is_data_option

__all__ = ["demo"]


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("nkflow-demo"),
    show_default=True,
    help="Where the lot is copied and released.",
)
@verdict_is_data_option
@force_option
@json_option
def demo(out: Path, verdict_is_data: bool, force: bool, as_json: bool) -> None:
    """Run the shipped lot from its FCS files to a verdict, and hold it to its known truth.

    \b
    The lot is simulated, so the true dose is known; the table shows whether it lies in the stated interval.
    A demo folder that an earlier demo made is replaced.
    """
    from nkflow.kernels.needed import compile_needed
    from nkflow.release.demo import run_demo

    say = progress(click.get_current_context())
    compile_needed(say)
    result = run_demo(out, force=force, progress=say)
    if as_json:
        echo_json(result.document)
    else:
        echo_dose(result.release.verdict, result.release.reasons, result.document["dose"])
        click.echo()
        rows = [
            (
                row["quantity"],
                f"{row['value']:.6g}",
                f"{row['low']:.6g} to {row['high']:.6g}",
                f"{row['truth']:.6g}",
            )
            for row in result.document["truth"]
        ]
        echo_table(("quantity", "nkflow", "95 % interval", "truth"), rows)
        click.echo(f"\npage:   {escape(str(result.page))}\nrecord: {escape(str(result.record_file))}")
    leave(result.document["verdict"], as_data=verdict_is_data, unreadable=result.release.unreadable)
