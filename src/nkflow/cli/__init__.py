"""The command line: one verb a file; it parses words, calls the library and prints."""

from __future__ import annotations

import click

from nkflow.cli.batch import batch
from nkflow.cli.completion import completion
from nkflow.cli.demo import demo
from nkflow.cli.dose import dose
from nkflow.cli.events_needed import events_needed
from nkflow.cli.gate import gate
from nkflow.cli.group import Verbs
from nkflow.cli.inspect import inspect
from nkflow.cli.release import release
from nkflow.cli.simulate import simulate
from nkflow.cli.spillover import spillover
from nkflow.cli.template import template
from nkflow.cli.warmup import warmup

__all__ = ["main"]

_EXIT_CODES = """
\b
Exit codes:
  0    done (release, dose, demo: the verdict is PASS)
  1    unexpected error
  2    wrong usage, or an output that exists already
  3    bad data: a file that can't be read, trusted or gated
  4    bad template, protocol or lot
  5    any verdict but PASS (with --verdict-is-data: 0)
  6    integrity or signature
"""


@click.group(cls=Verbs, epilog=_EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nkflow", message="nkflow %(version)s")
@click.option("-q", "--quiet", is_flag=True, help="No progress on stderr.")
@click.pass_context
def main(ctx: click.Context, quiet: bool) -> None:
    """From the flow cytometry files of a cell product to a dose that someone may infuse.

    \b
    Start with:
      nkflow demo                                  the shipped lot, from FCS to verdict
      nkflow inspect TUBE.fcs                      what is in a file, and what is odd about it
      nkflow gate TUBE.fcs --template nk_release_7aad
      nkflow release lot.yaml --out release        the whole job for one lot
    """
    ctx.obj = {"quiet": quiet}


for _verb in (
    demo,
    inspect,
    gate,
    spillover,
    release,
    batch,
    dose,
    events_needed,
    template,
    simulate,
    warmup,
    completion,
):
    main.add_command(_verb)
