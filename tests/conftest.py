"""What all tests share: where the reference files are, and when a skip is a failure."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REFERENCE = Path(
    os.environ.get("NKFLOW_REFERENCE_DATA", Path(__file__).parents[2] / "shared" / "reference-data")
)
IN_CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}


@pytest.fixture(scope="session")
def reference() -> Path:
    """Return the folder of real files with truth; skip without it, fail without it in CI."""
    if not REFERENCE.is_dir():
        reason = f"the reference files are not at {REFERENCE} (set NKFLOW_REFERENCE_DATA)"
        if IN_CI:
            pytest.fail(reason)
        pytest.skip(reason)
    return REFERENCE


@pytest.fixture(scope="session")
def project() -> Path:
    """Return the root of the checkout."""
    return Path(__file__).parents[1]
