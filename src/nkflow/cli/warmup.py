"""``nkflow warmup``: compile all kernels once, for images and first runs."""

from __future__ import annotations

import time

import click

from nkflow.cli.output import echo_json, json_option

__all__ = ["warmup"]


@click.command()
@json_option
def warmup(as_json: bool) -> None:
    """Compile every kernel that a release needs into the cache of this user.

    \b
    Afterwards the first tube is gated as fast as the second. The cache is named by the hash of the kernels'
    sources, so that a new version never meets the code of an old one; NKFLOW_CACHE_DIR moves it.
    """
    from nkflow.kernels import cache
    from nkflow.release.warmup import warmup as compile_all

    start = time.perf_counter()
    compile_all()
    seconds = time.perf_counter() - start
    folder = str(cache.folder())
    if as_json:
        echo_json({"schema": "nkflow.warmup", "version": 1, "seconds": round(seconds, 3), "cache": folder})
    else:
        click.echo(f"kernels compiled in {seconds:.1f} s, kept in {folder}")
