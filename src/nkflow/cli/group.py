"""How verbs end: errors become a message on stderr, an exit code and, with ``--json``, one document."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import click

from nkflow.cli.output import echo_json, escape
from nkflow.errors import NkflowError

__all__ = ["Verbs"]

_YOUNG = 50_000  # new objects to a collection of garbage, Python's 700


@contextmanager
def _garbage_seldom() -> Iterator[None]:
    """Look for garbage seldom, and not at all at the end: a sixth of the time of `nkflow gate`."""
    before = gc.get_threshold()
    gc.set_threshold(_YOUNG, *before[1:])
    _no_garbage_at_the_end()
    try:
        yield
    finally:
        gc.set_threshold(*before)


@cache
def _no_garbage_at_the_end() -> None:
    atexit.register(gc.freeze)


class Verbs(click.Group):
    """A group whose verbs may raise `NkflowError`, listed in the order of an analyst's day."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs in the order in which they were added."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> object:
        """Run the verb; turn an error of ours into its exit code."""
        try:
            with _garbage_seldom():
                return super().invoke(ctx)
        except NkflowError as error:
            if ctx.meta.get("nkflow.json"):
                echo_json({"schema": "nkflow.error", "version": 1, **error.as_dict()})
            click.echo(f"nkflow: {escape(str(error), keep_lines=True)}", err=True)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("nkflow: interrupted; nothing half-written was left behind", err=True)
            ctx.exit(130)
