"""Where compiled kernels are kept: a folder named by the SHA-256 of all kernel sources.

numba's own cache looks at the file of the function alone and would keep serving a stale answer after a
helper in another file changed; a folder per set of sources can't.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import platformdirs

__all__ = ["folder", "sources_hash"]


def sources_hash() -> str:
    """Return the SHA-256 over names and contents of all kernel sources, as 64 hex digits."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        content = path.read_bytes()
        digest.update(f"{path.name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def folder() -> Path:
    """Return the writable cache folder for these sources (``NKFLOW_CACHE_DIR``, else the user's cache)."""
    root = os.environ.get("NKFLOW_CACHE_DIR") or platformdirs.user_cache_dir("nkflow")
    path = Path(root) / "kernels" / sources_hash()[:24]
    try:
        path.mkdir(parents=True, exist_ok=True)
        if os.access(path, os.W_OK):
            return path
    except OSError:  # read-only home or full disk: compile into a private folder instead
        pass
    return Path(tempfile.mkdtemp(prefix="nkflow-kernels-"))
