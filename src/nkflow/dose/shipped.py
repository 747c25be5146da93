"""Where the shipped protocols are: in the wheel beside the package, in a checkout at its root."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

__all__ = ["shipped_protocols"]


def shipped_protocols() -> dict[str, Path]:
    """Return the path of every shipped protocol by its name."""
    package = Path(str(resources.files("nkflow")))
    for folder in (package / "protocols", package.parents[1] / "protocols"):
        found = {path.stem: path for path in sorted(folder.glob("*.yaml"))}
        if found:
            return found
    return {}
