"""Gated events as AnnData, in the layout of STANDARDS 8.2 (AD-01 to AD-06)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nkflow.errors import GatingError, MissingExtraError
from nkflow.exchange.events_table import (
    LAYOUT,
    EventsTable,
    as_json,
    events_table,
    gating_text,
    transforms,
    unique,
)
from nkflow.gating.result import Gating

if TYPE_CHECKING:
    import anndata
    import pandas as pd

__all__ = ["anndata_of", "to_anndata"]


def to_anndata(
    gated: Gating | Iterable[Gating],
    population: str = "root",
    *,
    compensated: bool = True,
    keep: NDArray[np.bool_] | None = None,
) -> anndata.AnnData:
    """Return the events of `population` as AnnData: those of one tube, or of several one after another.

    ``X`` holds data units (float32), compensated as the gating did; ``layers["raw"]`` stored values,
    ``layers["transformed"]`` display units; ``obs`` the tube, the event's place in its file, ``time_s``, ``qc_keep``
    and a bool for each population; ``uns`` the keywords, matrices and gates.

    Parameters
    ----------
    keep : (n_events,)
        What acquisition QC kept (of one tube): the column ``qc_keep``.

    Raises
    ------
    GatingError
        ``panels-differ`` where tubes have other channels, or other markers on them (AD-06).
    """
    gatings = [gated] if isinstance(gated, Gating) else list(gated)
    return anndata_of([events_table(one, population, compensated=compensated, keep=keep) for one in gatings])


def anndata_of(tables: Sequence[EventsTable]) -> anndata.AnnData:
    """Return the events of all `tables`, one below the other."""
    try:
        import anndata
    except ImportError:
        raise MissingExtraError(
            "AnnData needs a package that is not installed", next_step="pip install 'nkflow[interop]'"
        ) from None
    import pandas as pd

    first = tables[0]
    for other in tables[1:]:
        _check_same(first, other)
    names: list[str] = []
    for table in tables:
        names.append(unique(_key(table.gating.sample_name), names))
    made = anndata.AnnData(
        X=np.concatenate([table.values.astype(np.float32) for table in tables]),
        obs=pd.concat([_obs(table, name) for table, name in zip(tables, names, strict=True)]),
        var=_var(first),
        layers={
            "raw": np.concatenate([t.gating.sample.stored()[t.events] for t in tables]),
            "transformed": np.concatenate([_transformed(table) for table in tables]),
        },
    )
    made.obs["sample"] = pd.Categorical(made.obs["sample"], categories=names)
    made.uns.update(_uns(tables, names))
    return made


def _key(name: str) -> str:
    """Return a name without slashes, which divide groups in HDF5 (AD-05)."""
    return name.replace("/", "_") or "sample"


def _check_same(first: EventsTable, other: EventsTable) -> None:
    panels = [[(channel.name, channel.marker) for channel in table.channels] for table in (first, other)]
    if panels[0] != panels[1]:
        differing = next(
            (pair for pair in zip(*panels, strict=False) if pair[0] != pair[1]), ("", "more channels")
        )
        raise GatingError(
            "tubes with different panels don't go into one table",
            code="panels-differ",
            where=other.gating.sample_name,
            found=str(differing[1]),
            expected=f"{differing[0]}, as in {first.gating.sample_name}",
            next_step="Export them one by one.",
        )


def _obs(table: EventsTable, name: str) -> pd.DataFrame:
    import pandas as pd

    columns: dict[str, Any] = {"sample": name, "event": table.events}
    times = [k for k, channel in enumerate(table.channels) if channel.kind == "time"]
    if times:
        columns["time_s"] = table.values[:, times[0]]
    columns["qc_keep"] = table.keep
    for path, inside in table.populations.items():
        columns[unique(path.replace("/", ">"), columns)] = inside
    return pd.DataFrame(columns, index=[f"{name}:{event}" for event in table.events])


def _var(table: EventsTable) -> pd.DataFrame:
    import pandas as pd

    shown = transforms(table)
    keywords = table.gating.sample.keywords
    matrix = table.gating.binding.spillover
    dyes = set() if matrix is None else set(matrix.names)
    return pd.DataFrame(
        {
            "channel": list(table.names),
            "marker": [channel.marker for channel in table.channels],
            "kind": [channel.kind for channel in table.channels],
            "feature": [channel.feature for channel in table.channels],
            "detector": [channel.detector for channel in table.channels],
            "dye": [name if name in dyes else "" for name in table.names],
            "compensated": list(table.compensated),
            "pnr": [float(channel.range or 0.0) for channel in table.channels],
            "png": [channel.gain for channel in table.channels],
            "pne": [keywords.get(f"$P{channel.index + 1}E", "0,0") for channel in table.channels],
            "transform": [as_json(shown[name]) if name in shown else "" for name in table.names],
            "bit_width": [channel.bits for channel in table.channels],
            "index_in_file": [channel.index for channel in table.channels],
        },
        index=list(table.names),
    )


def _transformed(table: EventsTable) -> NDArray[np.float32]:
    """Return display units where the template has a scale, else data units (n, n_channels)."""
    result = table.values.astype(np.float32)
    for marker, scale in table.gating.template.scales.items():
        column = table.gating.binding.columns.get(marker)
        if column is not None:
            result[:, column] = scale.forward(table.values[:, column])
    return result


def _uns(tables: Sequence[EventsTable], names: Sequence[str]) -> dict[str, Any]:
    import pandas as pd

    spillovers, texts, keywords, about = {}, {}, {}, {}
    for table, name in zip(tables, names, strict=True):
        gating, matrix = table.gating, table.gating.binding.spillover
        keywords[name] = as_json(dict(gating.sample.keywords))
        texts[name] = gating_text(gating)
        about[name] = {
            "sha256": gating.sample.sha256 if gating.sample.path is not None else "",
            "template": gating.template.name,
            "template_sha256": gating.template.sha256,
        }
        if matrix is not None:
            detectors = [_key(detector) for detector in matrix.detectors]
            spillovers[name] = pd.DataFrame(matrix.matrix, index=list(matrix.names), columns=detectors)
    state = "compensated, linear" if any(tables[0].compensated) else "uncompensated, linear"
    return {
        "fcs": keywords,
        "spillover": spillovers,
        "gating": texts[names[0]] if len(names) == 1 else texts,
        "nkflow": {"schema": "nkflow.anndata", "version": LAYOUT, "x_state": state, "samples": about},
    }
