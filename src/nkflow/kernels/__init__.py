"""numba loops over plain arrays; nobody else imports numba.

Every kernel module is imported below, while numba's cache folder points to one that is named by the hash of
all kernel sources; afterwards the setting of the process is as it was.
"""

from typing import Any as _Any

from nkflow.kernels import cache as _cache
from nkflow.kernels.lean import import_numba as _import_numba

_import_numba()

from numba import config as _numba_config  # noqa: E402

_config: _Any = _numba_config
_before = _config.CACHE_DIR
_config.CACHE_DIR = str(_cache.folder())
try:
    from nkflow.kernels import (
        acquisition,
        acquisition_scan,
        bits,
        biweight,
        checksum,
        compensate,
        decimal_digits,
        decode,
        density,
        ellipsoid,
        finite,
        histogram,
        jit,
        lean,
        logic,
        orientation,
        polygon,
        program,
        ranges,
        scales,
        scales_curve,
        scales_pieces,
        select,
        served,
    )
finally:
    _config.CACHE_DIR = _before

__all__ = [
    "acquisition",
    "acquisition_scan",
    "bits",
    "biweight",
    "checksum",
    "compensate",
    "decimal_digits",
    "decode",
    "density",
    "ellipsoid",
    "finite",
    "histogram",
    "jit",
    "lean",
    "logic",
    "orientation",
    "polygon",
    "program",
    "ranges",
    "scales",
    "scales_curve",
    "scales_pieces",
    "select",
    "served",
]
