"""The FMO controls among the tubes of a lot, by the marker they lack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from nkflow.errors import InvalidValueError
from nkflow.fcs.sample import Sample

__all__ = ["Controls", "fmo_controls"]

Controls: TypeAlias = Mapping[str, Any] | Iterable[Any]


def fmo_controls(controls: Controls | None) -> dict[str, Sample]:
    """Return marker -> sample of its FMO.

    Parameters
    ----------
    controls
        Tubes of a lot (objects with ``role``, ``marker`` and ``sample``; other roles are passed over), or a
        mapping from a marker (``CD3`` or ``FMO-CD3``) to a `Sample` or such a tube. None: none.

    Raises
    ------
    InvalidValueError
        ``controls`` for what is neither; ``fmo-doubled`` for two FMOs of one marker (AG-05).
    """
    if controls is None:
        return {}
    pairs = list(controls.items()) if isinstance(controls, Mapping) else [("", tube) for tube in controls]
    found: dict[str, Sample] = {}
    for key, tube in pairs:
        marker, sample = _marker_and_sample(str(key), tube)
        if sample is None:
            continue
        if marker in found:
            raise InvalidValueError(
                f"two FMO controls without {marker}", code="fmo-doubled", expected="one a marker"
            )
        found[marker] = sample
    return found


def _marker_and_sample(key: str, tube: Any) -> tuple[str, Sample | None]:
    if isinstance(tube, Sample):
        if not key:
            raise InvalidValueError(
                "a control without its marker", code="controls", expected='a mapping: {"CD3": sample}'
            )
        return key.removeprefix("FMO-").removeprefix("FMO "), tube
    if not hasattr(tube, "role") or not hasattr(tube, "sample"):
        raise InvalidValueError(
            "not a control tube", code="controls", found=type(tube).__name__,
            expected="a tube with role, marker and sample, or a mapping from marker to sample",
        )  # fmt: skip
    if tube.role != "fmo" or not tube.marker:
        return "", None
    return tube.marker, tube.sample
