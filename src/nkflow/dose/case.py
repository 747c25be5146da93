"""All that one dose is judged from, in one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nkflow.counting.composition import Composition
from nkflow.dose.earlier import Given
from nkflow.dose.externals import ExternalResult, ExternalRule
from nkflow.dose.product import DoseOrder, KirLigands, Product, Recipient
from nkflow.dose.protocol import Protocol

__all__ = ["Case"]


@dataclass(frozen=True, eq=False)
class Case:
    """One lot, one recipient, one dose of one protocol; `composition` is judged by the protocol's rules."""

    lot: str
    product: Product
    recipient: Recipient
    order: DoseOrder
    external: Mapping[str, ExternalResult]
    kir_ligands: KirLigands | None
    protocol: Protocol
    composition: Composition
    given: tuple[Given, ...]

    @property
    def dosed(self) -> str:
        """Population that the dose counts."""
        return self.protocol.definitions.dosed_population

    def external_rule(self, name: str) -> ExternalRule | None:
        """Return the protocol's rule for an external result."""
        return next((rule for rule in self.protocol.externals if rule.name == name), None)
