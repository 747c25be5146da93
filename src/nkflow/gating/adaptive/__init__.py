"""Gates that find themselves, inside declared windows; a template is resolved into an ordinary fixed one."""

from __future__ import annotations

__all__: list[str] = []
