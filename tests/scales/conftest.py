"""With the JIT off (for coverage), numpy warns where compiled code goes on in silence."""

from __future__ import annotations

from collections.abc import Iterator

import numba
import numpy as np
import pytest


@pytest.fixture(autouse=True, scope="module")
def as_quiet_as_compiled_code() -> Iterator[None]:
    with np.errstate(
        **dict.fromkeys(("divide", "over", "under", "invalid"), "ignore") if numba.config.DISABLE_JIT else {}
    ):
        yield
