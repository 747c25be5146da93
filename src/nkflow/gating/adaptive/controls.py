"""The controls among the tubes of a lot: FMOs by the marker they lack, and process controls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from nkflow.errors import InvalidValueError
from nkflow.fcs.sample import Sample

__all__ = ["PROCESS", "Controls", "fmo_controls", "process_controls"]

Controls: TypeAlias = Mapping[str, Any] | Iterable[Any]
PROCESS = "process-control"


def fmo_controls(controls: Controls | None) -> dict[str, Sample]:
    """Return marker -> sample of its FMO.

    Parameters
    ----------
    controls
        Tubes of a lot (objects with ``role``, ``marker`` and ``sample``; other roles are passed over), or a
        mapping from a marker (``CD3`` or ``FMO-CD3``) to a `Sample` or such a tube; what is mapped from
        ``process-control`` is none. None: none.

    Raises
    ------
    InvalidValueError
        ``controls`` for what is neither; ``fmo-doubled`` for two FMOs of one marker (AG-05).
    """
    if controls is None:
        return {}
    found: dict[str, Sample] = {}
    for key, tube in _pairs(controls):
        marker, sample = _marker_and_sample(key, tube)
        if sample is None:
            continue
        if marker in found:
            raise InvalidValueError(
                f"two FMO controls without {marker}", code="fmo-doubled", expected="one a marker"
            )
        found[marker] = sample
    return found


def process_controls(controls: Controls | None) -> tuple[Sample, ...]:
    """Return the samples of the process controls, see `fmo_controls`; the keys of a mapping begin with their role."""
    pairs = () if controls is None else _pairs(controls)
    tubes = (tube for key, tube in pairs if (key or getattr(tube, "role", "")).startswith(PROCESS))
    return tuple(tube if isinstance(tube, Sample) else tube.sample for tube in tubes)


def _pairs(controls: Controls) -> list[tuple[str, Any]]:
    if isinstance(controls, Mapping):
        return [(str(key), tube) for key, tube in controls.items()]
    return [("", tube) for tube in controls]


def _marker_and_sample(key: str, tube: Any) -> tuple[str, Sample | None]:
    if key.startswith(PROCESS):
        return "", None
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
