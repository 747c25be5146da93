"""``nkflow template adopt``: a shipped template made a laboratory's own, as a draft."""

from __future__ import annotations

from pathlib import Path

import click

from nkflow.cli.output import echo_json, echo_table, escape, force_option, json_option, progress

__all__ = ["adopt"]


@click.command()
@click.argument("name", metavar="NAME|PATH")
@click.option(
    "--tubes", required=True, metavar="FOLDER", type=click.Path(path_type=Path, file_okay=False),
    help="Tubes of one instrument: at least 10 sample tubes, FMOs, single stains, an unstained tube.",
)  # fmt: skip
@click.option(
    "--out", required=True, metavar="lab.yaml", type=click.Path(path_type=Path, dir_okay=False),
    help="The draft; pictures of before and after stand beside it (lab.html).",
)  # fmt: skip
@click.option("--marker", multiple=True, metavar="MARKER=NAME", help="How a marker is called in your files.")
@click.option(
    "--allow", multiple=True, type=click.Choice(("few-tubes", "mixed-instruments", "mixed-settings")),
    help="Go on nevertheless; it is said in the draft.",
)  # fmt: skip
@force_option
@json_option
@click.pass_context
def adopt(
    ctx: click.Context,
    name: str,
    tubes: Path,
    out: Path,
    marker: tuple[str, ...],
    allow: tuple[str, ...],
    force: bool,
    as_json: bool,
) -> None:
    """Re-base a template on your own instrument: matrix, voltages, names, cuts and windows from your tubes.

    Roles come from each lot.yaml below FOLDER, else from names: "FMO CD3", "unstained", "single CD56" or a folder
    "single stains", "beads only"; all other files are sample tubes. The result is a draft: a person looks at the
    pictures, validates the windows and takes out "draft: true". Until then a release with it is INVALID.

    \b
    Examples:
      nkflow template adopt nk_release_7aad_adaptive --tubes our_tubes --out lab.yaml
      nkflow template adopt tbnk --tubes tubes --out lab.yaml --marker CD16+56="NK PE" --json
    """
    from nkflow.laboratory.adoption import adopt as adopt_template
    from nkflow.release.files import refuse_existing, write_file

    page = out.with_suffix(".html")
    for target in (out, page):
        refuse_existing(target, force=force)
    names = dict(_pair(text) for text in marker)
    found = adopt_template(name, tubes, name=out.stem, names=names, allow=allow, progress=progress(ctx))
    write_file(out, found.to_yaml().encode(), force=force)
    write_file(page, found.page().encode(), force=force)
    if as_json:
        echo_json(found.as_dict() | {"written": [out.name, page.name]})
        return
    rows = [
        (
            cut.name,
            cut.n,
            *(f"{low:g} to {high:g}" for low, high in (cut.before, cut.after)),
            cut.value or "-",
        )
        for cut in found.cuts
    ]
    echo_table(("cut", "tubes", "shipped window", "your window", "median"), rows)
    for finding in found.findings:
        click.echo(f"{finding.severity}: {escape(finding.message)}")
    click.echo(f"\ndraft: {escape(str(out))}\npictures: {escape(str(page))}")


def _pair(text: str) -> tuple[str, str]:
    marker, equals, name = text.partition("=")
    if not equals or not marker or not name:
        raise click.BadParameter(f"{text!r} is not MARKER=NAME", param_hint="--marker")
    return marker, name
