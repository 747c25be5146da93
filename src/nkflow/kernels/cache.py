"""Where compiled kernels are kept: a folder named by the SHA-256 of all kernel sources.

A kernel may be part of another: where the name went by its own file, a stale answer would be served.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import stat
import sys
import tempfile
from functools import cache
from pathlib import Path

import platformdirs

__all__ = ["compiler_hash", "folder", "sources_hash"]

_PACKAGES = ("numba", "llvmlite", "numpy")
_NO_MATTER = {"NUMBA_CACHE_DIR", "NUMBA_NUM_THREADS", "NUMBA_DISABLE_PERFORMANCE_WARNINGS"}


def sources_hash() -> str:
    """Return the SHA-256 over names and contents of all kernel sources, as 64 hex digits."""
    return _hash({path.name: path.read_bytes() for path in Path(__file__).parent.glob("*.py")})


@cache
def folder() -> Path:
    """Return the cache folder of this process: ``NKFLOW_CACHE_DIR``, else the user's cache.

    Where that can be neither read nor made, one of this user's among the temporary files; what can't be written is
    compiled by every process.
    """
    name = sources_hash()[:24]
    root = os.environ.get("NKFLOW_CACHE_DIR") or platformdirs.user_cache_dir("nkflow")
    path = Path(root) / "kernels" / name
    try:
        path.mkdir(parents=True, exist_ok=True)
        if os.access(path, os.W_OK) or any(
            path.iterdir()
        ):  # kernels that somebody compiled for all may be read
            return path
    except OSError:  # no home, or read only, or a full disk
        pass
    path = _private() / name
    path.mkdir(exist_ok=True)
    return path


def _private() -> Path:
    """Return a folder among the temporary files that nobody else can write; one for this process where it isn't so."""
    path = Path(tempfile.gettempdir()) / f"nkflow-kernels-{os.getuid()}"
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        found = path.lstat()
    except OSError:
        return Path(tempfile.mkdtemp(prefix="nkflow-kernels-"))
    mine = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
    return path if mine else Path(tempfile.mkdtemp(prefix="nkflow-kernels-"))


@cache
def compiler_hash() -> str:
    """Return the SHA-256 of the versions and settings that decide what numba makes of a function, as 64 hex digits."""
    parts = {"python": sys.version.encode()}
    for package in _PACKAGES:
        spec = importlib.util.find_spec(package)
        for place in spec.submodule_search_locations or () if spec else ():
            files = (Path(place, "_version.py"), Path(place, "version.py"))
            parts |= {f"{package}/{file.name}": file.read_bytes() for file in files if file.exists()}
    settings = {
        k: v.encode() for k, v in os.environ.items() if k.startswith("NUMBA_") and k not in _NO_MATTER
    }
    return _hash(parts | settings)


def _hash(parts: dict[str, bytes]) -> str:
    """Return the SHA-256 over names and contents."""
    digest = hashlib.sha256()
    for name, content in sorted(parts.items()):
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()
