"""The record of one release: plain values, canonical JSON, no clock, no path of a machine."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import rfc8785

__all__ = ["SCHEMA", "VERSION", "canonical", "sha256", "versions"]

SCHEMA = "nkflow.release"
VERSION = 1

_PACKAGES = ("nkflow", "numpy", "numba", "scipy", "pydantic")


def canonical(record: Mapping[str, Any]) -> bytes:
    """Return `record` as canonical JSON (RFC 8785): the same values give the same bytes on any machine.

    Raises
    ------
    rfc8785.CanonicalizationError
        A NaN, an infinity or an integer beyond 2**53 in the record: a defect of nkflow, never of the data.
    """
    return rfc8785.dumps(record)


def sha256(record: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the canonical bytes, as 64 hex digits."""
    return hashlib.sha256(canonical(record)).hexdigest()


def versions() -> dict[str, str]:
    """Return the versions that a second run has to match for the same bytes."""
    return {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}
