"""Scales in YAML: ``{kind: logicle, T: 262144, W: 0.5, M: 4.5}``, in both directions."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar, Literal, Self, TypeAlias, assert_never

from pydantic import Field, model_validator

from nkflow.documents import Document
from nkflow.errors import ScaleError
from nkflow.scales.arcsinh import Arcsinh, ArcsinhCofactor
from nkflow.scales.biex import Biex
from nkflow.scales.biexponential import Hyperlog, Logicle
from nkflow.scales.linear import Linear
from nkflow.scales.log import Log
from nkflow.scales.pull_back import Scale

__all__ = [
    "ArcsinhCofactorDocument",
    "ArcsinhDocument",
    "BiexDocument",
    "HyperlogDocument",
    "LinearDocument",
    "LogDocument",
    "LogicleDocument",
    "ScaleDocument",
    "scale_document",
]


#: The top of a scale in data units, or ``range``: that of the channel, in an adaptive template only.
Top: TypeAlias = float | Literal["range"]


class _Scaled(Document):
    """What all scales may say: between which display values the output is clipped."""

    type: ClassVar[type[Scale]]
    stand_in: ClassVar[float] = 262144.0

    bound_min: float | None = None
    bound_max: float | None = None

    @model_validator(mode="after")
    def _legal(self) -> Self:
        try:
            self.scale()
        except ScaleError as problem:
            raise ValueError(str(problem)) from None
        return self

    def scale(self) -> Scale:
        """Return the scale itself; `stand_in` is the top of one that takes it from the channel."""
        given = self.model_dump(exclude={"kind", "bound_min", "bound_max"})
        if given.get("T") == "range":
            given["T"] = self.stand_in
        low = -math.inf if self.bound_min is None else self.bound_min
        high = math.inf if self.bound_max is None else self.bound_max
        return self.type(**given, bounds=(low, high))


class LinearDocument(_Scaled):
    """`Linear`: y = (x + A) / (T + A)."""

    type = Linear
    kind: Literal["linear"]
    T: Top
    A: float = 0.0


class LogDocument(_Scaled):
    """`Log`: M decades below T."""

    type = Log
    kind: Literal["log"]
    T: Top
    M: float


class ArcsinhDocument(_Scaled):
    """`Arcsinh` of Gating-ML."""

    type = Arcsinh
    kind: Literal["arcsinh"]
    T: Top
    M: float
    A: float = 0.0


class ArcsinhCofactorDocument(_Scaled):
    """`ArcsinhCofactor`: asinh(x / c)."""

    type = ArcsinhCofactor
    kind: Literal["arcsinh-cofactor"]
    c: float


class LogicleDocument(_Scaled):
    """`Logicle`."""

    type = Logicle
    kind: Literal["logicle"]
    T: Top
    W: float
    M: float
    A: float = 0.0


class HyperlogDocument(_Scaled):
    """`Hyperlog`."""

    type = Hyperlog
    kind: Literal["hyperlog"]
    T: Top
    W: float
    M: float
    A: float = 0.0


class BiexDocument(_Scaled):
    """`Biex` of FlowJo."""

    type = Biex
    kind: Literal["biex"]
    max_range: float = 262144.000029
    pos: float = 4.41854
    neg: float = 0.0
    width_basis: float = -10.0
    channels: int = 4096


ScaleDocument = Annotated[
    LinearDocument
    | LogDocument
    | ArcsinhDocument
    | ArcsinhCofactorDocument
    | LogicleDocument
    | HyperlogDocument
    | BiexDocument,
    Field(discriminator="kind"),
]


def scale_document(scale: Scale) -> ScaleDocument:
    """Return `scale` as the document that loads back equal."""
    low, high = scale.bounds
    given = {
        **scale.parameters,
        "bound_min": low if math.isfinite(low) else None,
        "bound_max": high if math.isfinite(high) else None,
    }
    match scale:
        case Linear():
            return LinearDocument(kind="linear", **given)
        case Log():
            return LogDocument(kind="log", **given)
        case Arcsinh():
            return ArcsinhDocument(kind="arcsinh", **given)
        case ArcsinhCofactor():
            return ArcsinhCofactorDocument(kind="arcsinh-cofactor", **given)
        case Logicle():
            return LogicleDocument(kind="logicle", **given)
        case Hyperlog():
            return HyperlogDocument(kind="hyperlog", **given)
        case Biex():
            return BiexDocument(kind="biex", **given)
        case _:
            assert_never(scale)
