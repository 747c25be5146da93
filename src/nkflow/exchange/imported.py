"""`ImportedTemplate`: a template from another tool's document, with what a `Template` has no place for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from nkflow.fcs.findings import Finding
from nkflow.gating.template import Template

__all__ = ["ImportedTemplate"]


def _nothing() -> Mapping[str, int]:
    return MappingProxyType({})


@dataclass(frozen=True, eq=False, repr=False)
class ImportedTemplate(Template):
    """A template that came out of another tool's document; `gate` takes it as any other.

    An edit (`with_gate`) gives a plain `Template`.

    Attributes
    ----------
    findings
        What could not be carried over, or means something else here.
    stored_counts
        Population path -> events, as the other tool counted them; without those it did not compute.
    custom_info
        Entry of the template (-1: the document) -> its ``custom_info`` elements as XML text (STANDARDS GM-15).
    ids
        Population path -> its id in the document.
    program
        Which program wrote the document, with its version, where that is known.
    """

    findings: tuple[Finding, ...] = ()
    stored_counts: Mapping[str, int] = field(default_factory=_nothing)
    custom_info: Mapping[int, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    ids: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    program: str = ""

    def paths_with_counts(self) -> tuple[str, ...]:
        """Return the paths of the other tool's own populations: all, but for those that only help to make them."""
        if not self.ids:
            return tuple(node.path for node in self.tree.nodes)
        return tuple(
            node.path for node in self.tree.nodes if node.path in self.ids or node.path in self.stored_counts
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Template) and self.document == other.document

    def __hash__(self) -> int:
        return hash(self.sha256)
