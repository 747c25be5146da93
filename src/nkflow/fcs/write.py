"""`write_fcs`: events into an FCS 3.1 file that every reader opens (STANDARDS.md §1.9)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from nkflow.compensation import Spillover
from nkflow.errors import OutputError
from nkflow.fcs.channels import Channel
from nkflow.fcs.sample import Sample
from nkflow.fcs.spillover_keyword import format_spillover

__all__ = ["write_fcs"]

_HEADER = 58
_HEADER_LIMIT = 99_999_999
_DELIMITERS = ("\x1e", "\x0c", "|", "/")
_BLOCK = 8192
_STRUCTURE = ("$BEGIN", "$END", "$BYTEORD", "$DATATYPE", "$MODE", "$NEXTDATA", "$PAR", "$TOT")


def write_fcs(
    path: str | os.PathLike[str],
    events: Sample | ArrayLike,
    *,
    channels: Sequence[Channel | str] | None = None,
    keywords: Mapping[str, str] | None = None,
    spillover: Spillover | None = None,
    data_type: Literal["F", "D", "I"] = "F",
    byte_order: Literal["little", "big"] = "little",
    force: bool = False,
) -> Path:
    """Write one data set as FCS 3.1 and return its path."""
    sample = events if isinstance(events, Sample) else Sample.from_arrays(np.asarray(events), channels)
    target = Path(path)
    if target.exists() and not force:
        raise OutputError("the file exists already", where=str(target), next_step="Use force to replace it.")
    dtype = np.dtype({"F": "f4", "D": "f8", "I": "u4"}[data_type]).newbyteorder(
        "<" if byte_order == "little" else ">"
    )
    values = sample.values()
    text_keys = {
        "$BYTEORD": "1,2,3,4" if byte_order == "little" else "4,3,2,1",
        "$DATATYPE": data_type,
        "$MODE": "L",
        "$NEXTDATA": "0",
        "$PAR": str(len(sample.channels)),
        "$TOT": str(sample.n_events),
        "$BEGINANALYSIS": "0",
        "$ENDANALYSIS": "0",
        "$BEGINSTEXT": "0",
        "$ENDSTEXT": "0",
    }
    for c in sample.channels:
        k = f"$P{c.index + 1}"
        top = float(np.nanmax(values[:, c.index], initial=0.0)) if sample.n_events else 0.0
        text_keys |= {
            f"{k}B": str(dtype.itemsize * 8),
            f"{k}E": "0,0",
            f"{k}N": c.name.replace(",", "_"),
            f"{k}R": str(int(max(top, (c.range or 1) - 1)) + 1),
        }
        if c.marker:
            text_keys[f"{k}S"] = c.marker
        if c.kind == "time" and sample.time_step:
            values = np.array(values)
            values[:, c.index] /= sample.time_step
    matrix = spillover if spillover is not None else sample.spillover
    if matrix is not None:
        text_keys["$SPILLOVER"] = format_spillover(matrix)
    extra = {**sample.keywords, **{k.upper(): v for k, v in (keywords or {}).items()}}
    for k, v in extra.items():
        if k not in text_keys and v.strip() and not k.startswith(("$P", *_STRUCTURE)):
            text_keys[k] = v
    d = next((d for d in _DELIMITERS if all(d not in t for kv in text_keys.items() for t in kv)), "/")

    def esc(t: str) -> str:
        return t.replace(d, d + d)

    body = d + "".join(f"{esc(k)}{d}{esc(v)}{d}" for k, v in text_keys.items())
    places = f"$BEGINDATA{d}%020d{d}$ENDDATA{d}%020d{d}"
    size = len((body + places % (0, 0)).encode())
    begin = _HEADER + size
    end = begin + sample.n_events * len(sample.channels) * dtype.itemsize - 1
    text = (body + places % (begin, end)).encode()
    in_header = (begin, end) if end <= _HEADER_LIMIT else (0, 0)
    header = "FCS3.1    " + "".join(f"{n:>8}" for n in (_HEADER, begin - 1, *in_header, 0, 0))
    with open(target, "wb") as file:
        file.write(header.encode() + text)
        file.write(np.ascontiguousarray(values).astype(dtype).tobytes())
    return target
