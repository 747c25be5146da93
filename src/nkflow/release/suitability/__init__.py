"""Was this run valid? Every precondition of the protocol, held to the lot; what a reviewer reads first."""

from nkflow.release.suitability.check import Check
from nkflow.release.suitability.judge import check_suitability

__all__ = ["Check", "check_suitability"]
