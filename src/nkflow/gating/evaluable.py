"""A number that can't be had is a reason, not 0 and not NaN."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["NotEvaluable"]


@dataclass(frozen=True)
class NotEvaluable:
    """Stands where a number would, with the reason why there is none."""

    reason: str

    def as_dict(self) -> dict[str, object]:
        """Return the reason under the key ``not_evaluable``."""
        return {"not_evaluable": self.reason}
