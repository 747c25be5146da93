"""``nkflow completion``: the script that lets a shell complete verbs and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

__all__ = ["completion"]


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script for a SHELL.

    \b
    Example:
      nkflow completion bash > ~/.local/share/bash-completion/completions/nkflow
    """
    root = click.get_current_context().find_root()
    found = get_completion_class(shell)
    assert found is not None, "click knows the three shells of the choice"
    click.echo(found(root.command, {}, "nkflow", "_NKFLOW_COMPLETE").source())
