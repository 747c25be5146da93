"""How much to infuse: the volume for a dose, rounded to what the pump can do, if the bag holds it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from nkflow.dose.product import Product
from nkflow.dose.reportable import decimal, half_up_to_step
from nkflow.dose.units import Quantity

__all__ = ["Bag", "Volume", "bag_of", "volume_for"]


@dataclass(frozen=True)
class Bag:
    """What is in the bag and what of it can reach the recipient; volumes in mL.

    `drawn_ml` is what earlier doses took from it after it was counted.
    """

    volume_ml: float
    deliverable_ml: float
    drawn_ml: float
    per_ul: float
    mass_kg: float

    @property
    def total_cells(self) -> float:
        """Dosed viable cells in the bag when it was counted."""
        return self._cells(self.volume_ml)

    @property
    def deliverable_cells(self) -> float:
        """Dosed viable cells in the deliverable volume."""
        return self._cells(self.deliverable_ml)

    @property
    def max_dose_per_kg(self) -> float:
        """Largest dose that the deliverable volume allows."""
        cells, mass = Quantity(self.deliverable_cells, "cells"), Quantity(self.mass_kg, "kg")
        return (cells / mass).to("cells/kg")

    def _cells(self, volume_ml: float) -> float:
        return (Quantity(self.per_ul, "cells/uL") * Quantity(volume_ml, "mL")).to("cells")

    def as_dict(self) -> dict[str, object]:
        """Return the figures as plain values."""
        return {
            "volume_ml": self.volume_ml,
            "deliverable_ml": self.deliverable_ml,
            "drawn_ml": self.drawn_ml,
            "total_cells": self.total_cells,
            "deliverable_cells": self.deliverable_cells,
            "max_dose_per_kg": self.max_dose_per_kg,
        }


@dataclass(frozen=True)
class Volume:
    """Volume for one prescribed dose, in mL, before and after rounding; None where no volume would do."""

    prescribed_per_kg: float
    cells_needed: float
    nominal_ml: float | None
    rounded_ml: float | None
    deliverable: bool
    reason: str
    vials: int | None


def bag_of(product: Product, *, per_ul: float, mass_kg: float, drawn_ml: float = 0.0) -> Bag:
    """Return the bag; deliverable is ``V_bag - V_QC - V_dead``, less what was drawn, summed in decimals."""
    losses = decimal(product.qc_volume_ml) + decimal(product.dead_volume_ml) + decimal(drawn_ml)
    left = max(decimal(product.bag_volume_ml) - losses, Decimal(0))
    return Bag(product.bag_volume_ml, float(left), drawn_ml, per_ul, mass_kg)


def volume_for(prescribed_per_kg: float, *, bag: Bag, product: Product, step_ml: float) -> Volume:
    """Return ``V = D·w/(1000·C)`` and V rounded half-up to the pump's step.

    Neither may exceed the deliverable volume; the dose is refused then, and the reason says which did.
    """
    needed = Quantity(prescribed_per_kg, "cells/kg") * Quantity(bag.mass_kg, "kg")
    if bag.per_ul == 0:
        return Volume(prescribed_per_kg, needed.value, None, None, False, "no dosed cell was counted", None)
    nominal = (needed / Quantity(bag.per_ul, "cells/uL")).to("mL")
    rounded = half_up_to_step(nominal, step_ml)
    over = max(decimal(nominal), rounded) > decimal(bag.deliverable_ml)
    reason = ""
    if over:
        wanted = f"{rounded:f} mL of {bag.deliverable_ml:g} mL"
        reason = f"volume needed exceeds the deliverable volume: {wanted}"
    elif rounded == 0:
        reason = f"{nominal:.3g} mL rounds to nothing at steps of {step_ml:g} mL"
    return Volume(
        prescribed_per_kg,
        needed.value,
        nominal,
        float(rounded),
        not reason,
        reason,
        _vials(product, float(rounded)),
    )


def _vials(product: Product, volume_ml: float) -> int | None:
    """Return how many whole vials hold `volume_ml`, where the product is in vials; dead volume once."""
    if product.vials is None:
        return None
    wanted = decimal(volume_ml) + decimal(product.dead_volume_ml)
    return math.ceil(wanted / decimal(product.vials.volume_ml))
