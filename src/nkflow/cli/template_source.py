"""Where verbs take a template from: a shipped name, YAML, Gating-ML, or one sample of a FlowJo workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nkflow.errors import TemplateError

if TYPE_CHECKING:
    from nkflow.fcs.sample import Sample
    from nkflow.gating.template import Template

__all__ = ["template_from"]


def template_from(name: str, *, sample: Sample | None = None, of: str = "") -> Template:
    """Return the template that `name` means; of a workspace (``.wsp``) that of `sample`, or of the sample called `of`.

    Raises
    ------
    TemplateError
        With every mistake; for a workspace also where neither says which sample, or it is not there.
    """
    from nkflow.gating.load import load_template

    match Path(name).suffix.lower():
        case ".xml" | ".gml":
            from nkflow.exchange.gatingml import read_gatingml

            return read_gatingml(
                name, file=of or (sample.path.name if sample is not None and sample.path else "")
            )
        case ".wsp":
            from nkflow.exchange.flowjo import read_flowjo

            workspace = read_flowjo(name)
            if of and of not in workspace:
                listed = ", ".join(list(workspace)[:20])[:500]
                raise TemplateError(
                    f"{Path(name).name} has no sample {of}", next_step=f"It has {listed or 'none'}."
                )
            if not of and sample is None:
                if len(workspace) == 1:
                    return next(iter(workspace.values()))
                listed = ", ".join(list(workspace)[:20])[:500]
                raise TemplateError(
                    f"{Path(name).name} holds {len(workspace)} samples with gates",
                    next_step=f"Say which one with --sample: {listed or 'none'}.",
                )
            return workspace[of] if of else workspace.of(sample) if sample is not None else workspace[of]
        case _:
            return load_template(name)
